"""Prometheus metrics: those of all collectors of an installation together, and of the processes behind them.

No number is shared in memory that is mapped: a disk that is full would end whoever writes to it.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from footfall.collector import counters
from footfall.collector.counter_file import CounterFiles, CounterTotals, Sums, encoded
from footfall.collector.counters import Counters
from footfall.runtime import heartbeat
from footfall.settings import Settings

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()


class _Families(Collector):
    """Families that are there already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        """All of them."""
        yield from self._families


class Metrics:
    """What this collector counts, and what it shows to Prometheus.

    `held` and `pending` tell the bytes not answered and not on disk yet.
    """

    def __init__(
        self, settings: Settings, index: int, counts: Counters, *, held: Callable[[], int], pending: Callable[[], int]
    ) -> None:
        self._current = counts
        self._beat, self._flows_beat = settings.heartbeat, settings.flows_heartbeat
        self._ledger = CounterFiles(settings.runtime, index)
        self._held_bytes = held
        self._pending_bytes = pending
        self._numbers = self._ledger.before()

    @property
    def path(self) -> Path:
        """The file in which the others find what this collector counted."""
        return self._ledger.path

    def flush(self) -> bytes:
        """Take in what was counted since the last time; what to write to the file."""
        numbers, counted = self._numbers, self._current
        for (channel, fate), number in counted.events.items():
            numbers.count(channel, fate, number)
        for reason, number in counted.requests.items():
            numbers.request(reason, number)
        counted.events.clear()
        counted.requests.clear()
        numbers.seconds.take(counted.seconds)
        numbers.sync_seconds.take(counted.sync_seconds)
        numbers.body_bytes.take(counted.body_bytes)
        numbers.held_bytes = self._held_bytes()
        numbers.pending_bytes = self._pending_bytes()
        return encoded(numbers)

    def text(self) -> bytes:
        """The exposition, of what was flushed."""
        registry = CollectorRegistry()
        registry.register(_Families(self._families()))
        return generate_latest(registry)

    def described(self) -> Iterator[tuple[str, str, str]]:
        """Name, type and meaning of every metric, as Prometheus sees them."""
        for family in self._families():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield name, family.type, family.documentation

    def _families(self) -> Iterator[Metric]:
        numbers = self._ledger.total(self._numbers)
        yield from _counters(numbers)
        yield _histogram("footfall_request_seconds", "Time from head to reply.", counters.SECONDS, numbers.seconds)
        yield _histogram(
            "footfall_sync_seconds", "Time of one sync of the journal.", counters.SYNC_SECONDS, numbers.sync_seconds
        )
        yield _histogram("footfall_body_bytes", "Size of bodies as they arrived.", counters.BYTES, numbers.body_bytes)
        yield GaugeMetricFamily("footfall_held_bytes", "Bytes not answered yet.", numbers.held_bytes)
        yield GaugeMetricFamily("footfall_journal_pending_bytes", "Bytes waiting for the disk.", numbers.pending_bytes)
        yield from _pipeline(self._beat)
        yield from _flows(self._flows_beat)


def _counters(numbers: CounterTotals) -> Iterator[Metric]:
    events = CounterMetricFamily(
        "footfall_events", "Events by channel and fate at the door.", labels=["channel", "fate"]
    )
    for channel, fates in numbers.events.items():
        for fate, number in fates.items():
            events.add_metric([channel, fate], number)
    yield events
    requests = CounterMetricFamily("footfall_requests", "Requests with events by outcome.", labels=["reason"])
    for reason, number in numbers.requests.items():
        requests.add_metric([reason], number)
    yield requests


def _histogram(name: str, meaning: str, bounds: tuple[float, ...], sums: Sums) -> Metric:
    buckets, below = [], 0
    for bound, number in zip((*bounds, float("inf")), sums.counts, strict=True):
        below += number
        buckets.append((floatToGoString(bound), float(below)))  # type: ignore[no-untyped-call]
    return HistogramMetricFamily(name, meaning, buckets=buckets, sum_value=sums.total)


def _pipeline(path: Path) -> Iterator[Metric]:
    """What the pipeline last said about itself; 0 where there is nothing to say."""
    beat = heartbeat.read(path)
    lives = beat is not None and not beat.is_stale()
    yield GaugeMetricFamily("footfall_pipeline_up", "Whether the pipeline reports that it lives.", float(lives))
    yield GaugeMetricFamily(
        "footfall_lag_bytes", "Bytes of journals that are not in the lake yet.", beat.lag_bytes if beat else 0
    )
    newest = beat.newest_stored_at if beat else None
    yield GaugeMetricFamily(
        "footfall_newest_stored_timestamp_seconds",
        "When the newest event in the lake was received, Unix time.",
        (newest or 0) / 1000,
    )


def _flows(path: Path) -> Iterator[Metric]:
    """What the process that folds flows last said about itself; 0 where there is nothing to say."""
    beat = heartbeat.read(path)
    lives = beat is not None and not beat.is_stale()
    yield GaugeMetricFamily("footfall_flows_up", "Whether the process that folds flows reports.", float(lives))
    yield GaugeMetricFamily(
        "footfall_flows_lag_seconds",
        "How long the oldest commit that is not folded into flows has waited.",
        (beat.lag_ms if beat else 0) / 1000,
    )
