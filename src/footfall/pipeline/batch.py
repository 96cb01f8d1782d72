"""A micro-batch: rows with their fates decided, laid out as the files of one commit."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from footfall.lake.hourly import count, keyed
from footfall.pipeline.dedup import Dedup, Status
from footfall.pipeline.rows import DUPLICATE, REJECTED, Rows, event_columns
from footfall.pipeline.share import share_items
from footfall.pipeline.sight import sights
from footfall.pipeline.window import OTHER, SAME
from footfall.spec.identity import content_hash, key_hash
from footfall.spec.mask import payload_text
from footfall.spec.reasons import Reason
from footfall.spec.verdict import Fate, Finding

_STORED = 0
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


class Batch(Struct, frozen=True):
    """Everything that one commit to the lake holds. `newest_ms` is when its newest event was received."""

    parts: list[Part]
    hourly: pa.Table
    newest_ms: float


def decide(rows: Rows, dedup: Dedup) -> Batch:
    """Settle the fate of every row and lay the rows out by day and fate."""
    chosen, status = dedup.judge(rows)
    fate = rows.fate.copy()
    fate[chosen] = _settled(status)
    conflicts = np.zeros(len(rows), np.bool_)
    conflicts[chosen[status == OTHER]] = True
    parts = list(_parts(rows, fate, conflicts))
    counted = [keyed(part.table, pa.array([part.fate.value] * part.table.num_rows, pa.string())) for part in parts]
    newest = rows.table.column("received_at").cast(pa.int64()).to_numpy().max() / 1000
    return Batch(parts, count(pa.concat_tables(counted)), float(newest))


def _settled(status: Status) -> Status:
    return np.select([status == SAME, status == OTHER], [DUPLICATE, REJECTED], _STORED).astype(np.uint8)


def _parts(rows: Rows, fate: Status, conflicts: NDArray[np.bool_]) -> Iterator[Part]:
    for day in np.unique(rows.day):
        for number, name in enumerate(_FATES):
            chosen = np.flatnonzero((rows.day == day) & (fate == number))
            if not len(chosen):
                continue
            table = rows.table if len(chosen) == len(rows) else rows.table.take(chosen)
            yield Part(date.fromordinal(int(day) + _EPOCH), name, _finish(table, name, conflicts[chosen]))


def _finish(table: pa.Table, fate: Fate, conflicts: NDArray[np.bool_]) -> pa.Table:
    if fate is Fate.STORED:
        return _with_derived(table)
    if fate is Fate.DUPLICATE:
        return _replace(table, dict.fromkeys(("event", "warnings", "findings")))
    return _explain(table, np.flatnonzero(conflicts)) if conflicts.any() else table


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


def _explain(table: pa.Table, conflicts: NDArray[np.intp]) -> pa.Table:
    """Give events with a mid of another event their reason, and mask what they say like any rejected event."""
    finding = Finding.make(Reason.MID_CONFLICT, "$.mid")
    columns = {name: table.column(name).to_pylist() for name in ("event", "reasons", "findings", "warnings")}
    for place in conflicts:
        text = columns["event"][place].encode()
        columns["event"][place] = payload_text(text, msgspec.json.decode(text), masked=True)
        columns["reasons"][place] = [finding.code]
        columns["findings"][place] = msgspec.json.encode([finding]).decode()
        columns["warnings"][place] = None
    return _replace(table, columns)


def _with_derived(table: pa.Table) -> pa.Table:
    """The stored events, followed by those derived from them."""
    eids = table.column("eid").to_numpy()
    places: list[int] = []
    derived: list[bytes] = []
    for place in np.flatnonzero(eids == "SHARE"):
        items = share_items(table.column("event")[int(place)].as_py())
        places += [int(place)] * len(items)
        derived += items
    return pa.concat_tables([table, _derived_rows(table.take(places), derived)]) if derived else table


def _derived_rows(parents: pa.Table, derived: list[bytes]) -> pa.Table:
    """Rows that share everything about their reception with their parents'."""
    events = sights(b"[" + b",".join(derived) + b"]")
    channels = parents.column("channel").to_pylist()
    keys = [key_hash(channel, event.mid) for channel, event in zip(channels, events, strict=True)]
    return _replace(
        parents,
        {
            **event_columns(events, derived),
            "warnings": None,
            "findings": None,
            "derived_from": parents.column("mid").to_pylist(),
            "key_hash": np.array(keys, np.uint64).view(np.int64),
            "content_hash": np.array([content_hash(text) for text in derived], np.uint64).view(np.int64),
        },
    )
