"""Orders are read and followed as regular expressions would be."""

import time

import pytest
from hypothesis import given, settings

from footfall.plans.alignment import align
from footfall.plans.errors import OrderError
from footfall.plans.grammar import Grammar, counterexample
from tests.plans.orders import STEPS, flows, orders, runs, takes

FLOWS = flows(4)


@settings(max_examples=150)
@given(orders())
def test_a_flow_fits_exactly_when_a_regular_expression_takes_it(order: str) -> None:
    grammar = Grammar(order, STEPS)
    for flow in FLOWS:
        state = runs(grammar, flow)
        assert (state is not None and grammar.is_end(state)) is takes(order, flow)


@settings(max_examples=100)
@given(orders())
def test_what_is_expected_is_what_fits_next(order: str) -> None:
    grammar = Grammar(order, STEPS)
    for flow in FLOWS:
        state = runs(grammar, flow)
        if state is not None:
            assert sorted(grammar.expected(state)) == [step for step in STEPS if grammar.next(state, step)]


@settings(max_examples=100)
@given(orders())
def test_the_shortest_way_to_an_end_leads_there_and_none_is_shorter(order: str) -> None:
    grammar = Grammar(order, STEPS)
    for flow in flows(2):
        if (state := runs(grammar, flow)) is None:
            continue
        way = tuple(grammar.shortest_end(state))
        assert takes(order, flow + way)
        assert not any(takes(order, flow + other) for other in FLOWS if len(other) < len(way))


@settings(max_examples=150)
@given(orders(), orders())
def test_a_counterexample_is_a_shortest_flow_that_only_the_old_order_takes(old: str, new: str) -> None:
    found = counterexample(Grammar(old, STEPS), Grammar(new, STEPS))
    lost = [flow for flow in FLOWS if takes(old, flow) and not takes(new, flow)]
    if found is None:
        assert not lost
    else:
        assert takes(old, tuple(found))
        assert not takes(new, tuple(found))
        assert not lost or len(found) == len(lost[0])


@settings(max_examples=100)
@given(orders())
def test_whether_a_step_can_be_left_out_or_come_again_is_what_flows_show(order: str) -> None:
    grammar = Grammar(order, STEPS)
    taken = [flow for flow in FLOWS if takes(order, flow)]
    for step in STEPS:
        if any(step not in flow for flow in taken):
            assert grammar.can_skip(step)
        if any(flow.count(step) > 1 for flow in taken):
            assert grammar.can_repeat(step)
        if any(flow and flow[-1] == step for flow in taken):
            assert grammar.can_end_with(step)


def cost(order: str, flow: tuple[str, ...], longest: int = 4) -> int:
    """The fewest steps to add or take away until a flow fits."""

    def apart(one: tuple[str, ...], other: tuple[str, ...]) -> int:
        rows: list[int] = [*range(len(other) + 1)]
        for number, step in enumerate(one, 1):
            above, rows = rows, [number]
            for at, name in enumerate(other, 1):
                same = above[at - 1] if step == name else len(one) + len(other)
                rows.append(min(above[at] + 1, rows[-1] + 1, same))
        return rows[-1]

    return min((apart(flow, other) for other in flows(longest) if takes(order, other)), default=99)


@settings(max_examples=60)
@given(orders())
def test_a_flow_is_laid_along_the_order_with_the_fewest_steps_missing_or_misplaced(order: str) -> None:
    grammar = Grammar(order, STEPS)
    for flow in flows(3):
        found = align(grammar, flow)
        mended = []
        for number, step in enumerate(flow):
            mended += found.skipped[number]
            mended += [] if number in found.misplaced else [step]
        mended += found.rest
        assert takes(order, tuple(mended))
        odd = len(found.misplaced) + sum(map(len, found.skipped))
        if runs(grammar, flow):
            assert odd == 0
        else:
            assert odd + len(found.rest) <= cost(order, flow)


@pytest.mark.parametrize(
    ("order", "said"),
    [
        ("", "column 1: is empty"),
        ("   ", "column 1: is empty"),
        ("a (b", "column 3: this ( is never closed"),
        ("a) b", "column 2: this ) closes nothing"),
        ("a | ", "column 5: expected a step or ("),
        ("()", "column 2: expected a step or ("),
        ("* a", "column 1: * stands after nothing"),
        ("a, b", "column 2: ',' has no place in an order"),
        ("a d", "column 3: there is no step 'd'"),
        ("(" * 60 + "a", "column 51: is nested deeper than 50"),
        ("a " * 20_000, "column 1: is longer than 20000 characters"),
        ("a " * 3_000, "column 4001: names more than 2,000 steps"),
    ],
)
def test_an_order_that_cannot_be_read_says_where(order: str, said: str) -> None:
    with pytest.raises(OrderError) as caught:
        Grammar(order, STEPS)
    assert str(caught.value) == said


def test_a_misspelt_step_has_a_suggestion() -> None:
    with pytest.raises(OrderError) as caught:
        Grammar("opened vewed", ["opened", "viewed"])
    assert caught.value.hint == "did you mean viewed?"


def test_an_order_made_to_be_slow_is_not() -> None:
    grammar = Grammar("((((a*)*)*)*)* (a|a|a|a)* (a* a*)* b", STEPS)
    began = time.process_time()
    state = runs(grammar, ("a",) * 10_000)
    assert state is not None
    assert grammar.next(state, "b")
    assert time.process_time() - began < 2


def test_orders_too_entangled_to_compare_are_not_compared() -> None:
    tangled = Grammar("(a|b)* a" + " (a|b)" * 16, STEPS)
    with pytest.raises(OverflowError):
        counterexample(tangled, tangled)
