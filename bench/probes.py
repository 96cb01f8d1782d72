"""Single events sent all the time, and when each of them shows up in a query."""

import http.client
import random
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from bench.events import event, finished
from bench.server import Server
from footfall.lake.query import LakeReader

CHANNEL = "bench-probe"
_EVERY = 0.2
_LOOK_EVERY = 0.05
_PATIENCE = 60.0
_SEEN = """
SELECT right(mid, 16) FROM events
WHERE channel = $channel AND received_at >= make_timestamp($since * 1000)
"""


class Probe(Struct):
    """One event: when its acknowledgement came, and when a query first showed it, in seconds on one clock."""

    acknowledged: float
    sent_ms: int
    seen: float | None = None


class Probes:
    """Sends a probe every 200 ms in one thread, and queries the lake for them in another."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._run = secrets.token_hex(8)
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._probes: dict[str, Probe] = {}
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._send, self._look)]
        self.failed: list[str] = []

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send no more, and wait until all are seen, or a minute has passed."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def delays(self) -> list[float]:
        """Seconds from acknowledgement to visibility of all that were seen, ascending."""
        return sorted(probe.seen - probe.acknowledged for probe in self._probes.values() if probe.seen is not None)

    @property
    def unseen(self) -> int:
        """How many were acknowledged and never seen."""
        return len(self._pending())

    def _pending(self) -> dict[str, Probe]:
        with self._lock:
            return {number: probe for number, probe in self._probes.items() if probe.seen is None}

    def _send(self) -> None:
        chance = random.Random(self._run)
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=10)
        number = 0
        while not self._stop.wait(_EVERY):
            number += 1
            sent = time.time_ns() // 1_000_000
            body = finished(event(chance, self._run, channel=CHANNEL), number, sent)
            try:
                connection.request("POST", "/v1/telemetry", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(type(error).__name__)
                connection.close()
                continue
            if answer.status != 200:
                self.failed.append(str(answer.status))
                continue
            with self._lock:
                self._probes[f"{number:016d}"] = Probe(time.monotonic(), sent)
        connection.close()

    def _look(self) -> None:
        reader = LakeReader(self._server.settings.lake)
        version, deadline = -1, None
        while True:
            pending = self._pending()
            if self._stop.is_set():
                deadline = deadline or time.monotonic() + _PATIENCE
                if not pending or time.monotonic() > deadline:
                    break
            if pending and (newest := reader.version()) != version:
                version = newest
                self._mark(reader, pending)
            time.sleep(_LOOK_EVERY)
        reader.close()

    def _mark(self, reader: LakeReader, pending: dict[str, Probe]) -> None:
        since = min(probe.sent_ms for probe in pending.values()) - 1000
        rows = reader.query(_SEEN, {"channel": CHANNEL, "since": since}).rows
        now = time.monotonic()
        for (number,) in rows:
            if number in pending:
                pending[number].seen = now


@contextmanager
def probing(server: Server) -> Iterator[Probes]:
    """Probe a server while something is done to it."""
    probes = Probes(server)
    probes.start()
    try:
        yield probes
    finally:
        probes.stop()
