"""The published packages in Node, where backends use them."""

import time

import pytest

from tests.serving import Served

from .calls import EIDS, PLAIN, Json, session
from .evidence import call, config, eids, in_node, prove, warnings

ENTRIES = ["sdk-2.0.1", "sdk-2.0.1/dist/index.mjs"]


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_method_is_stored_and_on_the_chart(footfall: Served, entry: str, channel: str) -> None:
    requests = call(entry, config(footfall, channel), session(PLAIN))
    rows = prove(footfall, channel, requests)
    assert eids(requests) == sorted(EIDS)
    assert warnings(rows) == {}


@pytest.mark.parametrize(("entry", "dispatcher"), [("sdk-2.0.1", "batches"), ("sdk-1.3.0", "events")])
def test_a_dispatcher_of_a_backends_own(footfall: Served, entry: str, dispatcher: str, channel: str) -> None:
    # 1.3.0 sends nothing by itself where there is no page; this is how backends have used it.
    where = {"url": footfall.url + "/v1/telemetry"}
    requests = call(entry, config(footfall, channel), session(PLAIN), dispatcher=dispatcher, **where)
    prove(footfall, channel, requests)
    assert eids(requests) == sorted(EIDS)


def test_what_the_package_exports_besides(footfall: Served, channel: str) -> None:
    event: Json = {
        "eid": "HEARTBEAT",
        "ets": time.time_ns() // 1_000_000,
        "ver": "3.0",
        "actor": {"id": "service", "type": "System"},
        "context": {"channel": channel, "env": "backend", "pdata": {"id": "school.service"}},
        "edata": {},
    }
    requests = in_node("exports.cjs", config=config(footfall, channel), event=event)
    rows = prove(footfall, channel, requests)
    assert sorted(row["mid"] for row in rows) == ["by Dispatcher", "by TelemetrySyncManager"]
