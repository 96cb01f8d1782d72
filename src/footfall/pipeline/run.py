"""The pipeline process: gather, decide, commit, about once a second."""

import gc
import os
import signal
import threading
import time
from types import FrameType

import structlog

from footfall import heartbeat, logs
from footfall.failure import TransientError
from footfall.heartbeat import Heartbeat
from footfall.lake.upkeep import Upkeep
from footfall.pipeline.batch import Batch, decide
from footfall.pipeline.clock import DAY_MS
from footfall.pipeline.dedup import Dedup
from footfall.pipeline.gather import Gathering
from footfall.pipeline.sources import Sources
from footfall.pipeline.store import DiskError, Store
from footfall.settings import Settings

_log = structlog.get_logger()
_POLL_SECONDS = 0.05
_READ_BYTES = 4 << 20
_DISCOVER_SECONDS = 1.0
_HEARTBEAT_SECONDS = 1.0
_COLLECT_SECONDS = 60.0
_LONGEST_PAUSE = 10.0


def _today() -> int:
    return int(time.time() * 1000) // DAY_MS


class Pipeline:
    """Moves events from the journals to the lake until `stop` is set, then drains what is left.

    Raises LakeVersionError or JournalFormatError at the start when the data folder is not for this version.
    """

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._store = Store(settings.lake)
        self._dedup = Dedup(self._store.files, days=settings.dedup_days, max_bytes=settings.dedup_bytes, today=_today())
        self._sources = Sources(settings.journals, self._store.position)
        self._gathering = Gathering(settings.lake / "quarantine", settings.clock_tolerance * 1000)
        self._upkeep = Upkeep(self._store.events, settings.compact_seconds)
        self._problems: list[str] = []
        self._newest_ms: int | None = None
        self._committed_at = self._beat_at = self._found_at = self._tidied_at = self._collected_at = 0.0

    def run(self) -> None:
        """Work until stopped; transient failures are waited out."""
        gc.collect()
        gc.freeze()
        gc.disable()
        while not self._stop.is_set():
            self._keep_house()
            if not self._step():
                self._stop.wait(_POLL_SECONDS)
        self.drain()
        self._upkeep.close()
        self._beat("stopped")
        self._sources.close()

    def drain(self) -> None:
        """Commit everything that is durable in the journals, or as much as the disk lets through."""
        self._sources.discover()
        while self._sources.lag or self._gathering:
            self._read()
            if not self._commit():
                return

    def _step(self) -> bool:
        """Read on, and commit when it is time; tell whether there was anything to do."""
        got = self._read()
        waited = time.monotonic() - self._committed_at
        is_full = self._gathering.bytes >= self._settings.batch_bytes
        if self._gathering and (is_full or waited >= self._settings.batch_seconds):
            self._commit_with_patience()
            return True
        return got and not is_full

    def _read(self) -> bool:
        before = self._gathering.bytes
        for journal, piece in self._sources.read(_READ_BYTES):
            self._gathering.add(journal, piece)
        return self._gathering.bytes > before

    def _commit_with_patience(self) -> None:
        batch = self._decide()
        positions = self._sources.positions()
        pause = 1.0
        while not self._try_commit(batch, positions) and not self._stop.is_set():
            self._beat("blocked")
            self._stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _commit(self) -> bool:
        return self._try_commit(self._decide(), self._sources.positions())

    def _decide(self) -> Batch | None:
        self._dedup.turn_day(_today())
        rows = self._gathering.take()
        return decide(rows, self._dedup) if rows is not None else None

    def _try_commit(self, batch: Batch | None, positions: dict[str, int]) -> bool:
        self._committed_at = time.monotonic()
        try:
            if batch is None:
                self._store.move(positions)
            else:
                self._store.commit(batch, positions)
        except TransientError as error:
            self._problems = [str(error)]
            _log.error("commit failed, trying again", error=str(error))
            return False
        if batch is not None:
            self._newest_ms = int(batch.newest_ms)
        self._problems = []
        self._sources.truncate(positions)
        return True

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now - self._found_at >= _DISCOVER_SECONDS:
            self._sources.discover()
            self._found_at = now
        if now - self._beat_at >= _HEARTBEAT_SECONDS:
            self._beat("running")
        if now - self._collected_at >= _COLLECT_SECONDS:
            gc.collect()
            self._collected_at = now
        self._upkeep.step()
        if now - self._tidied_at >= self._settings.vacuum_hours * 900:
            self._tidy(now)

    def _tidy(self, now: float) -> None:
        self._tidied_at = now
        try:
            self._store.tidy(self._settings.vacuum_hours)
        except (DiskError, OSError) as error:
            _log.warning("tidying failed", error=str(error))

    def _beat(self, state: str) -> None:
        self._beat_at = time.monotonic()
        problems = list(self._problems)
        if self._gathering.damaged:
            problems.append(f"{self._gathering.damaged} damaged places in journals; run footfall audit")
        beat = Heartbeat(
            at=int(time.time() * 1000),
            pid=os.getpid(),
            state=state,
            newest_stored_at=self._newest_ms,
            lag_bytes=self._sources.lag + self._gathering.bytes,
            problems=problems,
        )
        try:
            heartbeat.write(self._settings.heartbeat, beat)
        except OSError as error:
            _log.warning("heartbeat not written", error=error.strerror)


def run(settings: Settings) -> None:
    """Run the pipeline in this process until SIGTERM or SIGINT."""
    logs.configure(settings, "pipeline")
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    Pipeline(settings, stop).run()
