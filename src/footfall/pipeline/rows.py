"""Journal records to rows of the lake, whole chunks of records at a time."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from footfall.lake.arrow import EVENTS_SCHEMA
from footfall.pipeline import clock
from footfall.pipeline.event_view import Data, EventView, sights, texts
from footfall.schema.event_types import CANONICAL, event_type, known_eid
from footfall.schema.hashing import PUBLIC_BITS, key_hash
from footfall.schema.reasons import Reason
from footfall.schema.record import Agent, Duplicate, IngestRecord, Rejected
from footfall.schema.verdict import Finding

CANDIDATE, DUPLICATE, REJECTED = 0, 1, 2

# What reading a record may raise: msgspec's and Arrow's errors, and those of Python for text, depth and numbers.
UNREADABLE = (ValueError, TypeError, OverflowError, RecursionError, msgspec.MsgspecError, pa.ArrowException)

_MOST_EVENTS = 100_000
_NO_AGENT = Agent()
_NAMED = pa.array(list(CANONICAL), pa.string())
_encode = msgspec.json.Encoder().encode


class Entry(Struct, frozen=True, gc=False):
    """A record as read from a journal, unpacked."""

    journal: str
    number: int
    intake: IngestRecord


class Rows(Struct, frozen=True):
    """Rows in order of arrival: `table` without day and fate; beside it what decides on those.

    `fate` is CANDIDATE, DUPLICATE or REJECTED; `day` the day received, in days since 1970; `public` tells whether a
    public key sent it.
    """

    table: pa.Table
    fate: NDArray[np.uint8]
    key: NDArray[np.uint64]
    content: NDArray[np.uint64]
    ets: NDArray[np.float64]
    day: NDArray[np.int64]
    public: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.fate)

    @classmethod
    def join(cls, parts: "Sequence[Rows]") -> "Rows":
        """One after the other; at least one part."""
        return cls(
            pa.concat_tables([part.table for part in parts]),
            *(
                np.concatenate([getattr(part, name) for part in parts])
                for name in ("fate", "key", "content", "ets", "day", "public")
            ),
        )


class _Row(Struct, kw_only=True, omit_defaults=True):
    """A row that did not come out of a bulk decode: rejected or repeated."""

    received_ms: int
    channel: str
    fate: int
    journal: str
    record: int
    idx: int
    of: int
    mid: str | None = None
    eid: str | None = None
    event_type: str | None = None
    ets: float | None = None
    event: str | None = None
    findings: list[Finding] = []
    key_kind: str | None = None


def good_rows(entries: Iterable[Entry], tolerance_ms: float) -> Rows | None:
    """Rows of the accepted events; None when there are none.

    Raises one of UNREADABLE when a record does not hold what it should.
    """
    entries = [entry for entry in entries if entry.intake.keys]
    if not entries:
        return None
    events: list[EventView] = []
    raw: list[bytes] = []
    sizes = []
    for entry in entries:
        found = sights(entry.intake.events)
        _check_lengths(entry.intake, len(found))
        if entry.intake.device or entry.intake.app:
            _fill_blanks(found, entry.intake)
        events += found
        raw += texts(entry.intake.events)
        sizes.append(len(found))
    keys = np.frombuffer(b"".join(entry.intake.keys for entry in entries), "<u8").reshape(-1, 2)
    shared = _shared(entries, np.array(sizes))
    return _assemble(event_columns(events, raw) | _origin_columns(entries, sizes), events, shared, keys, tolerance_ms)


def _check_lengths(intake: IngestRecord, size: int) -> None:
    if len(intake.keys) != size * 16:
        raise ValueError("the record's events and keys differ in number")
    if len(intake.indexes) not in (0, size) or len(intake.channels) not in (0, size):
        raise ValueError("the record's events and their places differ in number")


def odd_rows(entries: Iterable[Entry]) -> Rows | None:
    """Rows of what the door refused or knew already; None when there are none. Raises one of UNREADABLE."""
    rows = [row for entry in entries for row in _odd(entry)]
    return _from_rows(rows) if rows else None


def unreadable(journal: str, number: int, intake: IngestRecord | None, received_ms: int) -> Rows:
    """Rows that stand for the events of a record that could not be read back; its bytes are kept elsewhere.

    One for each event where the record still says how many there were, else a single one.
    """
    is_known = intake is not None and 0 < intake.of <= _MOST_EVENTS
    row = _Row(
        received_ms=intake.received_at if intake is not None and is_known else received_ms,
        channel=intake.channel if intake is not None else "",
        fate=REJECTED,
        journal=journal,
        record=number,
        idx=0,
        of=intake.of if intake is not None and is_known else 1,
        findings=[Finding.make(Reason.UNREADABLE_RECORD)],
    )
    return _from_rows([msgspec.structs.replace(row, idx=idx) for idx in range(row.of)])


class _Shared(Struct, frozen=True):
    """What all events of a record share, repeated for each of them."""

    public: NDArray[np.bool_]
    received: NDArray[np.float64]
    skew: NDArray[np.float64]
    record: NDArray[np.int64]
    of: NDArray[np.int32]


def _shared(entries: Sequence[Entry], sizes: NDArray[np.int64]) -> _Shared:
    intakes = [entry.intake for entry in entries]
    received = np.array([float(intake.received_at) for intake in intakes])
    sent = np.array([np.nan if intake.sent_at is None else intake.sent_at for intake in intakes])
    return _Shared(
        np.repeat(np.array([intake.key_kind == "public" for intake in intakes]), sizes),
        np.repeat(received, sizes),
        np.repeat(received - sent, sizes),
        np.repeat(np.array([entry.number for entry in entries], np.int64), sizes),
        np.repeat(np.array([intake.of for intake in intakes], np.int32), sizes),
    )


def event_columns(events: list[EventView], raw: list[bytes]) -> dict[str, Any]:
    """The columns that an event fills by itself, by name."""
    actors = [event.actor for event in events]
    contexts = [event.context for event in events]
    producers = [context.pdata for context in contexts]
    objects = [event.object for event in events]
    data = [event.edata for event in events]
    eids = pa.array([event.eid for event in events], pa.string())
    return {
        "event_type": _event_types(eids, data),
        "eid": eids,
        "mid": [event.mid for event in events],
        "ver": [event.ver for event in events],
        "actor_id": [actor.id for actor in actors],
        "actor_type": [actor.type for actor in actors],
        "env": [context.env for context in contexts],
        "sid": [context.sid for context in contexts],
        "did": [context.did for context in contexts],
        "pdata_id": [producer.id for producer in producers],
        "pdata_pid": [producer.pid for producer in producers],
        "pdata_ver": [producer.ver for producer in producers],
        "object_id": [object_.id for object_ in objects],
        "object_type": [object_.type for object_ in objects],
        "object_ver": [object_.ver for object_ in objects],
        "edata_type": [found.type for found in data],
        "edata_subtype": [found.subtype for found in data],
        "edata_id": [found.id for found in data],
        "edata_pageid": [found.pageid for found in data],
        "edata_mode": [found.mode for found in data],
        "edata_duration": [found.duration for found in data],
        "event": pa.array(raw, pa.binary()).cast(pa.string()),
    }


def _event_types(eids: pa.StringArray, data: list[Data]) -> pa.StringArray:
    """The eids, but for the few events whose `edata.type` names them more closely."""
    is_named = pc.is_in(eids, value_set=_NAMED)
    places = np.flatnonzero(is_named.to_numpy(zero_copy_only=False)).tolist()
    if not places:
        return eids
    names = [event_type(eids[place].as_py(), data[place].type) for place in places]
    return pc.replace_with_mask(eids, is_named, pa.array(names, pa.string()))


def _origin_columns(entries: Sequence[Entry], sizes: Sequence[int]) -> dict[str, Any]:
    """What the request said, not the event."""
    channel: list[str] = []
    idx: list[int] = []
    warnings: list[list[Finding] | None] = []
    for entry, size in zip(entries, sizes, strict=True):
        intake = entry.intake
        channel += intake.channels or [intake.channel] * size
        places = intake.indexes or range(size)
        idx += places
        warnings += [intake.warnings.get(place) for place in places] if intake.warnings else [None] * size
    agents = [(entry.intake.agent or _NO_AGENT, size) for entry, size in zip(entries, sizes, strict=True)]
    return {
        "channel": channel,
        "idx": idx,
        "warnings": [_codes(found) if found else None for found in warnings],
        "findings": [_encode(found).decode() if found else None for found in warnings],
        "agent_family": _spread((agent.family, size) for agent, size in agents),
        "agent_version": _spread((agent.version, size) for agent, size in agents),
        "agent_system": _spread((agent.system, size) for agent, size in agents),
        "journal": _spread((entry.journal, size) for entry, size in zip(entries, sizes, strict=True)),
        "key_kind": _spread((entry.intake.key_kind or None, size) for entry, size in zip(entries, sizes, strict=True)),
    }


def _fill_blanks(events: list[EventView], intake: IngestRecord) -> None:
    """Where an event leaves a blank, the request's headers fill it."""
    for event in events:
        if intake.device and not event.context.did:
            event.context = msgspec.structs.replace(event.context, did=intake.device)
        if intake.app and not event.context.pdata.id:
            producer = msgspec.structs.replace(event.context.pdata, id=intake.app)
            event.context = msgspec.structs.replace(event.context, pdata=producer)


