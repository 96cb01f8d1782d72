"""Events in a real lake, without the pipeline: Delta tables as it would have written them."""

import json
import math
import random
from collections import Counter
from ctypes import c_int64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from footfall.lake.arrow import HOURLY_SCHEMA
from footfall.lake.columns import EVENTS
from footfall.schema.hashing import key_hash

JOURNAL = "j0a1b2c3"
_ARROW = {
    "string": pa.string(),
    "double": pa.float64(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "date": pa.date32(),
    "timestamp_ntz": pa.timestamp("us"),
    "strings": pa.list_(pa.string()),
}
EVENTS_SCHEMA = pa.schema([(column.name, _ARROW[column.kind]) for column in EVENTS])

_MIX = {
    "IMPRESSION": 34,
    "INTERACT": 41,
    "START": 7,
    "END": 6,
    "LOG": 9,
    "ASSESS": 5,
    "RESPONSE": 4,
    "SEARCH": 3,
    "ERROR": 1.5,
    "FEEDBACK": 0.8,
    "AUDIT": 1.2,
}
_PAGES = ("home", "course-toc", "player", "search", "signup", "profile", "library", "quiz")
_FAULTS: tuple[tuple[str, str, str, str | None, str], ...] = (
    ("INTERACT", "missing_field", "$.edata.id", None, "id is required."),
    ("AUDIT", "wrong_type", "$.edata.props", "string", "props must be an array, not a string."),
    ("END", "unknown_field", "$.edata.subtype", None, "edata has no field subtype."),
    ("SHARE", "empty_value", "$.context.channel", "string", "channel must not be empty."),
    ("PAGEVIEW", "unknown_event", "$.eid", None, "eid is not one of the 17 events."),
)


def row(at: datetime, number: int, **over: Any) -> dict[str, Any]:
    """One row of the events table; `over` sets columns, `finding` adds one."""
    eid, channel = over.get("eid", "IMPRESSION"), over.get("channel", "dev")
    mid = over.get("mid", f"{eid}:{number:08x}")
    naive = at.astimezone(UTC).replace(tzinfo=None)
    naive = naive.replace(microsecond=naive.microsecond // 1000 * 1000)
    page = over.pop("page", "home")
    body = {
        "eid": eid,
        "ets": int(at.timestamp() * 1000),
        "ver": "3.0",
        "mid": mid,
        "actor": {"id": f"u-{number % 97}", "type": "User"},
        "context": {"channel": channel, "env": "portal", "pdata": {"id": "demo.portal", "ver": "1.0", "pid": "web"}},
        "edata": {"type": "view", "pageid": page, "uri": f"/{page}"},
    }
    base: dict[str, Any] = {
        "day": naive.date(),
        "fate": "stored",
        "channel": channel,
        "event_type": eid,
        "eid": eid,
        "mid": mid,
        "ver": "3.0",
        "ets": at.timestamp() * 1000,
        "occurred_at": naive,
        "received_at": naive,
        "clock": "ok",
        "edata_pageid": page,
        "edata_type": "view",
        "event": json.dumps(over.pop("body", body)),
        "reasons": [],
        "warnings": [],
        "findings": None,
        "journal": JOURNAL,
        "record": number,
        "idx": 0,
        "of": 1,
        "key_hash": c_int64(key_hash(channel, mid)).value,
        "content_hash": number,
    }
    return base | over


def rejected(at: datetime, number: int, fault: tuple[str, str, str, str | None, str], **over: Any) -> dict[str, Any]:
    """A row of a rejected event."""
    eid, code, path, found, message = fault
    return row(
        at,
        number,
        eid=eid,
        fate="rejected",
        event_type=eid,
        reasons=[code],
        findings=json.dumps([[code, path, found, message]]),
        **over,
    )


def write(root: Path, rows: list[dict[str, Any]]) -> None:
    """Append rows to the events table, and what they add up to, to the hourly one."""
    table = pa.Table.from_pylist(rows, schema=EVENTS_SCHEMA)
    write_deltalake(root / "events", table, partition_by=["day", "fate"], mode="append")
    counts = Counter(
        (_hour(r["occurred_at"] or r["received_at"]), r["channel"], r["event_type"], r["fate"]) for r in rows
    )
    keys = [dict(zip(("hour", "channel", "event_type", "fate"), key, strict=True)) for key in counts]
    hourly = [key | {"n": n} for key, n in zip(keys, counts.values(), strict=True)]
    write_deltalake(root / "hourly", pa.Table.from_pylist(hourly, schema=HOURLY_SCHEMA), mode="append")


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def simulate(until: datetime, days: int, per_hour: float, seed: int = 7) -> list[dict[str, Any]]:
    """Rows of a site that is busy by day, quieter at weekends, and slowly growing; ends a second before `until`."""
    rng = random.Random(seed)
    rows: list[dict[str, Any]] = []
    start = until - timedelta(days=days)
    for hour in range(days * 24):
        begin = start + timedelta(hours=hour)
        wave = 0.12 + max(0.0, math.sin((begin.hour - 5) / 24 * 2 * math.pi)) ** 1.3
        weekend = 0.55 if begin.weekday() >= 5 else 1.0
        growth = 0.8 + 0.4 * hour / (days * 24)
        for _ in range(round(per_hour * wave * weekend * growth * rng.uniform(0.88, 1.12))):
            at = begin + timedelta(seconds=rng.uniform(0, 3599))
            rows.append(_simulated(rng, at, len(rows)))
    return rows


def _simulated(rng: random.Random, at: datetime, number: int) -> dict[str, Any]:
    luck, channel = rng.random(), rng.choices(("portal", "mobile", "lms"), (6, 3, 1))[0]
    if luck < 0.012:
        return rejected(at, number, rng.choices(_FAULTS, (8, 5, 3, 2, 1))[0], channel=channel)
    eid = rng.choices(tuple(_MIX), tuple(_MIX.values()))[0]
    fate = "duplicate" if luck < 0.034 else "stored"
    return row(at, number, eid=eid, fate=fate, channel=channel, page=rng.choice(_PAGES))
