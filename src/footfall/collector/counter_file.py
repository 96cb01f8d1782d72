"""What a collector has counted, as a file that every other one may read: whoever is asked tells of all together.

A collector that is started again goes on from what the one before it wrote, so that no counter ever goes back.
"""

import time
from pathlib import Path

import msgspec
from msgspec import Struct, field

from footfall.collector.counters import BYTES, SECONDS, SYNC_SECONDS, LocalHistogram
from footfall.runtime import runtime_folder
from footfall.runtime.heartbeat import STALE_MS

_SUFFIX = ".numbers"


class Sums(Struct):
    """A histogram: how often a value fell between which bounds, and the sum of all."""

    counts: list[int]
    total: float = 0.0

    @classmethod
    def of(cls, bounds: tuple[float, ...]) -> "Sums":
        """An empty one; the last count is of what lies above all bounds."""
        return cls([0] * (len(bounds) + 1))

    def add(self, counts: list[int], total: float) -> None:
        """Add what another one has, of the same bounds."""
        if len(counts) == len(self.counts):
            self.counts = [own + other for own, other in zip(self.counts, counts, strict=True)]
            self.total += total

    def take(self, spread: LocalHistogram) -> None:
        """Add what was observed, and start that anew."""
        self.add(spread.counts, spread.total)
        spread.reset()


class CounterTotals(Struct):
    """All that one collector has counted; `at` is epoch ms. `end` repeats `at`: they differ where a file is torn."""

    at: int = 0
    events: dict[str, dict[str, int]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    seconds: Sums = field(default_factory=lambda: Sums.of(SECONDS))
    sync_seconds: Sums = field(default_factory=lambda: Sums.of(SYNC_SECONDS))
    body_bytes: Sums = field(default_factory=lambda: Sums.of(BYTES))
    held_bytes: int = 0
    pending_bytes: int = 0
    end: int = 0

    def count(self, channel: str, fate: str, number: int) -> None:
        """Count events of a channel that met a fate."""
        fates = self.events.setdefault(channel, {})
        fates[fate] = fates.get(fate, 0) + number

    def request(self, reason: str, number: int) -> None:
        """Count requests that ended so."""
        self.requests[reason] = self.requests.get(reason, 0) + number

    def add(self, other: "CounterTotals") -> None:
        """Add what another collector counted."""
        for channel, fates in other.events.items():
            for fate, number in fates.items():
                self.count(channel, fate, number)
        for reason, number in other.requests.items():
            self.request(reason, number)
        self.seconds.add(other.seconds.counts, other.seconds.total)
        self.sync_seconds.add(other.sync_seconds.counts, other.sync_seconds.total)
        self.body_bytes.add(other.body_bytes.counts, other.body_bytes.total)
        if time.time_ns() // 1_000_000 - other.at < STALE_MS:
            self.held_bytes += other.held_bytes
            self.pending_bytes += other.pending_bytes


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(CounterTotals)


def encoded(numbers: CounterTotals) -> bytes:
    """What to write for the others."""
    numbers.at = numbers.end = time.time_ns() // 1_000_000
    return _encoder.encode(numbers)


class CounterFiles:
    """The numbers of all collectors of an installation; those of one whose file cannot be read stay as they were."""

    def __init__(self, folder: Path, index: int) -> None:
        self.path = folder / f"collector-{index}{_SUFFIX}"
        self._folder = folder
        self._known: dict[str, CounterTotals] = {}

    def before(self) -> CounterTotals:
        """What this collector's predecessor had counted."""
        found = _read(self.path) or CounterTotals()
        found.held_bytes = found.pending_bytes = 0
        return found

    def total(self, own: CounterTotals) -> CounterTotals:
        """What this collector has counted, and all others."""
        whole = CounterTotals()
        for name, numbers in self._others().items():
            if name != self.path.name:
                whole.add(numbers)
        whole.add(own)
        return whole

    def _others(self) -> dict[str, CounterTotals]:
        try:
            paths = sorted(self._folder.glob(f"collector-*{_SUFFIX}"))
        except OSError:
            paths = []
        for path in paths:
            found = _read(path)
            if found is not None:
                self._known[path.name] = found
        return self._known


def _read(path: Path) -> CounterTotals | None:
    found = runtime_folder.read(path, _decoder)
    return found if found is not None and found.at == found.end else None
