"""Random orders of steps, and what a plain regular expression says of them."""

import re
from itertools import product

from hypothesis import strategies as st

from footfall.plans.grammar import START, Grammar

STEPS = ("a", "b", "c")


def orders() -> st.SearchStrategy[str]:
    """Expressions over three steps, of up to a dozen names."""
    return st.recursive(
        st.sampled_from(STEPS),
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(" ".join),
            st.tuples(inner, inner).map(lambda pair: f"({pair[0]} | {pair[1]})"),
            st.tuples(inner, st.sampled_from("?*+")).map(lambda pair: f"({pair[0]}){pair[1]}"),
        ),
        max_leaves=6,
    )


def takes(order: str, steps: tuple[str, ...]) -> bool:
    """Whether the order takes a whole flow, by Python's own regular expressions."""
    return re.fullmatch(order.replace(" ", ""), "".join(steps)) is not None


def flows(longest: int) -> list[tuple[str, ...]]:
    """Every flow of up to so many steps, the shortest first."""
    return [flow for length in range(longest + 1) for flow in product(STEPS, repeat=length)]


def runs(grammar: Grammar, steps: tuple[str, ...]) -> int | None:
    """The state after a flow, None where it does not fit."""
    state: int | None = START
    for step in steps:
        state = grammar.next(state, step) if state else None
    return state
