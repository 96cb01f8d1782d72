"""Rows of the flows table: what became of a flow, and the events that it was made of, so that it can be judged anew."""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from operator import attrgetter, itemgetter
from typing import Any

import msgspec
import pyarrow as pa
from msgspec import Struct

from footfall.lake.arrow import FLOWS_SCHEMA
from footfall.plans.model import Plan

STREAMS = "_streams"  # the partition of what workflows are judged from; no plan can have this name


class Row(Struct, kw_only=True):
    """One revision of a flow, a run of a workflow, or of something hidden that they are judged from.

    `key` tells it within its plan, `cell` is the key's hash. Times are epoch milliseconds. Without an outcome it is not
    shown. The fields that begin with `later` say what it becomes once it has been idle for `idle_ms`; without a later
    outcome it stays as it is. `trace` is what this revision adds to the traces of those before it; one with a `state`
    takes their place. `shown` are the keys of rows that were made of this one.
    """

    plan: str
    key: str
    kind: str
    revision: int = 0
    id: str = ""
    plan_version: int = 0
    channel: str = ""
    channels: list[str] = []
    sid: str = ""
    did: str = ""
    began_at: float | None = None
    ended_at: float | None = None
    steps: list[str] = []
    missing: list[str] = []
    out_of_order: list[str] = []
    outcome: str | None = None
    result: str = ""
    remarks: str = "[]"
    idle_ms: int = 0
    later_outcome: str | None = None
    later_missing: list[str] = []
    later_remarks: str = "[]"
    events: int = 0
    shown: list[str] = []
    trace: str = ""
    state: str | None = None

    @property
    def duration_ms(self) -> float | None:
        """From the first event to the last."""
        return None if self.began_at is None or self.ended_at is None else self.ended_at - self.began_at


def cell_of(key: str) -> int:
    """A key's hash, 64 bits with a sign."""
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "little", signed=True)


def arrow_table(rows: Sequence[Row]) -> pa.Table:
    """Rows of one plan, sorted by cell, which is how every file of the table is."""
    by_cell = sorted(((cell_of(row.key), row) for row in rows), key=itemgetter(0))
    cells, rows = [cell for cell, _ in by_cell], [row for _, row in by_cell]
    return pa.table([_column(rows, cells, field) for field in FLOWS_SCHEMA], schema=FLOWS_SCHEMA)


def _column(rows: Iterable[Row], cells: list[int], field: pa.Field) -> pa.Array:
    if field.name == "cell":
        return pa.array(cells, field.type)
    values = map(attrgetter(field.name), rows)
    if field.name in ("began_at", "ended_at"):
        return pa.array([_microseconds(value) for value in values], pa.int64()).cast(field.type)
    return pa.array(list(values), field.type)


def _microseconds(at: float | None) -> int | None:
    return None if at is None else round(at * 1000)


_encode = msgspec.json.Encoder().encode


def text_of(value: Any) -> str:
    """A value as compact JSON text."""
    return _encode(value).decode()


def digest_of(plans: Iterable[Plan]) -> int:
    """Changes when one of the plans does; 63 bits."""
    text = _encode([*plans])
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") >> 1
