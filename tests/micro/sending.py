"""Events to send, and a client to send them with."""

import json
from typing import Any

import httpx

from footfall.schema.examples import example

Json = dict[str, Any]
PATH = "/v1/telemetry"


def event(eid: str = "INTERACT", mid: str = "m1", **changes: Any) -> Json:
    """An event that both profiles accept without a remark."""
    return example(eid) | {"mid": mid} | changes


def encode(*events: Any) -> bytes:
    """The events in a batch."""
    return json.dumps({"id": "api.telemetry", "ver": "3.0", "events": events}).encode()


def client(url: str) -> httpx.Client:
    """A client that minds no proxy and reads no certificates."""
    return httpx.Client(base_url=url, trust_env=False, verify=False, timeout=30)


def send(url: str, *events: Any, path: str = PATH, **headers: str) -> Json:
    """Send a batch; returns the reply's result."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with client(url) as http:
        reply = http.post(path, content=encode(*events), headers={"content-type": "application/json"} | named)
    assert reply.status_code == 200, reply.text
    return dict(reply.json()["result"])
