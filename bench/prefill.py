"""A lake on which the window of known events is full at once, as it is on a platform that has run for a day."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from footfall.lake.arrow import EVENTS_SCHEMA
from footfall.lake.hourly import Hourly
from footfall.lake.table import LakeTable
from footfall.lake.tables import EVENTS_TABLE

KEYS = 22_000_000  # 17 bytes each, in a hash table that is at least half full, pass the default of 512 MiB
_PART = 2_000_000
_BATCH = 20


def fill(lake: Path, rows: int = KEYS) -> None:
    """Write so many events, received over the last hour or since midnight (UTC); only what dedup and audit read."""
    table = LakeTable(lake, EVENTS_TABLE)
    now = datetime.now(UTC)
    since = max(now - timedelta(hours=1), datetime(now.year, now.month, now.day, tzinfo=UTC))
    partition = {"day": since.date().isoformat(), "fate": "stored"}
    actions = [table.write(part, partition) for part in _parts(rows, since, now)]
    table.commit(actions, {"bench": 1})
    Hourly(lake, table).rebuild()


def _parts(rows: int, since: datetime, until: datetime) -> Iterator[pa.Table]:
    chance = np.random.default_rng(7)
    length = (until - since).total_seconds()
    for start in range(0, rows, _PART):
        numbers = np.arange(start, min(rows, start + _PART))
        moments = ((since.timestamp() + numbers / rows * length) * 1e3).astype(np.int64) * 1000
        yield _table(chance, numbers, moments)


def _table(chance: np.random.Generator, numbers: NDArray[np.int64], moments: NDArray[np.int64]) -> pa.Table:
    size = len(numbers)
    least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    columns: dict[str, Any] = {
        "channel": pa.repeat("before", size),
        "event_type": pa.repeat("INTERACT", size),
        "ets": pa.array(moments / 1000.0),
        "occurred_at": pa.array(moments, pa.timestamp("us")),
        "received_at": pa.array(moments, pa.timestamp("us")),
        "clock": pa.repeat("ok", size),
        "journal": pa.repeat("before", size),
        "record": pa.array(numbers // _BATCH),
        "idx": pa.array((numbers % _BATCH).astype(np.int32)),
        "of": pa.repeat(pa.scalar(_BATCH, pa.int32()), size),
        "key_hash": pa.array(chance.integers(least, most, size)),
        "content_hash": pa.array(chance.integers(least, most, size)),
    }
    arrays = [columns.get(field.name, pa.nulls(size, field.type)) for field in EVENTS_SCHEMA]
    return pa.Table.from_arrays(arrays, schema=EVENTS_SCHEMA)
