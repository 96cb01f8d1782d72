"""The pipeline process: gather, decide, commit, about once a second."""

import gc
import os
import signal
import threading
import time
from contextlib import suppress
from types import FrameType

import structlog
from msgspec import Struct

from footfall import logs
from footfall.errors import TerminalError, TransientError
from footfall.lake.compaction.scheduler import CompactionScheduler
from footfall.lake.damage import LakeDamagedError
from footfall.lake.lock import LakeLock
from footfall.lake.scrub import Scrub
from footfall.pipeline.clock import DAY_MS
from footfall.pipeline.decide import DecidedBatch, decide
from footfall.pipeline.decode import DecodedRows, RecordDecoder
from footfall.pipeline.dedup import Dedup
from footfall.pipeline.diagnostics import Diagnostics
from footfall.pipeline.lag import Lag
from footfall.pipeline.proof import journals_hold
from footfall.pipeline.sink import LakeSink, PendingCommit
from footfall.pipeline.sources import Sources
from footfall.runtime import heartbeat, lifeline
from footfall.runtime.heartbeat import Heartbeat
from footfall.settings import Settings

_log = structlog.get_logger()
_POLL_SECONDS = 0.05
_QUIET_POLL_SECONDS = 0.2
_FEW_BYTES = 64 << 10
_READ_BYTES = 4 << 20
_DISCOVER_SECONDS = 1.0
_HEARTBEAT_SECONDS = 1.0
_COLLECT_SECONDS = 60.0
_SWEEP_SECONDS = 300.0
_VACUUM_SECONDS = 3600.0
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_LOCK_SECONDS = 60.0
_OPEN_SECONDS = 5.0


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class _Sealed(Struct):
    """What goes into the next commit: nothing that was read is forgotten before it is in the lake."""

    gathered: DecodedRows | None
    positions: dict[str, int]
    bytes: int
    attempt: PendingCommit | None = None


class _Clock:
    """Tells when something is due again."""

    def __init__(self, seconds: float, *, at_once: bool = True) -> None:
        self._seconds = seconds
        self._next = 0.0 if at_once else time.monotonic() + seconds

    def is_due(self) -> bool:
        """Whether it is time; the next time is counted from now then."""
        now = time.monotonic()
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True


