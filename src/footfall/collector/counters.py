"""What a collector counts, in plain numbers; `metrics` hands them on about once a second.

A Prometheus counter shared between processes costs microseconds at each step, which is too dear for every request.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

from footfall.schema.reasons import Reason
from footfall.schema.verdict import Fate

_CHANNELS_AT_MOST = 1000
_LONGEST_LABEL = 100
OTHER = "other"

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SYNC_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)
BYTES = (256.0, 1024.0, 4096.0, 16384.0, 65536.0, 262144.0, 1048576.0, 4194304.0, 16777216.0)


class LocalHistogram:
    """How often a value fell between which bounds, and the sum of all."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.reset()

    def reset(self) -> None:
        """Start again from nothing."""
        self.counts = [0] * (len(self.bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counters:
    """Counts since they were last handed on."""

    def __init__(self) -> None:
        self.events: Counter[tuple[str, str]] = Counter()
        self.requests: Counter[str] = Counter()
        self.seconds = LocalHistogram(SECONDS)
        self.body_bytes = LocalHistogram(BYTES)
        self.sync_seconds = LocalHistogram(SYNC_SECONDS)
        self._labels: set[str] = set()

    def taken(self, fates: Iterable[tuple[str, Fate, int]]) -> None:
        """Count a request whose events have met their fates."""
        self.requests["ok"] += 1
        for channel, fate, number in fates:
            self.events[self._label(channel), fate] += number

    def refused(self, reason: Reason) -> None:
        """Count a request that was refused."""
        self.requests[reason.code] += 1

    def _label(self, channel: str) -> str:
        """The channel as a metric's label: senders may make names up, but not without end."""
        if channel in self._labels:
            return channel
        if len(self._labels) >= _CHANNELS_AT_MOST or len(channel) > _LONGEST_LABEL or not channel.isprintable():
            return OTHER
        self._labels.add(channel)
        return channel
