"""The hourly counts: always those of the rows, however often they were interrupted, merged or rebuilt."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.lake.hourly import Hourly, count, keyed, smallest
from footfall.lake.table import LakeTable
from tests.disks import largest_file

from .rows import NOON, Row, many, open_events, partition, put, reading, row, table

COUNTED = "SELECT hour, channel, event_type, fate, n FROM hourly ORDER BY ALL"
ROWS = """
SELECT date_trunc('hour', CASE WHEN clock IN ('ok', 'corrected') THEN occurred_at ELSE received_at END) AS hour,
    channel, event_type, fate, count(*) AS n FROM ledger GROUP BY ALL ORDER BY ALL
"""


def check(root: Path) -> None:
    with reading(root) as reader:
        counted = reader.query(COUNTED).rows
        assert counted == reader.query(ROWS).rows
        assert counted != []


@pytest.fixture
def lake(tmp_path: Path) -> LakeTable:
    return open_events(tmp_path)


def increment(rows: list[Row], fate: str = "stored") -> Any:
    return count(keyed(table(rows), [fate] * len(rows)))


def test_increments_add_up(tmp_path: Path, lake: LakeTable) -> None:
    hourly = Hourly(tmp_path, lake)
    for number in range(30):
        rows = [row(number * 9 + n, NOON + timedelta(minutes=20 * n), channel="ab"[n % 2]) for n in range(9)]
        hourly.follow(increment(rows), put(lake, rows))
        assert hourly.counted == lake.version
    check(tmp_path)
    assert len(list((tmp_path / "hourly" / "_delta_log").glob("*.json"))) > 30, "it was merged"


def test_untrusted_clocks_count_when_they_were_received(tmp_path: Path, lake: LakeTable) -> None:
    days = [timedelta(days=days) for days in (-3, 0, 3)]
    clocks = ("ok", "corrected", "ahead", "behind", "unreadable")
    rows = [row(n, NOON + day, received_at=NOON, clock=clock) for n, day in enumerate(days) for clock in clocks]
    rows.append(row(99, occurred_at=None, clock="unreadable", event_type=None))
    Hourly(tmp_path, lake).follow(increment(rows), put(lake, rows))
    check(tmp_path)


def test_it_catches_up_with_what_was_committed_while_nobody_counted(tmp_path: Path, lake: LakeTable) -> None:
    hourly = Hourly(tmp_path, lake)
    many(lake, 5, 20)
    put(lake, [row(1000)], fate="rejected")
    lake.commit([], {"j": 5})
    hourly.follow(None, lake.version)
    check(tmp_path)
    rows = [row(2000)]
    put(lake, [row(1999)])
    hourly.follow(increment(rows), put(lake, rows))
    check(tmp_path)
    assert Hourly(tmp_path, open_events(tmp_path)).counted == lake.version


def test_a_file_that_was_compacted_meanwhile_is_not_counted_twice(tmp_path: Path, lake: LakeTable) -> None:
    hourly = Hourly(tmp_path, lake)
    many(lake, 2, 20)
    hourly.catch_up()
    put(lake, [row(500)])
    merged = lake.write(table([row(500)]), partition(), data_change=False)
    (path,) = lake.added(lake.version) or []
    lake.commit([*lake.removals({path}), merged], {})
    hourly.catch_up()
    check(tmp_path)


@pytest.mark.parametrize("gone", ["entry", "file"])
def test_it_is_rebuilt_where_the_log_does_not_say_enough_any_more(tmp_path: Path, lake: LakeTable, gone: str) -> None:
    hourly = Hourly(tmp_path, lake)
    many(lake, 3, 20)
    hourly.catch_up()
    put(lake, [row(500)])
    (path,) = lake.added(lake.version) or []
    if gone == "entry":
        lake.checkpoint()
        (lake.folder / "_delta_log" / f"{lake.version:020d}.json").unlink()
    else:
        merged = lake.write(table([row(500)]), partition(), data_change=False)
        lake.commit([*lake.removals({path}), merged], {})
        (lake.folder / path).unlink()
    hourly.catch_up()
    check(tmp_path)
    assert hourly.counted == lake.version


def test_rebuilding_gives_what_the_increments_gave(tmp_path: Path, lake: LakeTable) -> None:
    hourly = Hourly(tmp_path, lake)
    many(lake, 4, 100)
    hourly.catch_up()
    with reading(tmp_path) as reader:
        before = reader.query(COUNTED).rows
        hourly.rebuild()
        assert reader.query(COUNTED).rows == before
        hourly.rebuild()
        assert reader.query(COUNTED).rows == before


def test_counts_of_another_events_table_are_thrown_away(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    many(lake, 4, 10)
    Hourly(tmp_path, lake).catch_up()
    (tmp_path / "events").rename(tmp_path / "old")
    (tmp_path / "tables.json").unlink()
    lake = open_events(tmp_path)
    put(lake, [row(1)])
    Hourly(tmp_path, lake).catch_up()
    check(tmp_path)


def test_a_counts_file_that_is_gone_is_made_up_for(tmp_path: Path, lake: LakeTable) -> None:
    hourly = Hourly(tmp_path, lake)
    for number in range(30):
        hourly.follow(increment([row(number)]), put(lake, [row(number)]))
        if number == 10:
            next(path for path in (tmp_path / "hourly").glob("*.parquet")).unlink()
    check(tmp_path)


def test_a_full_disk_delays_the_counts_and_loses_none(tmp_path: Path, lake: LakeTable) -> None:
    hourly = Hourly(tmp_path, lake)
    for number in range(3):
        version = put(lake, [row(number)])
        with largest_file(500), pytest.raises(Exception, match="File too large"):
            hourly.follow(increment([row(number)]), version)
    hourly.follow(increment([row(3)]), put(lake, [row(3)]))
    check(tmp_path)


def test_an_empty_lake_has_no_counts(tmp_path: Path, lake: LakeTable) -> None:
    hourly = Hourly(tmp_path, lake)
    hourly.catch_up()
    hourly.rebuild()
    with reading(tmp_path) as reader:
        assert reader.query(COUNTED).rows == []


@given(st.lists(st.integers(1, 10**9), min_size=24, max_size=80))
def test_a_merge_takes_many_files_and_none_much_larger_than_the_rest(sizes: list[int]) -> None:
    names = [str(number) for number in range(len(sizes))]
    chosen = smallest(names, sizes)
    taken: list[int] = []
    left: list[int] = []
    for name, size in zip(names, sizes, strict=True):
        (taken if name in chosen else left).append(size)
    assert len(taken) >= 12
    assert not left or max(taken) <= min(left)
    assert not left or min(left) > 2 * sum(taken)
