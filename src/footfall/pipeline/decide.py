"""A micro-batch: rows with their fates decided, laid out as the files of one commit."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import structlog
from msgspec import Struct
from numpy.typing import NDArray

from footfall.lake.hourly import count, keyed
from footfall.pipeline.decode import DecodedRows, Quarantined
from footfall.pipeline.dedup import Dedup, Status
from footfall.pipeline.derive import share_items
from footfall.pipeline.event_view import sights
from footfall.pipeline.key_window import OTHER, SAME
from footfall.pipeline.rows import DUPLICATE, REJECTED, UNREADABLE, Rows, event_columns
from footfall.schema.hashing import PUBLIC_BITS, content_hash, key_hash
from footfall.schema.reasons import Reason
from footfall.schema.redaction import payload_text
from footfall.schema.verdict import Fate, Finding

_log = structlog.get_logger()
_STORED = 0
# What an event says about somebody, and what a rejected one is not to say.
_SAID = (
    *("actor_id", "actor_type", "env", "sid", "did", "pdata_id", "pdata_pid", "pdata_ver"),
    *("object_id", "object_type", "object_ver"),
    *("edata_type", "edata_subtype", "edata_id", "edata_pageid", "edata_mode", "edata_duration"),
)
_FATES = (Fate.STORED, Fate.DUPLICATE, Fate.REJECTED)
_EPOCH = date(1970, 1, 1).toordinal()


class Part(Struct, frozen=True):
    """Rows of one partition."""

    day: date
    fate: Fate
    table: pa.Table

    @property
    def partition(self) -> dict[str, str]:
        """The partition's values as Delta writes them."""
        return {"day": self.day.isoformat(), "fate": self.fate.value}


class DecidedBatch(Struct, frozen=True):
    """Everything that one commit to the lake holds. `newest_ms` is when its newest event was received."""

    parts: list[Part]
    hourly: pa.Table
    newest_ms: int
    set_aside: list[Quarantined]


def decide(gathered: DecodedRows, dedup: Dedup) -> DecidedBatch:
    """Settle the fate of every row and lay the rows out by day and fate."""
    rows = gathered.rows
    judged = dedup.judge(rows)
    fate = rows.fate.copy()
    fate[judged.chosen] = _settled(judged.status)
    marked = np.zeros(len(rows), np.bool_)
    marked[judged.chosen[(judged.status == OTHER) | judged.shared]] = True
    parts = list(_parts(rows, fate, marked))
    counted = [keyed(part.table, pa.array([part.fate.value] * part.table.num_rows, pa.string())) for part in parts]
    newest = pc.max(rows.table.column("received_at").cast(pa.int64())).as_py() // 1000
    return DecidedBatch(parts, count(pa.concat_tables(counted)), newest, gathered.set_aside)


def _settled(status: Status) -> Status:
    return np.select([status == SAME, status == OTHER], [DUPLICATE, REJECTED], _STORED).astype(np.uint8)


def _parts(rows: Rows, fate: Status, marked: NDArray[np.bool_]) -> Iterator[Part]:
    """The rows by day and fate; those `marked` are in conflict, or share their mid with a public key's event."""
    for day in np.unique(rows.day):
        for number, name in enumerate(_FATES):
            chosen = np.flatnonzero((rows.day == day) & (fate == number))
            if not len(chosen):
                continue
            table = rows.table if len(chosen) == len(rows) else rows.table.take(chosen)
            yield Part(date.fromordinal(int(day) + _EPOCH), name, _finish(table, name, marked[chosen]))


def _finish(table: pa.Table, fate: Fate, marked: NDArray[np.bool_]) -> pa.Table:
    if fate is Fate.STORED:
        return _with_derived(_remark(table, np.flatnonzero(marked)) if marked.any() else table)
    if fate is Fate.DUPLICATE:
        return _replace(table, dict.fromkeys(("event", "warnings", "findings")))
    return _explain(table, np.flatnonzero(marked)) if marked.any() else table


def _replace(table: pa.Table, columns: dict[str, Any]) -> pa.Table:
    """The table with columns replaced; None empties one."""
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(place)
        table = table.set_column(
            place, field, pa.nulls(table.num_rows, field.type) if values is None else _array(values, field.type)
        )
    return table


def _array(values: Any, kind: Any) -> Any:
    return values if isinstance(values, pa.Array) else pa.array(values, kind)


def _remark(table: pa.Table, shared: NDArray[np.intp]) -> pa.Table:
    """Say of events that another with their mid came with a public key, and is kept as well."""
    finding = Finding.make(Reason.MID_SHARED, "$.mid", "string")
    columns = {name: table.column(name).to_pylist() for name in ("warnings", "findings")}
    for place in shared:
        before = columns["findings"][place]
        known = msgspec.json.decode(before, type=list[Finding]) if before else []
        columns["warnings"][place] = [*(columns["warnings"][place] or []), finding.code]
        columns["findings"][place] = msgspec.json.encode([*known, finding]).decode()
    return _replace(table, columns)


def _explain(table: pa.Table, conflicts: NDArray[np.intp]) -> pa.Table:
    """Give events with a mid of another event their reason, and mask what they say like any rejected event."""
    finding = Finding.make(Reason.MID_CONFLICT, "$.mid", "string")
    explained = ("event", "reasons", "findings", "warnings")
    columns = {name: table.column(name).to_pylist() for name in (*explained, *_SAID)}
    for place in conflicts:
        text = columns["event"][place].encode()
        columns["event"][place] = payload_text(text, msgspec.json.decode(text), masked=True)
        columns["reasons"][place] = [finding.code]
        columns["findings"][place] = msgspec.json.encode([finding]).decode()
        columns["warnings"][place] = None
        for name in _SAID:
            columns[name][place] = None
    return _replace(table, columns)


def _with_derived(table: pa.Table) -> pa.Table:
    """The stored events, followed by those derived from them."""
    shares = pc.indices_nonzero(pc.equal(table.column("eid"), "SHARE"))
    derived = [made for place in shares.to_pylist() if (made := _derived_rows(table.slice(place, 1))) is not None]
    return pa.concat_tables([table, *derived]) if derived else table


def _derived_rows(parent: pa.Table) -> pa.Table | None:
    """Rows derived from one event, which share everything about their reception with their parent's.

    None when there are none, or when the event is of a shape that nobody thought of: it is stored all the same.
    """
    try:
        derived = share_items(parent.column("event")[0].as_py())
        return _rows_of(derived, parent) if derived else None
    except (*UNREADABLE, KeyError, AttributeError) as error:
        place = {name: parent.column(name)[0].as_py() for name in ("journal", "record", "idx")}
        _log.error("nothing derived from an event", error=type(error).__name__, **place)
        return None


def _rows_of(derived: list[bytes], parent: pa.Table) -> pa.Table:
    events = sights(b"[" + b",".join(derived) + b"]")
    channel = parent.column("channel")[0].as_py()
    bits = PUBLIC_BITS if parent.column("key_kind")[0].as_py() == "public" else 0
    return _replace(
        parent.take([0] * len(derived)),
        {
            **event_columns(events, derived),
            "warnings": None,
            "findings": None,
            "derived_from": parent.column("mid").to_pylist() * len(derived),
            "key_hash": np.array([key_hash(channel, event.mid) ^ bits for event in events], np.uint64).view(np.int64),
            "content_hash": np.array([content_hash(text) for text in derived], np.uint64).view(np.int64),
        },
    )
