"""The process that watches for new events and starts the one that folds them; it needs none of the lake's libraries."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import FrameType

import structlog
from msgspec import Struct, structs

from footfall import logs
from footfall.flows import rebuild_request
from footfall.flows.pipeline_state import PipelineState
from footfall.flows.report import Report, read_line
from footfall.lake.background_lock import BackgroundLock
from footfall.runtime import heartbeat, lifeline
from footfall.runtime.heartbeat import Heartbeat
from footfall.runtime.os_process import low_memory_env
from footfall.settings import PREFIX, Settings

_log = structlog.get_logger()
_TICK_SECONDS = 0.25
_BEAT_SECONDS = 1.0
_LOOK_SECONDS = 10.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
_END_SECONDS = 2.0
_PATIENCE_SECONDS = 300.0
_CONFIG = 78
_NICENESS = 10


class Log(Struct):
    """The log of the events table: how far it is, at the cost of looking for one file."""

    folder: Path
    newest: int = -1
    looked_at: float = 0.0

    def has_after(self, version: int) -> bool:
        """Whether there are commits after a version."""
        if self._entry(version + 1).exists():
            return True
        if time.monotonic() - self.looked_at >= _LOOK_SECONDS:
            self.looked_at = time.monotonic()
            self.newest = max((int(path.stem) for path in self._entries()), default=-1)
        return self.newest > version

    def waits_ms(self, version: int) -> int:
        """For how long the first commit after a version has waited."""
        try:
            at = self._entry(version + 1).stat().st_mtime
        except OSError:
            return 0
        return max(0, round((time.time() - at) * 1000))

    def _entry(self, version: int) -> Path:
        return self.folder / f"{version:020d}.json"

    def _entries(self) -> list[Path]:
        try:
            return [path for path in self.folder.iterdir() if path.suffix == ".json" and path.stem.isdecimal()]
        except OSError:
            return []


class FlowSupervisor:
    """Starts a process when there is something to fold, until `stop` is set, and says how it goes."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self._settings = settings
        self._stop = stop
        self._log = Log(settings.lake / "events" / "_delta_log")
        self._turn = BackgroundLock(settings.lake)
        self._upstream = PipelineState(settings.heartbeat)
        self._ended_at = time.monotonic()
        self._process: subprocess.Popen[bytes] | None = None
        self._text = b""
        before = heartbeat.read(settings.flows_heartbeat)
        self._report = Report(before.version if before is not None else -1)
        self._asked: str | None = None
        self._pause = _FIRST_PAUSE
        self._start_at = 0.0
        self._beaten_at = 0.0

    def run(self) -> None:
        """Watch until stopped."""
        while not self._stop.is_set():
            if self._process is None:
                self._start_if_wanted()
            else:
                self._listen(self._process)
            if time.monotonic() - self._beaten_at >= _BEAT_SECONDS:
                self._beat(self._state())
            self._stop.wait(_TICK_SECONDS)
        self._end()
        self._beat("stopped")

    def _state(self) -> str:
        if self._process is not None:
            return "building" if self._report.version < 0 else "running"
        return "waiting" if self._is_wanted() and self._is_held_back() else "idle"

    def _is_wanted(self) -> bool:
        """Whether there is something to do."""
        if not self._log.has_after(-1):
            return False
        is_asked = rebuild_request.signature(self._settings) != self._asked
        return (
            not self._has_flows
            or is_asked
            or (rebuild_request.follows_any(self._settings) and self._log.has_after(self._report.version))
        )

    @property
    def _has_flows(self) -> bool:
        return (self._settings.lake / "flows").is_dir()

    def _is_held_back(self) -> bool:
        """Whether the pipeline needs the machine for itself; but flows are not left waiting for ever."""
        is_patient = time.monotonic() - self._ended_at < _PATIENCE_SECONDS
        return self._settings.flow_idle and is_patient and self._upstream.is_behind

    def _start_if_wanted(self) -> None:
        if time.monotonic() < self._start_at or not self._is_wanted() or self._is_held_back():
            return
        if self._turn.is_free:
            self._start()

    def _start(self) -> None:
        self._asked = rebuild_request.signature(self._settings)
        command = [sys.executable, "-m", "footfall.flows"]
        texts = {PREFIX + name.upper(): str(getattr(self._settings, name)) for name in self._settings.__struct_fields__}
        environment = {**low_memory_env(), **texts, "OMP_NUM_THREADS": "1"}
        self._text = b""
        self._process = lifeline.spawn(command, environment=environment, stdout=subprocess.PIPE)
        if self._process.stdout is not None:
            os.set_blocking(self._process.stdout.fileno(), False)

    def _listen(self, process: "subprocess.Popen[bytes]") -> None:
        """Take in what it says, and that it ended."""
        code = process.poll()
        if process.stdout is not None:
            self._text += process.stdout.read() or b""
        *lines, self._text = self._text.split(b"\n")
        for line in lines:
            self._take(read_line(line))
        if code is not None:
            self._bury(process, code)

    def _take(self, report: Report | None) -> None:
        """One that tells of nothing but problems leaves open how far it is."""
        if report is not None and report.is_failure:
            self._report = structs.replace(self._report, problems=report.problems)
        elif report is not None:
            self._report = report

    def _bury(self, process: "subprocess.Popen[bytes]", code: int) -> None:
        if process.stdout is not None:
            process.stdout.close()
        self._process = None
        self._ended_at = time.monotonic()
        if code == 0 or self._stop.is_set():
            self._pause = _FIRST_PAUSE
            return
        if code < 0 or not self._report.problems:
            self._report = structs.replace(self._report, problems=[f"folding flows ended with {code}"])
        pause = _LONGEST_PAUSE if code == _CONFIG else self._pause
        _log.error("folding flows failed, trying again", code=code, seconds=pause)
        self._asked = None
        self._start_at = time.monotonic() + pause
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    def _end(self) -> None:
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._listen(process)

    def _lag_ms(self) -> int:
        if not rebuild_request.follows_any(self._settings):
            return 0
        version, until = self._report.version, self._report.until
        if version >= 0:
            return self._log.waits_ms(version)
        if until > 0:
            return max(0, time.time_ns() // 1_000_000 - until)
        return 0 if self._has_flows else self._log.waits_ms(0)

    def _beat(self, state: str) -> None:
        self._beaten_at = time.monotonic()
        beat = Heartbeat(
            at=time.time_ns() // 1_000_000,
            pid=os.getpid(),
            state=state,
            version=self._report.version,
            lag_ms=self._lag_ms(),
            problems=self._report.problems,
        )
        try:
            heartbeat.write(self._settings.flows_heartbeat, beat)
        except OSError as error:
            _log.warning("heartbeat not written", error=error.strerror)


def run(settings: Settings) -> None:
    """Fold flows in a process of their own until SIGTERM or SIGINT."""
    logs.configure(settings, "flows")
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    os.nice(_NICENESS)
    FlowSupervisor(settings, stop).run()
