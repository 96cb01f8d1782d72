"""The audit and the fates: whatever is missing, doubled or told twice is seen."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from footfall.lake.audit import Audit, ChannelBooks, Gap, audit
from footfall.lake.fate import fates
from footfall.lake.hourly import Hourly
from footfall.lake.table import LakeTable
from footfall.schema.hashing import key_hash

from .rows import NOON, Row, open_events, put, reading, row

DAY = NOON.date()


def fill(root: Path) -> LakeTable:
    """Ten records of three events in two channels: stored, duplicate, rejected; and one derived event."""
    lake = open_events(root)
    for number in range(10):
        of_record: Row = {
            "journal": "j" if number < 6 else "k",
            "record": number % 6,
            "of": 3,
            "channel": "ab"[number % 2],
        }
        for idx, fate in enumerate(("stored", "duplicate", "rejected")):
            derived = [row(99, idx=0, derived_from="m0", **of_record)] if number == 0 and idx == 0 else []
            put(lake, [row(number * 3 + idx, idx=idx, **of_record), *derived], fate=fate)
    return lake


def check(root: Path, day: date | None = None) -> Audit:
    with reading(root) as reader:
        return audit(reader, day)


def test_books_that_balance(tmp_path: Path) -> None:
    fill(tmp_path)
    for found in (check(tmp_path), check(tmp_path, DAY)):
        assert found.balances
        assert found.channels == [ChannelBooks("a", 15, 5, 5, 5, 0), ChannelBooks("b", 15, 5, 5, 5, 0)]
    assert check(tmp_path, DAY - timedelta(days=1)) == Audit([], [], [])


def test_an_empty_lake_balances(tmp_path: Path) -> None:
    assert check(tmp_path) == Audit([], [], [])


Change = Callable[[list[Row]], list[Row]]


def spoil(lake: LakeTable, change: Change, fate: str = "stored", record: int = 2) -> None:
    """Change the rows of the file that holds an event of a record of journal j, behind the log's back."""
    for path in lake.files():
        if f"fate={fate}" in str(path):
            found = pq.read_table(path, partitioning=None)
            rows = found.to_pylist()
            if any(one["journal"] == "j" and one["record"] == record for one in rows):
                pq.write_table(pa.Table.from_pylist(change(rows), schema=found.schema), path)
                return
    raise AssertionError("there is no such file")


@pytest.mark.parametrize(
    ("change", "received", "found", "different"),
    [
        (lambda rows: [], 15, 2, 2),
        (lambda rows: rows * 2, 15, 4, 3),
        (lambda rows: [one | {"idx": 1} for one in rows], 15, 3, 2),
    ],
    ids=["lost", "doubled", "in the wrong place"],
)
def test_an_event_that_is_lost_or_doubled(
    tmp_path: Path, change: Change, received: int, found: int, different: int
) -> None:
    spoil(fill(tmp_path), change)
    books = check(tmp_path)
    assert not books.balances
    assert [(odd.journal, odd.record, odd.announced, odd.found, odd.different) for odd in books.odd] == [
        ("j", 2, 3, found, different)
    ]
    assert not check(tmp_path, DAY).balances
    assert (books.channels[0].received, books.channels[0].balances) == (received, found == 3)


@pytest.mark.parametrize(("journal", "record"), [("j", 0), ("j", 3), ("k", 0)])
def test_a_record_that_is_missing_altogether(tmp_path: Path, journal: str, record: int) -> None:
    lake = open_events(tmp_path)
    for name in ("j", "k"):
        apart = 100 if name == "k" else 0
        kept = [number for number in range(6) if (name, number) != (journal, record)]
        put(lake, [row(number + apart, record=number, journal=name) for number in kept])
    books = check(tmp_path)
    assert not books.balances
    assert books.gaps == [Gap(journal, record, record)]
    assert check(tmp_path, DAY).balances == (record == 0), "what was before the day cannot be told"


def test_several_missing_in_a_row_are_one_gap(tmp_path: Path) -> None:
    put(open_events(tmp_path), [row(number) for number in (0, 1, 5, 6, 9)])
    assert check(tmp_path).gaps == [Gap("j", 2, 4), Gap("j", 7, 8)]


