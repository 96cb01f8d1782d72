"""What a batch as a whole is told by."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.collector.classify import _has_long, _longest


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 60))
def test_a_long_line_is_found_wherever_it_is(lengths: list[int], size: int) -> None:
    ends = list(accumulate(lengths))
    assert _has_long(ends, size) == any(length >= size for length in lengths)
    if lengths:
        assert _longest(ends) == max(lengths)


@pytest.mark.parametrize("size", [0, 1, 100])
def test_no_lines_are_not_long(size: int) -> None:
    assert not _has_long([], size)
