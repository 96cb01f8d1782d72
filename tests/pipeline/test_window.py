"""The window of known events against a dictionary: exact within the horizon, bounded in memory."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from footfall.pipeline.key_window import LATEST, NEW, OTHER, SAME, Keys, KeyWindow

MANY = st.lists(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 2), st.sampled_from([0, 1, 5, 1000, 1001, 2000, LATEST])),
        max_size=60,
    ),
    max_size=12,
)


def spread(identities: list[int]) -> NDArray[np.uint64]:
    """Identities as hashes; every eighth falls on the same slots as its neighbours."""
    mixed = [number * 0x9E3779B97F4A7C15 % 2**64 if number % 8 else number << 6 for number in identities]
    return np.array(mixed, np.uint64)


def keys(rows: list[tuple[int, int, int]], day: int = 1) -> Keys:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    contents, times = np.array(columns[1], np.uint64), np.array(columns[2], np.float64) * 1000
    return Keys.make(spread(list(columns[0])), contents, times, np.full(len(rows), day))


@given(MANY, st.integers(0, 3000))
@settings(max_examples=60)
def test_it_knows_what_a_dictionary_knows(batches: list[list[tuple[int, int, int]]], ceiling: int) -> None:
    window = KeyWindow(64 << 20, ceiling)
    known: dict[int, set[int]] = {}
    for batch in batches:
        rows = list({(identity, content): (identity, content, second) for identity, content, second in batch}.values())
        rows = [row for row in rows if row[1] not in known.get(row[0], ())]
        expected = [OTHER if row[0] in known else NEW for row in rows]
        assert window.look(keys(rows)).tolist() == expected
        window.add(keys(rows))
        for identity, content, second in rows:
            if second <= ceiling:
                known.setdefault(identity, set()).add(content)
                assert window.look(keys([(identity, content, second)])).tolist() == [SAME]
    for identity, contents in known.items():
        assert all(window.look(keys([(identity, content, 0)]))[0] == SAME for content in contents)
        assert window.look(keys([(identity, 9, 0)]))[0] == OTHER


def test_memory_stays_within_the_budget_and_what_is_inside_is_never_forgotten() -> None:
    rng = np.random.default_rng(3)
    window = KeyWindow(1 << 20)
    for step in range(60):
        size = int(rng.integers(1, 9000))
        times = 1000 * np.maximum(0, 10_000 + 100 * step - rng.exponential(300, size))
        new = Keys.make(
            rng.integers(1, 2**64, size, np.uint64),
            rng.integers(0, 2**32, size, np.uint64),
            times,
            np.ones(size),
        )
        window.add(new)
        inside = new.take(~window.is_outside(new))
        assert window.bytes <= 1 << 20
        assert (window.look(inside) == SAME).all()
    assert 0 < len(window) < 60 * 4500
    assert window.horizon > 10_000


def test_one_batch_larger_than_the_budget() -> None:
    window = KeyWindow(1 << 20)
    size = 300_000
    rng = np.random.default_rng(4)
    new = Keys.make(
        rng.integers(1, 2**64, size, np.uint64), np.zeros(size, np.uint64), np.linspace(0, 3e8, size), np.ones(size)
    )
    window.add(new)
    assert window.bytes <= 1 << 20
    assert (window.look(new.take(~window.is_outside(new))) == SAME).all()
    assert len(window) > 10_000


def test_equal_seconds_leave_together() -> None:
    window = KeyWindow(1 << 20)
    rng = np.random.default_rng(5)
    for _ in range(30):
        new = Keys.make(
            rng.integers(1, 2**64, 9000, np.uint64), np.zeros(9000, np.uint64), np.full(9000, 5e6), np.ones(9000)
        )
        window.add(new)
        inside = ~window.is_outside(new)
        assert inside.all() or not inside.any()
        assert (window.look(new.take(inside)) == SAME).all()
    assert window.bytes <= 1 << 20


@given(st.integers(300, 800), st.integers(1, 200), st.lists(st.integers(-220, 1), min_size=1, max_size=40))
@settings(max_examples=40)
def test_only_days_before_the_window_are_forgotten(today: int, days: int, received: list[int]) -> None:
    window = KeyWindow(8 << 20)
    for number, offset in enumerate(received):
        window.add(keys([(number + 1, 0, 7)], today + offset))
    window.forget(today - days, today)
    for number in range(32):
        window.add(keys([(1000 + number, 0, 7)], today))
    for number, offset in enumerate(received):
        (status,) = window.look(keys([(number + 1, 0, 7)]))
        assert (status == SAME) == (offset >= -days)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=30))
def test_seconds_keep_the_order_of_times(times: list[float]) -> None:
    ordered = np.sort(np.array(times))
    made = Keys.make(np.ones(len(times), np.uint64), np.ones(len(times), np.uint64), ordered, np.ones(len(times)))
    assert (np.diff(made.second.astype(np.int64)) >= 0).all()
