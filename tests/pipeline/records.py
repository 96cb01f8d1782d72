"""Journals and the records in them, as the collector would have written them."""

import json
import struct
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from footfall.journal.writer import SegmentWriter
from footfall.lake.query import LakeReader
from footfall.pipeline.process import Pipeline
from footfall.schema.hashing import PUBLIC_BITS, content_hash, key_hash
from footfall.schema.record import IngestRecord, pack
from footfall.settings import Settings

CHANNEL = "portal"

Json = dict[str, Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def event(mid: str, ets: float | None = None, **over: Any) -> Json:
    """An event that the door accepts; `over` replaces top-level fields."""
    base: Json = {
        "eid": "IMPRESSION",
        "ets": now_ms() - 100 if ets is None else ets,
        "ver": "3.0",
        "mid": mid,
        "actor": {"id": "u-1", "type": "User"},
        "context": {
            "channel": CHANNEL,
            "env": "home",
            "sid": "s-1",
            "did": "d-1",
            "pdata": {"id": "portal.web", "pid": "web", "ver": "1.0"},
        },
        "object": {"id": "do_1", "type": "Content", "ver": "2"},
        "edata": {"type": "view", "pageid": "home", "uri": "/home"},
    }
    return base | over


def share(mid: str, items: Any, **over: Any) -> Json:
    return event(mid, eid="SHARE", edata={"dir": "Out", "type": "File", "items": items}) | over


def compact(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def record(events: Sequence[Json], /, *, received_at: int | None = None, channel: str = CHANNEL, **over: Any) -> bytes:
    """The record of a request whose events were all accepted; `over` are further fields of the intake."""
    bits = PUBLIC_BITS if over.get("key_kind") == "public" else 0
    keys = [
        number
        for one in events
        for number in (
            key_hash(channel, one["mid"]) ^ bits,
            content_hash(json.dumps(one, sort_keys=True, separators=(",", ":")).encode()),
        )
    ]
    fields: Json = {
        "version": 1,
        "received_at": now_ms() if received_at is None else received_at,
        "of": len(events) + len(over.get("refused", ())) + len(over.get("repeats", ())),
        "channel": channel,
        "events": b"[" + b",".join(map(compact, events)) + b"]",
        "keys": struct.pack(f"<{len(keys)}Q", *keys),
    }
    return pack(IngestRecord(**(fields | over)))


def append(data: Path, records: Iterable[bytes], journal: str = "0", **options: Any) -> None:
    """Write records to a journal of a data folder, and close it."""
    writer = SegmentWriter(data / "journal" / journal, **options)
    writer.append(list(records))
    writer.close()


def settings(data: Path, **over: Any) -> Settings:
    chosen: Json = {"data": data, "dedup_bytes": 8 << 20}
    return Settings(**(chosen | over))


def drain(data: Path, **over: Any) -> None:
    """Bring everything that is in the journals into the lake, with a pipeline that lives as long as that takes."""
    # A process that was killed while it forked leaves its lock to the child for a moment, as the real start knows.
    pipeline = Pipeline(settings(data, **over), threading.Event(), patience=10)
    try:
        pipeline.drain()
    finally:
        pipeline.close()


def problems_of(pipeline: Pipeline) -> list[str]:
    """What the pipeline would say of itself now."""
    return pipeline._heartbeat("running").problems


def ask(data: Path, sql: str, parameters: Any = ()) -> list[tuple[Any, ...]]:
    reader = LakeReader(data / "lake")
    try:
        return reader.query(sql, parameters).rows
    finally:
        reader.close()


def fates(data: Path) -> list[tuple[str, str]]:
    """The mid and fate of every event received, in order of journal and place."""
    rows = ask(data, "SELECT mid, fate FROM ledger WHERE derived_from IS NULL ORDER BY journal, record, idx")
    return [(mid, fate) for mid, fate in rows]
