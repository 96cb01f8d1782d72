"""What an SDK sent, and the proof that footfall has it: in the lake as sent, once, and on the chart."""

import json
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from tests.serving import Rows, Served, until

from .calls import PDATA, Call, Json

HERE = Path(__file__).parent


class Request(Struct, frozen=True):
    """One POST of an SDK; header names in lower case, status 0 where the sender could not read the reply."""

    url: str
    headers: dict[str, str]
    body: str
    status: int
    reply: str

    @property
    def events(self) -> list[Json]:
        """The events in it, whatever they are wrapped in."""
        sent = json.loads(self.body)
        return list(sent.get("events", [sent]))

    @property
    def result(self) -> Json:
        """What the reply says of them."""
        return dict(json.loads(self.reply)["result"])


def in_node(script: str, **plan: Any) -> list[Request]:
    """Run a script of this folder; returns what it sent."""
    done = subprocess.run(
        ["node", HERE / script], input=json.dumps(plan), capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return msgspec.json.decode(done.stdout, type=list[Request])


def call(entry: str, config: Json, calls: list[Call], **plan: Any) -> list[Request]:
    """Call methods of a package in Node."""
    return in_node("methods.cjs", entry=entry, config=config, calls=calls, **plan)


def config(footfall: Served, channel: str, **more: object) -> Json:
    """The least that an integrator has to say to an SDK, and what the test adds."""
    where = {"host": footfall.url, "apislug": "", "endpoint": "/v1/telemetry"}
    return where | {"pdata": PDATA, "env": "home", "channel": channel, "did": "device-1", "sid": "session-1"} | more


def eids(requests: list[Request]) -> list[str]:
    """The eids of everything that was sent, in alphabetical order, resent ones as often as they were."""
    return sorted(event["eid"] for request in requests for event in request.events)


def prove(footfall: Served, channel: str, requests: list[Request]) -> Rows:
    """Every event sent is in the lake as it was sent, stored exactly once, and counted by the chart.

    Returns the rows of the stored events, without derived ones.
    """
    assert [request.status for request in requests] == [200] * len(requests), requests
    sent = [event for request in requests for event in request.events]
    unique = {event["mid"]: event for event in sent}
    ledger = f"SELECT * FROM ledger WHERE channel = '{channel}' AND derived_from IS NULL ORDER BY record, idx"
    rows = footfall.wait_for(ledger, lambda rows: len(rows) >= len(sent))
    stored = [row for row in rows if row["fate"] == "stored"]
    assert Counter(row["fate"] for row in rows) == Counter(stored=len(unique)) + Counter(
        duplicate=len(sent) - len(unique)
    )
    assert {row["mid"]: json.loads(row["event"]) for row in stored} == unique
    _prove_chart(footfall, channel, list(unique.values()))
    return stored


def warnings(rows: Rows) -> dict[str, set[str]]:
    """What was remarked, by eid; events without a remark do not stand in it."""
    return {row["eid"]: set(row["warnings"]) for row in rows if row["warnings"]}


def _prove_chart(footfall: Served, channel: str, events: list[Json]) -> None:
    expected = Counter(event["eid"] for event in events)
    expected += Counter(SHARE_ITEM=sum(len(event["edata"]["items"]) for event in events if event["eid"] == "SHARE"))
    shown: Counter[str] = Counter()

    def asked() -> bool:
        nonlocal shown
        series = footfall.get("/api/series", channel=channel, fate="stored", top=20).json()["series"]
        shown = Counter({line["type"]: line["total"] for line in series})
        return shown.total() >= expected.total()

    until(asked)
    assert shown == expected
