"""What a server does over time: memory and backlog, sampled from outside."""

import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct

from bench.server import Server

_SECONDS = 1.0


class Sample(Struct, frozen=True):
    """One moment: seconds since the start, PSS in MiB by kind of process, bytes that wait in the journals."""

    at: float
    memory: dict[str, float]
    lag_bytes: int

    @property
    def total(self) -> float:
        """PSS of all processes, in MiB."""
        return sum(self.memory.values())


class Watch:
    """Samples a server every second in a thread of its own, until stopped."""

    def __init__(self, server: Server) -> None:
        self.samples: list[Sample] = []
        self._server = server
        self._stop = threading.Event()
        self._begun = time.monotonic()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; the samples can be read then."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_SECONDS):
            beat = self._server.heartbeat()
            memory = self._server.memory()
            self.samples.append(Sample(time.monotonic() - self._begun, memory, beat.lag_bytes if beat else 0))

    @property
    def peak(self) -> Sample:
        """When it used most memory."""
        return max(self.samples, key=lambda sample: sample.total)

    def second_half(self) -> list[Sample]:
        """The samples of the second half, when everything is warm."""
        return self.samples[len(self.samples) // 2 :]


@contextmanager
def watching(server: Server) -> Iterator[Watch]:
    """Watch a server while something is done to it."""
    watch = Watch(server)
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def slope(points: list[tuple[float, float]]) -> float:
    """How fast a value grows, by least squares, per second."""
    times, values = zip(*points, strict=True)
    return float(statistics.linear_regression(times, values).slope)


def costs(before: dict[str, float], after: dict[str, float], events: int) -> str:
    """CPU time that each event took between two measurements, as text, by kind of process."""
    used = {kind: (spent - before.get(kind, 0.0)) / max(1, events) * 1e6 for kind, spent in after.items()}
    return "CPU an event: " + ", ".join(f"{kind} {cost:.1f} µs" for kind, cost in used.items() if cost >= 0.1)
