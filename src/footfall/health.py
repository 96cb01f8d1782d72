"""What is wrong with an installation, whoever is asked: to a person what to do, to a machine by its status.

Every process says how it is in a file of the runtime folder. What all of them say is looked at together, and the worst
wins, so that no answer depends on the process that gives it.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

import footfall
from footfall.incidents import Incidents, Severity
from footfall.runtime import heartbeat, runtime_folder
from footfall.runtime.heartbeat import STALE_MS, Heartbeat
from footfall.settings import Settings

FAILING_MS = 30_000
_NOTICE_MS = 86_400_000
_BEHIND_MS = 60_000
_PREFIX = "collector-"

Status = Literal["ok", "degraded", "failing"]


class Problem(Struct, frozen=True, omit_defaults=True):
    """Something that is not as it should be; `since` is in epoch ms."""

    what: str
    do: str
    since: int | None = None


class CollectorState(Struct, frozen=True):
    """What a collector says of itself; times are epoch ms. `failed_why` is why events could not be taken, at last."""

    at: int
    pid: int
    stored_at: int | None = None
    failed_at: int | None = None
    failed_why: str = ""
    problems: list[Problem] = []

    def is_failing(self, now: int) -> bool:
        """Whether events could not be taken the last time.

        A collector that nobody sends to any more could not show that the trouble is over.
        """
        failed_at = self.failed_at
        return failed_at is not None and failed_at >= (self.stored_at or 0) and now - failed_at <= FAILING_MS


class Report(Struct, frozen=True):
    """The answer of /health: `failing` when events cannot be taken, `degraded` when somebody should look."""

    status: Status
    problems: list[Problem]
    stages: dict[str, Any]
    disk_free_bytes: int | None
    version: str


_states = msgspec.json.Decoder(CollectorState)


def write_state(path: Path, state: CollectorState) -> None:
    """Tell the others how a collector is. Raises OSError."""
    runtime_folder.write(path, msgspec.json.encode(state))


def state_path(folder: Path, index: int) -> Path:
    """The file in which a collector does so."""
    return folder / f"{_PREFIX}{index}.json"


class Health:
    """Looks at what all processes say, and at the disk."""

    def __init__(self, settings: Settings, folder: Path | None = None) -> None:
        self._settings = settings
        self._folder = folder or settings.runtime
        self._incidents = Incidents(settings.data)

    def report(self, own: tuple[int, CollectorState] | None = None) -> Report:
        """How everything is; `own` is the number of the collector that asks, and its state, which no file knows yet."""
        now = time.time_ns() // 1_000_000
        states = self._collectors(now)
        if own is not None:
            states[f"{_PREFIX}{own[0]}"] = own[1]
        disks = _Disks(self._settings)
        failing = [*_journal_problems(states, now), *disks.failing()]
        lake, degraded = self._lake(now)
        flows, behind = self._flows(now)
        degraded += behind + list(disks.degraded()) + self._members(states, now)
        degraded += [problem for _, state in sorted(states.items()) for problem in state.problems]
        degraded += self._remembered("loss", now)
        notices = self._remembered("notice", now)
        times = (*(state.stored_at for state in states.values()), lake["newest_ms"])
        return Report(
            "failing" if failing else "degraded" if degraded else "ok",
            list(dict.fromkeys(failing + degraded + notices)),
            {"journal": _age(now, max((at for at in times if at is not None), default=None)), "lake": lake} | flows,
            disks.free,
            footfall.__version__,
        )

    def _collectors(self, now: int) -> dict[str, CollectorState]:
        """What collectors said not long ago."""
        found = {path.stem: runtime_folder.read(path, _states) for path in self._folder.glob(f"{_PREFIX}*.json")}
        return {name: state for name, state in found.items() if state is not None and now - state.at <= STALE_MS}

    def _members(self, states: dict[str, CollectorState], now: int) -> list[Problem]:
        """What the supervisor says, and which of its processes say nothing."""
        crew = heartbeat.read(self._folder / "supervisor.json")
        if crew is None:
            return []
        problems = [Problem(what, "See its log.", crew.at) for what in crew.problems]
        if crew.is_stale(now):
            problems.append(Problem("the supervisor is silent", "See whether it runs; what dies stays down.", crew.at))
        if now - crew.since > STALE_MS:
            silent = [name for name in crew.members if name.startswith(_PREFIX) and name not in states]
            if "web" in crew.members and _is_silent(heartbeat.read(self._folder / "web.json"), now):
                silent.append("web")
            problems += [
                Problem(f"the process {name} is silent", "See its log, and whether it runs.") for name in silent
            ]
        return problems

    def _remembered(self, severity: Severity, now: int) -> list[Problem]:
        """What went wrong and was not closed by anybody; a notice is shown for a day."""
        latest = now - _NOTICE_MS if severity == "notice" else 0
        return [
            Problem(f"{found.what} ({found.where})", f"{found.do} `footfall incident close {number}`", found.at)
            for number, found in self._incidents.open().items()
            if found.severity == severity and found.at > latest
        ]

    def _lake(self, now: int) -> tuple[dict[str, Any], list[Problem]]:
        beat = heartbeat.read(self._folder / "pipeline.json")
        if beat is None:
            problem = Problem("the pipeline has not reported yet", "Events are safe in the journal until it runs.")
            return {"newest_ms": None, "age_ms": None}, [problem]
        stage = _age(now, beat.newest_stored_at) | {"lag_bytes": beat.lag_bytes}
        problems = [Problem(what, "See the pipeline's log.", beat.at) for what in beat.problems]
        if beat.is_stale(now):
            problems.append(
                Problem("the pipeline is silent", "See its log; events are safe in the journal until it runs.", beat.at)
            )
        elif beat.lag_ms > _BEHIND_MS:
            what = f"the pipeline is behind by {beat.lag_ms // 1000} seconds"
            problems.append(
                Problem(what, "Give the machine more time or a faster disk; events are safe in the journal.")
            )
        return stage, problems

    def _flows(self, now: int) -> tuple[dict[str, Any], list[Problem]]:
        """The stage of flows, where there is one, and what is wrong with it: nothing is lost, whatever it is."""
        beat = heartbeat.read(self._folder / "flows.json")
        if beat is None:
            return {}, []
        problems = [Problem(what, "See the log of flows; nothing is lost.", beat.at) for what in beat.problems]
        if beat.is_stale(now):
            problems.append(Problem("flows are silent", "See their log; they go on from where they were.", beat.at))
        return {"flows": {"state": beat.state, "lag_ms": beat.lag_ms}}, problems


class _Disks:
    """The file systems that events are written to."""

    def __init__(self, settings: Settings) -> None:
        self._least = settings.min_free_bytes
        self._found = {path: _statvfs(path) for path in (settings.data, settings.journals, settings.lake)}
        free = [found.f_bavail * found.f_frsize for found in self._found.values() if found is not None]
        self.free = min(free, default=None)

    def failing(self) -> Iterator[Problem]:
        """What keeps events from being taken."""
        for path, found in self._found.items():
            if found is None:
                yield Problem(f"{path} cannot be looked at", "See that its disk is mounted and works.")
            elif found.f_flag & os.ST_RDONLY:
                yield Problem(f"{path} is on a read-only file system", "See the system's log, and mount it writable.")
            elif not os.access(path, os.W_OK | os.X_OK):
                yield Problem(f"{path} may not be written", "Give it to the user that footfall runs as.")
            elif found.f_files and not found.f_favail:
                yield Problem(
                    "the file system has no inodes left: no file can be made",
                    "Remove files that nobody needs, or give it more inodes; nothing acknowledged is lost.",
                )

    def degraded(self) -> Iterator[Problem]:
        """What will, before long."""
        if self.free is not None and self.free < self._least:
            yield Problem(
                f"only {self.free} bytes of disk are free", "Make room, or lower min_free_bytes if that is enough."
            )


def _statvfs(path: Path) -> os.statvfs_result | None:
    try:
        return os.statvfs(path)
    except OSError:
        return None


def _journal_problems(states: dict[str, CollectorState], now: int) -> list[Problem]:
    do = "See that the disk has room and works; the journal shrinks as the pipeline runs."
    failing = [state for _, state in sorted(states.items()) if state.is_failing(now)]
    return [Problem(state.failed_why, do, state.failed_at) for state in failing]


def _is_silent(beat: Heartbeat | None, now: int) -> bool:
    return beat is None or beat.is_stale(now)


def _age(now: int, newest: int | None) -> dict[str, Any]:
    return {"newest_ms": newest, "age_ms": None if newest is None else max(0, now - newest)}
