"""Sends the simulated people's events to a running footfall over HTTP, as its clients do."""

import http.client
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from msgspec import Struct

from footfall.demo.history import DAYS, EVENTS, history
from footfall.demo.live import RATE, live
from footfall.failure import TerminalError, TransientError

PATH = "/v1/telemetry"
PATIENCE_S = 60.0

_MOST_PAUSE_S = 30.0
_FIRST_PAUSE_S = 0.05
_MOST_BACKOFF_S = 5.0
_TIMEOUT_S = 30.0
_MOST_LAG_S = 30.0


class Sent(Struct, frozen=True):
    """How many events were sent, and what the answers said became of them."""

    events: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(
            self.events + other.events,
            self.accepted + other.accepted,
            self.duplicate + other.duplicate,
            self.rejected + other.rejected,
        )


Progress = Callable[[Sent], object]


class RefusedError(TerminalError):
    """The server does not take the request, or is no footfall; says the status."""


class BusyError(TransientError):
    """The server asks to come back later."""

    def __init__(self, status: int, retry_after: float) -> None:
        super().__init__(f"the server is busy (HTTP {status})")
        self.retry_after = retry_after


class UnreachableError(TransientError):
    """No connection, or one that broke before the answer came."""

    retry_after = 0.0  # the sender chooses


class _Result(Struct):
    accepted: int
    duplicate: int
    rejected: int


class _Reply(Struct):
    result: _Result


class Door:
    """A kept-alive connection to one footfall; use it from one thread at a time."""

    def __init__(
        self, url: str, key: str | None = None, stop: threading.Event | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise RefusedError("the address must begin with http:// or https:// and name a host")
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connect(parts.hostname, parts.port, timeout=_TIMEOUT_S)
        self._path = parts.path.rstrip("/") + PATH
        self._headers = {"Content-Type": "application/json", "User-Agent": "footfall-demo"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._stop = stop or threading.Event()
        self._patience_s = patience_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def send(self, events: list[bytes]) -> Sent:
        """Send a batch, again and again while the server is away or busy, until patience ends.

        Raises RefusedError, or what stood in the way last: BusyError, UnreachableError.
        """
        deadline = time.monotonic() + self._patience_s
        backoff = _FIRST_PAUSE_S
        message = uuid4().hex
        while True:
            try:
                return self._post(events, message)
            except TransientError as error:
                pause = min(error.retry_after or backoff, _MOST_PAUSE_S)
                if time.monotonic() + pause > deadline or self._stop.wait(pause):
                    raise
            backoff = min(2 * backoff, _MOST_BACKOFF_S)

    def _post(self, events: list[bytes], message: str) -> Sent:
        body = _envelope(events, message)
        try:
            self._connection.request("POST", self._path, body, self._headers)
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise UnreachableError(f"the server cannot be reached: {type(error).__name__}") from error
        if response.status in (429, 503):
            raise BusyError(response.status, _retry_after(response.headers.get("Retry-After")))
        if response.status != 200:
            raise RefusedError(f"the server refused the events (HTTP {response.status})")
        return _read(answer, len(events))


def _envelope(events: list[bytes], message: str) -> bytes:
    """The batch, stamped anew at each try, so that a retry does not look like a slow clock."""
    head = f'{{"id":"api.telemetry","ver":"3.0","params":{{"msgid":"{message}"}},"ets":{_now_ms()},"events":['
    return head.encode() + b",".join(events) + b"]}"


def _read(answer: bytes, count: int) -> Sent:
    try:
        result = msgspec.json.decode(answer, type=_Reply).result
    except msgspec.DecodeError as error:
        raise RefusedError("the answer is not one that footfall gives") from error
    return Sent(count, result.accepted, result.duplicate, result.rejected)


def _retry_after(header: str | None) -> float:
    try:
        return max(float(header or "1"), 0.0)
    except ValueError:  # a date, which footfall does not send
        return 1.0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _utc_offset_s() -> int:
    offset = datetime.now().astimezone().utcoffset()
    return int(offset.total_seconds()) if offset else 0


def send_history(
    url: str,
    key: str | None,
    seed: int,
    *,
    until_ms: int | None = None,
    days: int = DAYS,
    target_events: int = EVENTS,
    utc_offset_s: int | None = None,
    connections: int = 2,
    stop: threading.Event | None = None,
    progress: Progress | None = None,
) -> Sent:
    """Send the days up to `until_ms` (now) in bulk, over a few connections; returns the totals.

    Days and nights are this machine's unless `utc_offset_s` says otherwise. `progress` is called in this thread with
    the totals so far. A set `stop` ends it early. Raises what Door.send raises.
    """
    until_ms = _now_ms() if until_ms is None else until_ms
    offset = _utc_offset_s() if utc_offset_s is None else utc_offset_s
    total = Sent()
    pending: deque[Future[Sent]] = deque()
    with ExitStack() as stack:
        doors: queue.SimpleQueue[Door] = queue.SimpleQueue()
        for _ in range(connections):
            doors.put(stack.enter_context(Door(url, key, stop)))
        pool = stack.enter_context(ThreadPoolExecutor(connections))
        for batch in history(seed, until_ms, days, target_events, offset):
            if stop is not None and stop.is_set():
                break
            pending.append(pool.submit(_send, doors, batch))
            if len(pending) > 2 * connections:
                total = _settle(pending, total, progress)
        while pending:
            total = _settle(pending, total, progress)
    return total


def _send(doors: queue.SimpleQueue[Door], batch: list[bytes]) -> Sent:
    door = doors.get()
    try:
        return door.send(batch)
    finally:
        doors.put(door)


def _settle(pending: deque[Future[Sent]], total: Sent, progress: Progress | None) -> Sent:
    total += pending.popleft().result()
    if progress is not None:
        progress(total)
    return total


def run_live(
    url: str,
    key: str | None,
    seed: int,
    stop: threading.Event,
    *,
    rate: float = RATE,
    progress: Progress | None = None,
) -> Sent:
    """Send live traffic at `rate` events a second until `stop` is set; returns the totals.

    A server that is away is waited for; what people would have done in the meantime is left out. Raises RefusedError.
    """
    total = Sent()
    with Door(url, key, stop) as door:
        while not stop.is_set():
            start_ms = _now_ms()
            due = time.monotonic()
            for delay, batch in live(seed, start_ms, str(start_ms), rate):
                due += delay
                if stop.wait(max(0.0, due - time.monotonic())) or time.monotonic() - due > _MOST_LAG_S:
                    break
                total += _send_or_drop(door, batch)
                if progress is not None:
                    progress(total)
    return total


def _send_or_drop(door: Door, batch: list[bytes]) -> Sent:
    try:
        return door.send(batch)
    except TransientError:
        return Sent()
