"""Clients that behave as clients should: a batch is sent again, unchanged, until it is acknowledged."""

import http.client
import json
import socket
import threading
import time
from urllib.parse import urlsplit

from msgspec import Struct, field

BATCH = 20
_PAUSE_S = 0.02
_TIMEOUT_S = 15


class Ledger(Struct):
    """What the clients know: mids sent, and mids that were acknowledged as accepted or duplicate."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    retries: int = 0
    odd: list[str] = field(default_factory=list)


def event(mid: str) -> dict[str, object]:
    """A valid event."""
    return {
        "eid": "INTERACT",
        "ets": time.time_ns() // 1_000_000,
        "ver": "3.0",
        "mid": mid,
        "actor": {"id": "torture", "type": "System"},
        "context": {"channel": "dev", "env": "torture", "pdata": {"id": "torture", "ver": "1"}},
        "edata": {"type": "TOUCH", "id": "button", "pageid": "page", "extra": {"padding": "x" * 400}},
    }


class Client(threading.Thread):
    """Sends batches until `stop` is set; `url` may change when the server is started again elsewhere."""

    def __init__(self, name: str, url: str, ledger: Ledger, stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.url = url
        self._ledger = ledger
        self._ended = stop
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Send."""
        number = 0
        while not self._ended.is_set():
            mids = [f"{self.name}:{number + place}" for place in range(BATCH)]
            number += BATCH
            self._ledger.sent.update(mids)
            self._deliver(mids, json.dumps({"events": [event(mid) for mid in mids]}).encode())
        self._drop()

    def _deliver(self, mids: list[str], body: bytes) -> None:
        while True:
            if self._once(mids, body):
                return
            self._ledger.retries += 1
            if self._ended.wait(_PAUSE_S):
                return

    def _once(self, mids: list[str], body: bytes) -> bool:
        try:
            status, reply = self._post(body)
        except (OSError, http.client.HTTPException):
            self._drop()
            return False
        if status in (429, 503):
            return False
        result = json.loads(reply).get("result", {})
        if status != http.client.OK or result["accepted"] + result["duplicate"] != len(mids):
            self._ledger.odd.append(f"{status} {reply[:300]!r}")
            return True
        self._ledger.acknowledged.update(mids)
        return True

    def _post(self, body: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            place = urlsplit(self.url)
            self._connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_TIMEOUT_S)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.request("POST", "/v1/telemetry", body, {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