@pytest.mark.parametrize(("days", "balances"), [(0, False), (1, False), (7, False), (8, True)])
def test_an_event_that_is_stored_twice_is_seen(tmp_path: Path, days: int, balances: bool) -> None:
    """Beyond the days for which resends are recognised, nothing else was promised."""
    lake = open_events(tmp_path)
    put(lake, [row(number) for number in range(5)])
    later = NOON + timedelta(days=days)
    again = [
        row(record, key_hash=row(number)["key_hash"], mid=f"m{number}", received_at=later)
        for record, number in ((5, 1), (6, 3))
    ]
    put(lake, again, day=later.date().isoformat())
    for day in (None, DAY, later.date()):
        found = check(tmp_path, day)
        assert [(double.mid, double.times) for double in found.doubles] == ([] if balances else [("m1", 2), ("m3", 2)])
        assert found.balances == balances or day not in (None, DAY)


def test_what_only_looks_like_a_double(tmp_path: Path) -> None:
    """The same mid at another time, in another channel, derived, or not stored at all."""
    lake = open_events(tmp_path)
    first = row(1)
    same = {"mid": "m1", "key_hash": first["key_hash"]}
    put(lake, [first, row(2, **same | {"ets": 5.0}), row(3, **same | {"channel": "other"})])
    put(lake, [row(4, **same), row(5, **same)], fate="duplicate")
    put(lake, [row(5, idx=0, derived_from="m1", **same)])
    assert check(tmp_path).doubles == []


def test_doubles_are_found_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("footfall.lake.audit._ROWS_AT_ONCE", 7)
    lake = open_events(tmp_path)
    put(lake, [row(number) for number in range(30)])
    put(lake, [row(30 + number, mid=f"m{number}", key_hash=row(number)["key_hash"]) for number in range(10)])
    assert sorted(double.mid for double in check(tmp_path).doubles) == [f"m{number}" for number in range(10)]


def test_a_file_that_cannot_be_read_is_part_of_the_audit(tmp_path: Path) -> None:
    lake = fill(tmp_path)
    lake.files()[3].unlink()
    found = check(tmp_path)
    assert not found.balances
    assert len(found.left_out) == 1


def stored_with_keys(root: Path, rows: list[Row], fate: str = "stored") -> None:
    lake = open_events(root)
    for one in rows:
        hashed = key_hash(one["channel"], one["mid"])
        one["key_hash"] = hashed - (1 << 64) if hashed >= 1 << 63 else hashed
    put(lake, rows, fate=fate)
    Hourly(root, lake).catch_up()


def test_every_reception_of_an_event_is_told_oldest_first(tmp_path: Path) -> None:
    again, other = NOON + timedelta(hours=1), NOON + timedelta(hours=2)
    stored_with_keys(tmp_path, [row(7), row(8)])
    stored_with_keys(tmp_path, [row(9, mid="m7", received_at=again)], fate="duplicate")
    conflict: Row = {"reasons": ["mid_conflict"], "findings": '[["mid_conflict","$.mid","string","Other."]]'}
    stored_with_keys(tmp_path, [row(10, mid="m7", received_at=other, **conflict)], fate="rejected")
    stored_with_keys(tmp_path, [row(11, mid="m7", channel="elsewhere", received_at=other)])
    with reading(tmp_path) as reader:
        told = [(one.fate, one.channel, one.received_at, one.reasons) for one in fates(reader, "m7", "dev")]
        assert told == [
            ("stored", "dev", NOON, None),
            ("duplicate", "dev", again, None),
            ("rejected", "dev", other, ["mid_conflict"]),
        ]
        assert [one.channel for one in fates(reader, "m7")].count("elsewhere") == 1
        assert len(fates(reader, "m7")) == 4
        assert [one.fate for one in fates(reader, "m7", "dev", limit=2)] == ["stored", "duplicate"]
        assert fates(reader, "unknown") == []
        assert fates(reader, "m7", "nobody") == []


@pytest.mark.parametrize("mid", ["nul\0byte", "'; DROP VIEW events; --", "\u202e\U0001f600", "x" * 100_000, ""])
def test_odd_mids_are_found(tmp_path: Path, mid: str) -> None:
    stored_with_keys(tmp_path, [row(1, mid=mid), row(2)])
    with reading(tmp_path) as reader:
        assert [one.mid for one in fates(reader, mid)] == [mid]


def test_nothing_is_known_in_an_empty_lake(tmp_path: Path) -> None:
    with reading(tmp_path) as reader:
        assert fates(reader, "m") == []
