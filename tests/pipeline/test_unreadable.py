"""Records that cannot be read: set aside alone, visible, and counted."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from footfall.lake.audit import audit
from footfall.lake.query import LakeReader
from footfall.schema.reasons import Reason
from footfall.schema.record import Rejected
from footfall.schema.verdict import Finding

from .records import CHANNEL, append, ask, drain, event, fates, now_ms, record

BROKEN: dict[str, tuple[bytes, int]] = {
    "no intake": (b"garbage", 1),
    "deeply nested": (b"\x91" * 100_000 + b"\xc0", 1),
    "later version": (record([event("x")], version=3), 1),
    "of no time": (record([event("x")], received_at=1 << 62), 1),
    "before time": (record([event("x")], received_at=-1), 1),
    "key missing": (record([event("x"), event("y")], keys=b"\0" * 16), 2),
    "half a key": (record([event("x")], keys=b"\0" * 15), 1),
    "no JSON": (record([event("x")], events=b'[{"eid":'), 1),
    "no array": (record([event("x")], events=b'{"a":1}'), 1),
    "no objects": (record([event("x"), event("y")], events=b'[1,"a"]'), 2),
    "not UTF-8": (record([event("x")], events=b'[{"eid":"\xff","mid":"m","ets":1}]'), 1),
    "not UTF-8 where nobody looks": (
        record([event("x")], events=b'[{"eid":"A","mid":"m","ets":1,"tags":["\xff"]}]'),
        1,
    ),
    "half a surrogate": (record([event("x")], events=rb'[{"eid":"A","mid":"\ud800","ets":1}]'), 1),
    "places missing": (record([event("x"), event("y")], indexes=[1]), 2),
    "channels missing": (record([event("x"), event("y")], channels=[CHANNEL]), 2),
    "place out of range": (record([event("x")], indexes=[1 << 40]), 1),
    "too many announced": (record([event("x")], of=1 << 40), 1),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_record_that_cannot_be_read_is_set_aside_alone(tmp_path: Path, name: str) -> None:
    payload, size = BROKEN[name]
    around = [[event(f"{n}.{k}") for k in range(3)] for n in range(7)]
    append(tmp_path, [*map(record, around[:3]), payload, *map(record, around[3:])])
    drain(tmp_path)

    stored = [(one["mid"], "stored") for events in around for one in events]
    assert fates(tmp_path) == stored[:9] + [(None, "rejected")] * size + stored[9:]
    assert ask(tmp_path, "SELECT DISTINCT record, reasons, event FROM failed") == [(3, ["unreadable_record"], None)]
    (kept,) = (tmp_path / "lake" / "quarantine").iterdir()
    assert kept.read_bytes() == payload
    books = audit(LakeReader(tmp_path / "lake"))
    assert books.balances
    assert sum(channel.received for channel in books.channels) == 21 + size
    assert sum(channel.rejected for channel in books.channels) == size


def test_the_events_of_an_unreadable_record_keep_their_channel_and_time(tmp_path: Path) -> None:
    at = now_ms() - 86_400_000
    refused = [Rejected(1, [Finding.make(Reason.NOT_AN_OBJECT)])]
    append(tmp_path, [record([event("x"), event("y")], events=b"[]", received_at=at, refused=refused, indexes=[0, 2])])
    drain(tmp_path)
    expected = datetime.fromtimestamp(at / 1000, UTC).replace(tzinfo=None)
    rows = ask(tmp_path, 'SELECT channel, received_at, idx, "of", reasons FROM failed ORDER BY idx')
    assert rows == [(CHANNEL, expected, idx, 3, ["unreadable_record"]) for idx in range(3)]


def test_many_bad_records_among_good_ones(tmp_path: Path) -> None:
    payloads: list[Any] = [record([event(f"m{n}")]) if n % 3 else b"bad %d" % n for n in range(60)]
    append(tmp_path, payloads)
    drain(tmp_path)
    assert [fate for _, fate in fates(tmp_path)] == ["stored" if n % 3 else "rejected" for n in range(60)]
    assert len(list((tmp_path / "lake" / "quarantine").iterdir())) == 20