def _codes(findings: Iterable[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.code for finding in findings))


def _spread(values: Iterable[tuple[str | None, int]]) -> list[str | None]:
    return [value for value, size in values for _ in range(size)]


def _assemble(
    columns: dict[str, Any], events: list[EventView], shared: _Shared, keys: NDArray[np.uint64], tolerance_ms: float
) -> Rows:
    ets = np.array([event.ets for event in events])
    times = clock.judge(ets, shared.received, shared.skew, tolerance_ms)
    columns |= {
        "ets": ets,
        "occurred_at": times.occurred_at,
        "clock": times.clock,
        "received_at": pa.array((shared.received * 1000).astype(np.int64), pa.timestamp("us")),
        "record": shared.record,
        "of": shared.of,
        "key_hash": keys[:, 0].view(np.int64),
        "content_hash": keys[:, 1].view(np.int64),
    }
    return Rows(
        _table(columns, len(events)),
        np.full(len(events), CANDIDATE, np.uint8),
        keys[:, 0],
        keys[:, 1],
        ets,
        (shared.received // clock.DAY_MS).astype(np.int64),
        shared.public,
    )


def _table(columns: dict[str, Any], size: int) -> pa.Table:
    arrays = []
    for field in EVENTS_SCHEMA:
        values = columns.get(field.name)
        if values is None:
            values = pa.nulls(size, field.type)
        arrays.append(values if isinstance(values, pa.Array) else pa.array(values, field.type))
    return pa.Table.from_arrays(arrays, schema=EVENTS_SCHEMA)


def _odd(entry: Entry) -> list[_Row]:
    intake = entry.intake
    rows = [_refused_row(entry, refused) for refused in intake.refused]
    return rows + [_repeat_row(entry, repeat) for repeat in intake.repeats]


def _repeat_row(entry: Entry, repeat: Duplicate) -> _Row:
    return _Row(
        received_ms=entry.intake.received_at,
        channel=repeat.channel,
        fate=DUPLICATE,
        journal=entry.journal,
        record=entry.number,
        idx=repeat.index,
        of=entry.intake.of,
        mid=repeat.mid,
        eid=repeat.eid,
        event_type=repeat.event_type,
        ets=repeat.ets,
        key_kind=entry.intake.key_kind or None,
    )


def _refused_row(entry: Entry, refused: Rejected) -> _Row:
    return _Row(
        received_ms=entry.intake.received_at,
        channel=refused.channel or entry.intake.channel,
        fate=REJECTED,
        journal=entry.journal,
        record=entry.number,
        idx=refused.index,
        of=entry.intake.of,
        mid=refused.mid,
        eid=known_eid(refused.eid),
        ets=refused.ets,
        event=refused.payload,
        findings=refused.findings,
        key_kind=entry.intake.key_kind or None,
    )


def _from_rows(rows: list[_Row]) -> Rows:
    received = np.array([float(row.received_ms) for row in rows])
    ets = np.array([np.nan if row.ets is None else float(row.ets) for row in rows])
    times = clock.judge(np.nan_to_num(ets), received, np.full(len(rows), np.nan), np.inf)
    names = ("channel", "eid", "mid", "event", "journal", "record", "idx", "of", "ets", "key_kind")
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in names}
    public = np.array([row.key_kind == "public" for row in rows])
    keys = np.array([key_hash(row.channel, row.mid or "") for row in rows], np.uint64)
    keys = np.where(public, keys ^ np.uint64(PUBLIC_BITS), keys)
    columns |= {
        "event_type": [row.event_type or known_eid(row.eid) for row in rows],
        "occurred_at": times.occurred_at,
        "clock": times.clock,
        "received_at": pa.array((received * 1000).astype(np.int64), pa.timestamp("us")),
        "reasons": [_codes(row.findings) or None for row in rows],
        "findings": [_encode(row.findings).decode() if row.findings else None for row in rows],
        "key_hash": keys.view(np.int64),
    }
    return Rows(
        _table(columns, len(rows)),
        np.array([row.fate for row in rows], np.uint8),
        keys,
        np.zeros(len(rows), np.uint64),
        np.nan_to_num(ets),
        (received // clock.DAY_MS).astype(np.int64),
        public,
    )