class Pipeline:
    """Moves events from the journals to the lake until `stop` is set, then drains what is left.

    Raises LakeLockedError when another process has the lake after `patience` seconds, LakeVersionError when the data
    is not for this version, CommitError when the lake cannot be opened at present.
    """

    def __init__(self, settings: Settings, stop: threading.Event, *, patience: float = 0.0) -> None:
        self._settings = settings
        self._stop = stop
        self._lock = LakeLock(settings.lake, patience=patience, stop=stop)
        try:
            self._store = LakeSink(settings.lake, journals_hold(settings.journals))
            self._newest_ms = self._store.newest_ms()
            self._dedup = self._remember()
        except (TransientError, TerminalError):
            self._lock.release()
            raise
        self._sources = Sources(settings.journals, self._store.position)
        self._gathering = RecordDecoder(settings.clock_tolerance * 1000)
        self._compaction = CompactionScheduler(self._store.events, settings.compact_seconds, self._is_behind)
        self._scrub = Scrub(settings.lake, self._store.tables, self._is_behind)
        self._diagnostics = Diagnostics(
            settings.data, self._store, self._sources, self._dedup, self._compaction, self._scrub
        )
        self._lateness = Lag()
        self._stored: dict[str, int] = {}
        self._sealed: _Sealed | None = None
        self._blocked: str | None = None
        self._pause = _FIRST_PAUSE
        self._retry_at = self._committed_at = 0.0
        self._discovering = _Clock(_DISCOVER_SECONDS)
        self._beating = _Clock(_HEARTBEAT_SECONDS)
        self._collecting = _Clock(_COLLECT_SECONDS, at_once=False)
        self._sweeping = _Clock(_SWEEP_SECONDS, at_once=False)
        self._vacuuming = _Clock(min(_VACUUM_SECONDS, settings.vacuum_hours * 900), at_once=False)

    def run(self) -> None:
        """Work until stopped; transient failures are waited out."""
        pause = _POLL_SECONDS
        while not self._stop.is_set():
            self._keep_house()
            if self._step():
                pause = _POLL_SECONDS
            else:
                self._stop.wait(pause)
                pause = min(pause * 2, _QUIET_POLL_SECONDS)
        self.drain()
        self.close()

    def drain(self) -> None:
        """Commit everything that is durable in the journals, or as much as the disk lets through.

        Nothing more is, once the supervisor is gone: its successor waits for this process.
        """
        self._sources.discover()
        while not lifeline.is_cut() and self._drain_some():
            self._beat("draining")

    def close(self) -> None:
        """Let go of everything; what is not committed is read again by the next pipeline."""
        self._compaction.close()
        self._scrub.close()
        self._beat("stopped")
        self._sources.close()
        self._lock.release()

    def _remember(self) -> Dedup:
        """Recall what was stored; the window of days ends where the lake does, however long nothing ran."""
        today = min(_now_ms(), self._newest_ms or 0) // DAY_MS
        settings = self._settings
        return Dedup(
            self._store.files,
            days=settings.dedup_days,
            max_bytes=settings.dedup_bytes,
            today=today,
            has_public=self._store.has_public,
        )

    def _step(self) -> bool:
        """Read on, or commit when it is time; tell whether there may be more to do at once."""
        if self._sealed is not None:
            return time.monotonic() >= self._retry_at and self._commit()
        got = self._read()
        if self._gathering.bytes >= self._settings.batch_bytes or (self._has_news and self._has_waited):
            self._seal()
            return self._commit()
        return got

    def _drain_some(self) -> bool:
        if self._sealed is None:
            while self._gathering.bytes < self._settings.batch_bytes and self._read():
                pass
            if not self._has_news:
                return False
            self._seal()
        return self._commit()

    @property
    def _has_news(self) -> bool:
        return bool(self._gathering) or self._sources.has_skipped

    @property
    def _has_waited(self) -> bool:
        """Whether it is time for a commit. Few events wait twice as long: a commit of one costs that of a thousand."""
        seconds = self._settings.batch_seconds * (2 if self._gathering.bytes < _FEW_BYTES else 1)
        return time.monotonic() - self._committed_at >= seconds

    def _read(self) -> bool:
        before = self._gathering.bytes
        for journal, record in self._sources.read(_READ_BYTES):
            self._gathering.add(journal, record)
        return self._gathering.bytes > before

    def _seal(self) -> None:
        size = self._gathering.bytes
        self._sealed = _Sealed(self._gathering.take(), self._sources.positions(), size)

    def _commit(self) -> bool:
        """Bring what is sealed into the lake; it stays sealed when that fails."""
        sealed = self._sealed
        if sealed is None:
            return False
        self._committed_at = time.monotonic()
        try:
            if sealed.attempt is None:
                batch = self._decide(sealed.gathered)
                sealed.attempt = self._store.attempt(batch, sealed.positions, has_public=self._dedup.has_public)
                sealed.gathered = None
            self._store.commit(sealed.attempt)
        except TransientError as error:
            self._block(error)
            return False
        if sealed.attempt.batch is not None:
            self._newest_ms = sealed.attempt.batch.newest_ms
        self._sealed, self._blocked, self._pause = None, None, _FIRST_PAUSE
        self._stored = sealed.positions
        self._sources.truncate(sealed.positions)
        return True

    def _decide(self, gathered: DecodedRows | None) -> DecidedBatch | None:
        if gathered is None:
            return None
        newest = max(self._dedup.today, int(gathered.rows.day.max()))
        self._dedup.turn_day(min(_now_ms() // DAY_MS, newest))
        return decide(gathered, self._dedup)

    def _block(self, error: TransientError) -> None:
        _log.error("commit failed, trying again", error=str(error), seconds=self._pause)
        self._blocked = str(error)
        self._retry_at = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _keep_house(self) -> None:
        if self._discovering.is_due():
            self._sources.discover()
            self._stored = self._sources.read_from | self._stored
        if self._beating.is_due():
            self._beat("running" if self._blocked is None else "blocked")
        if self._collecting.is_due():
            gc.collect()
        if self._sealed is not None:
            return  # its files are not in the log yet: a vacuum would take them for rubbish if they are old enough
        self._compaction.step()
        self._scrub.suspect(self._store.events, self._compaction.broken)
        self._scrub.step()
        try:
            if self._sweeping.is_due():
                self._store.sweep()
            if self._vacuuming.is_due():
                self._store.vacuum(self._settings.vacuum_hours)
        except TransientError as error:
            _log.warning("tidying failed", error=str(error))

    def _beat(self, state: str) -> None:
        try:
            heartbeat.write(self._settings.heartbeat, self._heartbeat(state))
        except OSError as error:
            _log.warning("heartbeat not written", error=error.strerror)

    def _heartbeat(self, state: str) -> Heartbeat:
        return Heartbeat(
            at=_now_ms(),
            pid=os.getpid(),
            state=state,
            newest_stored_at=self._newest_ms,
            lag_bytes=self._lag_bytes,
            lag_ms=self._lateness.look(self._sources.ends(), self._stored),
            problems=self._diagnostics.problems(self._blocked),
        )

    @property
    def _lag_bytes(self) -> int:
        return self._sources.lag + self._gathering.bytes + (self._sealed.bytes if self._sealed else 0)

    def _is_behind(self) -> bool:
        """As `Heartbeat.is_behind` has it, without a look at all that may be wrong: it is asked four times a second."""
        now, newest = _now_ms(), self._newest_ms
        return Heartbeat(at=now, pid=os.getpid(), newest_stored_at=newest, lag_bytes=self._lag_bytes).is_behind()


def run(settings: Settings) -> None:
    """Run the pipeline in this process until SIGTERM or SIGINT."""
    logs.configure(settings, "pipeline")
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    while not stop.is_set():
        try:
            pipeline = Pipeline(settings, stop, patience=_LOCK_SECONDS)
        except (TransientError, LakeDamagedError, OSError) as error:
            # What is damaged waits for a person; events are taken in meanwhile, and are safe in the journals.
            _log.error("the lake cannot be opened, trying again", error=str(error), seconds=_OPEN_SECONDS)
            _beat_blocked(settings, str(error))
            stop.wait(_OPEN_SECONDS)
            continue
        _collect_rarely()
        pipeline.run()


def _beat_blocked(settings: Settings, why: str) -> None:
    beat = Heartbeat(at=_now_ms(), pid=os.getpid(), state="blocked", problems=[f"the lake cannot be opened: {why}"])
    with suppress(OSError):
        heartbeat.write(settings.heartbeat, beat)


def _collect_rarely() -> None:
    """Leave garbage collection to the housekeeping: rows make millions of objects and no cycles."""
    gc.collect()
    gc.freeze()
    gc.disable()
