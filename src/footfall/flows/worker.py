"""What the process that folds does: it runs while there is something to do, and ends when there is not.

Everything that it holds can be lost at any moment: the next one goes on from the last commit.
"""

import contextlib
import sys
import time
from pathlib import Path

import pyarrow as pa
import structlog

from footfall import logs
from footfall import settings as settings_module
from footfall.errors import TerminalError, TransientError
from footfall.flows import installed_plans, rebuild_request
from footfall.flows.change_feed import ChangeFeed
from footfall.flows.flow_table import FlowTable
from footfall.flows.fold import FlowFold
from footfall.flows.pipeline_state import PipelineState
from footfall.flows.report import Report, line_of
from footfall.lake.background_lock import BackgroundLock
from footfall.runtime import runtime_folder
from footfall.runtime.cpu_throttle import CpuThrottle
from footfall.settings import Settings

_log = structlog.get_logger()
_RESTS = 3  # looks at nothing new, before it ends
_SAVE_SECONDS = 30.0
_SWEEP_SECONDS = 1800.0
_VACUUM_SECONDS = 3600.0
_FILE_BYTES = 4 << 20  # a step that others wait for must not be long


class Chore:
    """Something to do from time to time, whichever process it is that does it: a file says when it was done last."""

    def __init__(self, path: Path, seconds: float) -> None:
        self._path = path
        self._seconds = seconds

    def is_due(self) -> bool:
        """Whether it is time; the next time is counted from now then."""
        try:
            if time.time() - self._path.stat().st_mtime < self._seconds:
                return False
        except FileNotFoundError:
            runtime_folder.prepare(self._path.parent)
        self._path.touch(0o600)
        return True


class Worker:
    """One stretch of folding, until there has been nothing to do for a while, or something else is asked for.

    Raises TerminalError, such as LakeVersionError, when somebody has to do something first, and TransientError.
    """

    def __init__(self, settings: Settings, turn: BackgroundLock) -> None:
        self._settings = settings
        self._turn = turn
        self._upstream = PipelineState(settings.heartbeat)
        self._signature = rebuild_request.signature(settings)
        chosen = installed_plans.followed(settings)
        self._problems = list(chosen.problems)
        yield_cpu = CpuThrottle(lambda: turn.is_asked) if settings.flow_idle else lambda: None
        self._store = FlowTable(settings.lake, settings.flow_bytes // 16, yield_cpu)
        self._folder = FlowFold(
            ChangeFeed(settings.lake, _FILE_BYTES),
            self._store,
            chosen.plans,
            settings.flow_channels,
            most=settings.flow_bytes,
            yield_cpu=yield_cpu,
        )
        run = settings.flows_heartbeat.parent
        self._sweeping = Chore(run / "flows-swept", _SWEEP_SECONDS)
        self._vacuuming = Chore(run / "flows-vacuumed", min(_VACUUM_SECONDS, settings.vacuum_hours * 900))
        self._saved_at = time.monotonic()
        self._rested = _RESTS - 1  # where there is nothing to fold to begin with, one look is enough

    def run(self) -> None:
        """Fold until there is nothing to do."""
        self._rebuild_if_asked()
        while True:
            began = time.monotonic()
            turn = self._folder.step()
            self._rested = 0 if turn.folded or turn.more else self._rested + 1
            self._tell()
            self._keep_house()
            if not self._is_wanted():
                break
            # At least as long a rest as the work took: what is folded together costs less.
            pause = (
                min(time.monotonic() - began, self._settings.flow_seconds) if turn.more else self._settings.flow_seconds
            )
            time.sleep(pause)
        self._folder.save()
        self._tell()

    def close(self) -> None:
        """Let others write."""
        self._store.close()

    def _is_wanted(self) -> bool:
        is_over = self._rested >= _RESTS or self._turn.is_asked
        is_late = self._settings.flow_idle and self._upstream.is_behind
        return not is_over and not is_late and rebuild_request.signature(self._settings) == self._signature

    def _rebuild_if_asked(self) -> None:
        request = rebuild_request.rebuild_request(self._settings)
        if request.exists():
            _log.info("flows are built anew")
            self._folder.rebuild()
            request.unlink(missing_ok=True)
            self._signature = rebuild_request.signature(self._settings)

    def _keep_house(self) -> None:
        now = time.monotonic()
        if self._store.merge():
            pa.default_memory_pool().release_unused()
        if now - self._saved_at >= _SAVE_SECONDS:
            self._saved_at = now
            self._folder.save()
        if self._sweeping.is_due():
            self._store.sweep()
        if self._vacuuming.is_due():
            self._store.vacuum(self._settings.vacuum_hours)

    def _tell(self) -> None:
        progress = self._folder.progress
        names = sorted(path.name for path in self._folder.broken)
        broken = [f"the lake file {name} cannot be read: its events are in no flow" for name in names]
        _say(Report(progress.version, progress.until, self._problems + broken))


def _say(report: Report) -> None:
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(line_of(report))
        sys.stdout.buffer.flush()


def main() -> None:
    """Work once; exit 78 when somebody has to change something first, 75 when trying again may help."""
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    settings = settings_module.load({})
    logs.configure(settings, "flows")
    turn = BackgroundLock(settings.lake)
    try:
        if not turn.take():
            return
        work = Worker(settings, turn)
        work.run()
        work.close()
    except (TerminalError, TransientError, OSError) as error:
        _log.error("flows cannot be folded", error=str(error))
        _say(Report(until=0, problems=[str(error)]))
        raise SystemExit(78 if isinstance(error, TerminalError) else 75) from None
