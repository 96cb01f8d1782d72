"""Events of flows and sessions, and lakes that hold them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.flows.change_feed import ChangeFeed
from footfall.flows.flow_table import FlowTable
from footfall.flows.fold import FlowFold
from footfall.lake.table import LakeTable
from footfall.plans import registry
from footfall.plans.model import Plan
from tests.lake.rows import Row, open_events, partition, put, reading, row

NOON = datetime(2026, 11, 20, 12)
Json = dict[str, Any]


def event(eid: str, second: float, edata: Json, **over: Any) -> Json:
    """A V3 event so many seconds after noon; settable are `env`, `flow`, `kind` (of cdata), `sid`, `did`, `channel`."""
    given = {"env": "signup", "flow": "f1", "kind": "signup", "sid": "s1", "did": "d1", "channel": "dev"} | over
    ets = NOON.replace(tzinfo=UTC).timestamp() * 1000 + second * 1000
    return {
        "eid": eid,
        "ets": ets,
        "ver": "3.0",
        "mid": given.get("mid") or f"{eid}:{given['flow']}:{given['sid']}:{second}:{edata.get('id', '')}",
        "actor": {"id": "anonymous", "type": "User"},
        "context": {
            "channel": given["channel"],
            "env": given["env"],
            "pdata": {"id": "test.portal", "ver": "1", "pid": "web"},
            "sid": given["sid"],
            "did": given["did"],
            "cdata": [{"type": given["kind"], "id": given["flow"]}],
        },
        "edata": edata,
    }


def signup(flow: str = "f1", *, at: float = 0.0, created: bool = True, **over: Any) -> list[Json]:
    """A whole sign-up as the plan has it, or one in which the account could not be made."""

    def one(eid: str, second: float, edata: Json, **more: Any) -> Json:
        return event(eid, at + second, edata, **{"flow": flow, **over, **more})

    done = (
        one("AUDIT", 31, {"props": ["a"], "state": "Created", "prevstate": ""}, env="signin", flow="self")
        if created
        else one("LOG", 31, log("api_call", "user creation failed", "signup"))
    )
    return [
        one("START", 0, {"type": "signup", "pageid": "signup", "mode": "self", "uaspec": {"agent": "x"}}),
        one("IMPRESSION", 1, {"type": "view", "pageid": "signup", "uri": "/signup"}),
        one("INTERACT", 10, {"type": "click", "id": "submit-signup", "pageid": "signup"}),
        one("IMPRESSION", 12, {"type": "view", "pageid": "otp", "uri": "/sign-up"}),
        one("INTERACT", 30, {"type": "click", "id": "submit-otp", "pageid": "otp"}, kind="otp"),
        done,
        one("END", 32, {"type": "signup", "pageid": "signup", "mode": "self"}),
    ]


def log(kind: str, message: str, page: str) -> Json:
    """The edata of an error in a log."""
    return {"type": kind, "level": "ERROR", "message": message, "pageid": page}


def row_of(number: int, value: Json, **over: Any) -> Row:
    """The row of the events table that an event becomes."""
    context, edata = value["context"], value["edata"]
    at = (datetime.fromtimestamp(value["ets"] / 1000, UTC)).replace(tzinfo=None)
    named: Row = {
        "channel": context["channel"],
        "event_type": value["eid"],
        "eid": value["eid"],
        "mid": value["mid"],
        "env": context["env"],
        "sid": context["sid"],
        "did": context["did"],
        "edata_type": edata.get("type"),
        "edata_subtype": edata.get("subtype"),
        "edata_id": edata.get("id"),
        "edata_pageid": edata.get("pageid"),
        "edata_mode": edata.get("mode"),
        "received_at": at + timedelta(seconds=2),
        "event": json.dumps(value),
    }
    return row(number, at, **named | over)


class House:
    """A lake whose events are folded in this process."""

    def __init__(
        self, root: Path, *plans: str, channels: str = "", most: int = 64 << 20, chunk: int = 64 << 20
    ) -> None:
        self.root = root
        self.chunk = chunk
        self.merges = True
        self.plans: list[Plan] = [registry.find(name) for name in plans]
        self.channels = channels
        self.most = most
        self.events: LakeTable = open_events(root)
        self.written = 0

    def put(self, *values: Json, **over: Any) -> None:
        """Commit events."""
        rows = [row_of(self.written + number, value, **over) for number, value in enumerate(values)]
        self.written += len(rows)
        put(self.events, rows)

    def compact(self) -> None:
        """Rewrite all stored events as one file, as compaction does."""
        files = [path for path in self.events.adds().column("path").to_pylist() if "stored" in path]
        parts = [pq.read_table(self.events.folder / path, partitioning=None) for path in files]
        merged = self.events.write(pa.concat_tables(parts), partition(), data_change=False)
        self.events.commit([*self.events.removals(set(files)), merged], {})

    def fold(self, *, steps: int = 1_000) -> None:
        """Fold what is new, by a folder that has just been opened, as after a restart."""
        store = FlowTable(self.root, 1 << 20)
        try:
            folder = FlowFold(ChangeFeed(self.root, self.chunk), store, self.plans, self.channels, most=self.most)
            while steps and folder.step().more:
                steps -= 1
            if self.merges:
                store.merge()
            folder.save()
        finally:
            store.close()

    def flows(self) -> list[tuple[Any, ...]]:
        """Every flow with all that is said of it, but for the number of its revision."""
        return self.ask("SELECT * EXCLUDE (revision) FROM flows ORDER BY plan, channel, id, began_at")

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the lake."""
        with reading(self.root) as reader:
            return reader.query(sql).rows
