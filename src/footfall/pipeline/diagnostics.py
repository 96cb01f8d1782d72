"""What is wrong with the pipeline and around it: sentences for the heartbeat, and incidents that outlive a restart."""

import time
from pathlib import Path

import structlog

from footfall.incidents import Incidents, Severity
from footfall.lake.compaction.scheduler import CompactionScheduler
from footfall.lake.scrub import Scrub
from footfall.pipeline.dedup import Dedup
from footfall.pipeline.sink import LakeSink
from footfall.pipeline.sources import Sources

_log = structlog.get_logger()
_JUMP_SECONDS = 60.0
_SHOWN_SECONDS = 3600.0
_AUDIT = "`footfall audit` lists what is missing."
_CHECK = "`footfall lake check` says what can be done."


class ClockWatch:
    """Notices when the machine's clock jumps, by a clock that does not; sleep of the machine is no jump."""

    def __init__(self) -> None:
        self._offset = _offset()
        self._jumped_at = -_SHOWN_SECONDS
        self.problem: str | None = None

    def look(self) -> str | None:
        """What to say of a jump since the last look; `problem` says it for an hour."""
        offset = _offset()
        jump, self._offset = offset - self._offset, offset
        now = time.monotonic()
        if abs(jump) > _JUMP_SECONDS:
            self._jumped_at = now
            self.problem = f"the machine's clock jumped by {jump:+.0f} s: times of receipt are off before or after that"
            return self.problem
        if now - self._jumped_at > _SHOWN_SECONDS:
            self.problem = None
        return None


def _offset() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


class Diagnostics:
    """Looks at the parts of one pipeline."""

    def __init__(
        self, data: Path, store: LakeSink, sources: Sources, dedup: Dedup, compaction: CompactionScheduler, scrub: Scrub
    ) -> None:
        self._incidents = Incidents(data)
        self._store = store
        self._sources = sources
        self._dedup = dedup
        self._compaction = compaction
        self._scrub = scrub
        self._clock = ClockWatch()
        self._noted: set[tuple[str, str]] = set()

    def problems(self, blocked: str | None) -> list[str]:
        """What is wrong now, as sentences; what must not be forgotten is noted."""
        self._note_incidents()
        found = [problem for problem in (blocked, self._store.problem, self._clock.problem) if problem is not None]
        if self._sources.damaged:
            found.append(f"{self._sources.damaged} damaged places in journals; run footfall audit")
        unread = self._dedup.unreadable
        if unread:
            found.append(f"{len(unread)} lake files cannot be read, so resends may be stored twice: {_some(unread)}")
        if self._store.uncounted:
            found.append(f"{len(self._store.uncounted)} lake files cannot be counted: {_some(self._store.uncounted)}")
        broken = self._scrub.broken
        if broken:
            found.append(
                f"{len(broken)} lake files are not what was written, answers are without them: {_some(broken)}"
            )
        return found + self._sources.problems

    def _note_incidents(self) -> None:
        for journal, what in self._sources.loss:
            self._note("loss", "bytes of a journal cannot be read", f"{journal}: {what}", _AUDIT)
        for name in self._store.quarantined:
            self._note("loss", "a journal record could not be read and is in quarantine", name, _AUDIT)
        broken = {path.name for path in (*self._dedup.unreadable, *self._store.uncounted, *self._scrub.broken)}
        for name in broken | {path.rpartition("/")[2] for path in self._compaction.broken}:
            self._note("loss", "a lake file is not what was written", name, _CHECK)
        for remark in self._store.remarks:
            self._note("notice", remark, "lake", "Look at the disk.")
        jump = self._clock.look()
        if jump is not None:
            self._note("notice", jump, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "See that the clock is set.")

    def _note(self, severity: Severity, what: str, where: str, do: str) -> None:
        if (what, where) in self._noted:
            return
        try:
            self._incidents.note(severity, what, where, do)
        except OSError as error:
            _log.warning("incident not noted", what=what, error=error.strerror)
            return
        self._noted.add((what, where))


def _some(paths: set[Path]) -> str:
    names = sorted(path.name for path in paths)
    return ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
