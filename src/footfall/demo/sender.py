"""Sends what the simulated people do to a running footfall over HTTP, as its clients do."""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime

from footfall.demo.client import Client, Sent, now_ms
from footfall.demo.endpoints import Endpoint, Parcel
from footfall.demo.history import DAYS, EVENTS, history
from footfall.demo.live import RATE, live
from footfall.errors import TransientError

__all__ = ["Progress", "Sent", "run_live", "send_history"]

Progress = Callable[[Sent], object]

_MOST_LAG_S = 30.0
_LMS_CONNECTIONS = 8  # it takes one thing in a request, and each waits for the disk


def _utc_offset_s() -> int:
    offset = datetime.now().astimezone().utcoffset()
    return int(offset.total_seconds()) if offset else 0


class _Lane:
    """A few connections, and what is under way over them."""

    def __init__(self, stack: ExitStack, connections: int, make: Callable[[], Client]) -> None:
        self._clients: queue.SimpleQueue[Client] = queue.SimpleQueue()
        for _ in range(connections):
            self._clients.put(stack.enter_context(make()))
        self._pool = stack.enter_context(ThreadPoolExecutor(connections))
        self._most = 2 * connections
        self._pending: deque[Future[Sent]] = deque()

    def put(self, parcel: Parcel) -> None:
        """Send something as soon as a connection is free."""
        self._pending.append(self._pool.submit(self._send, parcel))

    def settle(self, *, to_the_end: bool = False) -> Sent:
        """What has arrived since the last time; waits only where too much is under way."""
        total = Sent()
        while self._pending and (to_the_end or len(self._pending) > self._most or self._pending[0].done()):
            total += self._pending.popleft().result()
        return total

    def _send(self, parcel: Parcel) -> Sent:
        client = self._clients.get()
        try:
            return client.send(parcel)
        finally:
            self._clients.put(client)


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
    until_ms = now_ms() if until_ms is None else until_ms
    offset = _utc_offset_s() if utc_offset_s is None else utc_offset_s
    total = Sent()
    with ExitStack() as stack:
        bulk = _Lane(stack, connections, lambda: Client(url, key, stop))
        single = _Lane(stack, _LMS_CONNECTIONS, lambda: Client(url, key, stop))
        for parcel in history(seed, until_ms, days, target_events, offset):
            if stop is not None and stop.is_set():
                break
            lane = single if parcel.way is Endpoint.LMS else bulk
            lane.put(parcel)
            total = _add(total, lane.settle(), progress)
        for lane in (bulk, single):
            total = _add(total, lane.settle(to_the_end=True), progress)
    return total


def _add(total: Sent, more: Sent, progress: Progress | None) -> Sent:
    if more.events:
        total += more
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

    A server that is away is waited for; what people would have done in the meantime is left out.
    Raises RefusedBatchError.
    """
    total = Sent()
    with Client(url, key, stop) as client:
        while not stop.is_set():
            start_ms = now_ms()
            due = time.monotonic()
            for delay, parcel in live(seed, start_ms, str(start_ms), rate):
                due += delay
                if stop.wait(max(0.0, due - time.monotonic())) or time.monotonic() - due > _MOST_LAG_S:
                    break
                total += _send_or_drop(client, parcel)
                if progress is not None:
                    progress(total)
    return total


def _send_or_drop(client: Client, parcel: Parcel) -> Sent:
    try:
        return client.send(parcel)
    except TransientError:
        return Sent()
