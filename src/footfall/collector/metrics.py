"""Prometheus metrics. With PROMETHEUS_MULTIPROC_DIR set before the process starts, those of all processes together."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from footfall import heartbeat
from footfall.collector import tally
from footfall.collector.tally import Spread, Tally

CONTENT_TYPE = CONTENT_TYPE_LATEST.encode()


class _Bulk(Histogram):
    """A histogram that takes many observations in one step."""

    def add(self, spread: Spread) -> None:
        """Add the counts of a spread with the same bounds, and start that anew."""
        for bucket, number in zip(self._buckets, spread.counts, strict=True):
            if number:
                bucket.inc(number)
        if spread.total:
            self._sum.inc(spread.total)
        spread.reset()


class _Pipeline(Collector):
    """What the pipeline last said about itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def collect(self) -> Iterator[Metric]:
        """The gauges; 0 where there is nothing to say."""
        beat = heartbeat.read(self._path)
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


class _Flows(Collector):
    """What the process that folds flows last said about itself."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def collect(self) -> Iterator[Metric]:
        """The gauges; 0 where there is nothing to say."""
        beat = heartbeat.read(self._path)
        lives = beat is not None and not beat.is_stale()
        yield GaugeMetricFamily("footfall_flows_up", "Whether the process that folds flows reports.", float(lives))
        yield GaugeMetricFamily(
            "footfall_flows_lag_seconds",
            "How long the oldest commit that is not folded into flows has waited.",
            (beat.lag_ms if beat else 0) / 1000,
        )


class Metrics:
    """What this collector shows to Prometheus.

    `held` and `pending` tell the bytes not answered and not on disk yet; `beat` and `flows_beat` are the files in which
    the pipeline and the process that folds flows say how they are.
    """

    def __init__(
        self, counts: Tally, *, held: Callable[[], int], pending: Callable[[], int], beat: Path, flows_beat: Path
    ) -> None:
        self._tally = counts
        self._others = (_Pipeline(beat), _Flows(flows_beat))
        self._held_bytes = held
        self._pending_bytes = pending
        self._registry = registry = CollectorRegistry()
        self._events = Counter(
            "footfall_events", "Events by channel and fate at the door.", ["channel", "fate"], registry=registry
        )
        self._requests = Counter("footfall_requests", "Requests with events by outcome.", ["reason"], registry=registry)
        self._seconds = _Bulk(
            "footfall_request_seconds", "Time from head to reply.", buckets=tally.SECONDS, registry=registry
        )
        self._sync = _Bulk(
            "footfall_sync_seconds", "Time of one sync of the journal.", buckets=tally.SYNC_SECONDS, registry=registry
        )
        self._bodies = _Bulk(
            "footfall_body_bytes", "Size of bodies as they arrived.", buckets=tally.BYTES, registry=registry
        )
        self._held = Gauge(
            "footfall_held_bytes", "Bytes not answered yet.", registry=registry, multiprocess_mode="livesum"
        )
        self._pending = Gauge(
            "footfall_journal_pending_bytes",
            "Bytes waiting for the disk.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def flush(self) -> None:
        """Hand on what was counted since the last time."""
        for (channel, fate), number in self._tally.events.items():
            self._events.labels(channel, fate).inc(number)
        for reason, number in self._tally.requests.items():
            self._requests.labels(reason).inc(number)
        self._tally.events.clear()
        self._tally.requests.clear()
        self._seconds.add(self._tally.seconds)
        self._sync.add(self._tally.sync_seconds)
        self._bodies.add(self._tally.body_bytes)
        self._held.set(self._held_bytes())
        self._pending.set(self._pending_bytes())

    def text(self) -> bytes:
        """The exposition."""
        self.flush()
        registry = CollectorRegistry()
        for other in self._others:
            registry.register(other)
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if folder:
            MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
            return generate_latest(registry)
        return generate_latest(self._registry) + generate_latest(registry)

    def described(self) -> Iterator[tuple[str, str, str]]:
        """Name, type and meaning of every metric, as Prometheus sees them."""
        others = (family for other in self._others for family in other.collect())
        for family in (*self._registry.collect(), *others):
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield name, family.type, family.documentation
