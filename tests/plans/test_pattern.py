"""Patterns mean what Python's regular expressions mean, in linear time."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.plans.errors import PatternError
from footfall.plans.pattern import Pattern


def patterns() -> st.SearchStrategy[str]:
    single = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\d", r"\.", "1"])
    return st.recursive(
        single,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map("".join),
            st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
            st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "{0,2}", "{2,}"])).map(
                lambda pair: f"(?:{pair[0]}){pair[1]}"
            ),
        ),
        max_leaves=5,
    )


@settings(max_examples=300)
@given(patterns(), st.lists(st.text("ab1.\n", max_size=6), max_size=20))
def test_a_pattern_takes_what_a_regular_expression_takes(pattern: str, texts: list[str]) -> None:
    mine = Pattern(pattern)
    for text in texts:
        assert mine.matches(text) is (re.fullmatch(pattern, text, re.DOTALL) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "a*a*a*a*a*a*b", "(a{0,30}){0,30}b", "(.*,)*.*x"])
def test_a_pattern_that_would_hang_others_takes_linear_time(pattern: str) -> None:
    mine = Pattern(pattern)
    began = time.process_time()
    assert not mine.matches("a" * 20_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "pattern", ["a**", "a+?", r"(a)\1", "(?=a)", "(?P<x>a)", "^a$", "(a", "a)", "[a", "[]", "a{3,2}", "a{0}", "*a"]
)
def test_what_is_not_of_the_kind_taken_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["[z-a]", "[a&&b]", "[[a]]", r"\q", "((a{100}){100}){100}", "a" * 2_000, "(" * 50])
def test_a_pattern_that_is_wrong_or_too_large_is_refused(pattern: str) -> None:
    with pytest.raises(PatternError):
        Pattern(pattern)
