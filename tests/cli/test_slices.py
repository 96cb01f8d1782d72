"""Slices hold everything once, in order, and no more than they may."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from footfall.cli.slices import Bounds, Scale, Slice, Weight, cut

EPOCH = datetime.fromtimestamp(0, UTC).replace(tzinfo=None)
NOON = 1_795_176_000_000_000
_MOMENTS = st.integers(0, 3) | st.integers(0, 2_000_000) | st.integers(0, 86_400_000_000)
Received = list[tuple[int, int]]  # microseconds since 1970, and bytes


def scale_of(received: Received) -> Scale:
    def scale(begin: datetime, end: datetime, width: int) -> Sequence[Weight]:
        found: dict[int, list[int]] = defaultdict(list)
        for moment, size in received:
            if begin <= EPOCH + timedelta(microseconds=moment) < end:
                found[moment // width].append(size)
        return [Weight(number, len(sizes), sum(sizes), max(sizes)) for number, sizes in sorted(found.items())]

    return scale


def within(one: Slice, received: Received) -> list[int]:
    return [size for moment, size in received if one.begin <= EPOCH + timedelta(microseconds=moment) < one.end]


@given(st.lists(st.tuples(_MOMENTS.map(NOON.__add__), st.integers(0, 50)), max_size=60), st.integers(1, 9))
def test_everything_is_in_one_slice_and_none_is_too_large(received: Received, rows: int) -> None:
    bounds = Bounds(rows, 100)
    slices = list(cut(scale_of(received), bounds))
    held = [within(one, received) for one in slices]
    assert sum(map(len, held)) == len(received)
    assert all(before.end <= after.begin for before, after in pairwise(slices))
    for one, sizes in zip(slices, held, strict=True):
        assert (one.rows, one.size, one.largest) == (len(sizes), sum(sizes), max(sizes))
        assert one.is_moment or bounds.hold(one)


def test_slices_are_no_smaller_than_they_need_be() -> None:
    received = [(NOON + minute * 60_000_000, 10) for minute in range(100)]
    assert [one.rows for one in cut(scale_of(received), Bounds(30, 1000))] == [30, 30, 30, 10]
    assert [one.rows for one in cut(scale_of(received), Bounds(1000, 450))] == [45, 45, 10]


def test_a_crowded_minute_is_cut_by_second_millisecond_and_moment() -> None:
    seconds = [(NOON + number * 1_000_000, 1) for number in range(3)]
    moments = [(NOON + 5_000_000 + number // 4, 1) for number in range(40)]
    slices = list(cut(scale_of(seconds + moments), Bounds(8, 100)))
    assert [one.rows for one in slices] == [3, 8, 8, 8, 8, 8]
    (moment,) = cut(scale_of([(NOON, 1)] * 20), Bounds(8, 100))
    assert moment.is_moment
    assert moment.rows == 20


def test_nothing_makes_no_slice() -> None:
    assert list(cut(scale_of([]), Bounds())) == []
