"""Rows of the events table, and lakes filled with them, without a pipeline."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from footfall.lake.arrow import EVENTS_SCHEMA
from footfall.lake.query import LakeReader
from footfall.lake.table import LakeTable
from footfall.lake.tables import EVENTS_TABLE

NOON = datetime(2026, 11, 20, 12)
NOON_MS = NOON.replace(tzinfo=UTC).timestamp() * 1000

Row = dict[str, Any]


def row(number: int, at: datetime = NOON, **over: Any) -> Row:
    """The row of an accepted event that was record `number` of journal j."""
    base: Row = dict.fromkeys(EVENTS_SCHEMA.names)
    base |= {
        "channel": "dev",
        "event_type": "LOG",
        "eid": "LOG",
        "mid": f"m{number}",
        "ets": at.replace(tzinfo=UTC).timestamp() * 1000,
        "occurred_at": at,
        "received_at": at,
        "clock": "ok",
        "event": f'{{"mid":"m{number}"}}',
        "journal": "j",
        "record": number,
        "idx": 0,
        "of": 1,
        "key_hash": number * 7919 - (1 << 40),
        "content_hash": number,
    }
    return base | over


def table(rows: list[Row], schema: pa.Schema = EVENTS_SCHEMA) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=schema)


def partition(fate: str = "stored", day: str = "2026-11-20") -> dict[str, str]:
    return {"day": day, "fate": fate}


def put(lake: LakeTable, rows: list[Row], positions: Mapping[str, int] | None = None, **where: str) -> int:
    """Commit rows as one file."""
    return lake.commit([lake.write(table(rows), partition(**where))], positions or {})


def many(lake: LakeTable, files: int, rows: int, seed: int = 1, **where: str) -> None:
    """Commit so many files of so many rows each, a minute apart; one event in ten is from days before."""
    chance = random.Random(seed)
    for file in range(files):
        at = NOON + timedelta(minutes=file)
        found = []
        for number in range(file * rows, (file + 1) * rows):
            happened = (
                at - timedelta(days=chance.randint(1, 5)) if number % 10 == 0 else at - timedelta(seconds=number % 50)
            )
            found.append(
                row(
                    number,
                    happened,
                    received_at=at,
                    channel=chance.choice("abc"),
                    event_type=chance.choice(("LOG", "END")),
                )
            )
        put(lake, found, None, **where)


def open_events(root: Path) -> LakeTable:
    return LakeTable(root, EVENTS_TABLE)


@contextmanager
def reading(root: Path, **options: Any) -> Iterator[LakeReader]:
    reader = LakeReader(root, **options)
    try:
        yield reader
    finally:
        reader.close()


def mids(root: Path) -> list[str]:
    with reading(root) as reader:
        return [mid for (mid,) in reader.query("SELECT mid FROM ledger ORDER BY record").rows]
