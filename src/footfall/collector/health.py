"""What is wrong, as /health tells it: to a person what to do, to a machine by its status."""

import shutil
import time
from typing import Any

import msgspec
from msgspec import Struct

import footfall
from footfall import heartbeat
from footfall.collector.door import Door
from footfall.control.snapshot import Snapshot
from footfall.incidents import Incidents, Severity
from footfall.settings import Settings

_FAILING_MS = 30_000
_NOTICE_MS = 86_400_000


class Problem(Struct, frozen=True, omit_defaults=True):
    """Something that is not as it should be; `since` is in epoch ms."""

    what: str
    do: str
    since: int | None = None


class Report(Struct, frozen=True):
    """The answer of /health."""

    status: str
    problems: list[Problem]
    stages: dict[str, Any]
    disk_free_bytes: int | None
    version: str


class Health:
    """Looks at this collector, at the disk, and at the heartbeats of the pipeline and of flows."""

    def __init__(self, settings: Settings, door: Door, snapshot: Snapshot) -> None:
        self._settings = settings
        self._door = door
        self._snapshot = snapshot
        self._incidents = Incidents(settings.data)

    def report(self) -> tuple[int, bytes]:
        """HTTP status and JSON; 503 when events cannot be taken."""
        now = time.time_ns() // 1_000_000
        failing = self._journal_problems(now)
        free = _free_bytes(self._settings)
        lake, degraded = self._lake(now)
        flows, behind = self._flows(now)
        degraded += behind + self._own_problems(free) + self._remembered("loss", now)
        notices = self._remembered("notice", now)
        stored = max((at for at in (self._door.stored_at, lake["newest_ms"]) if at is not None), default=None)
        report = Report(
            "failing" if failing else "degraded" if degraded else "ok",
            failing + degraded + notices,
            {"journal": _age(now, stored), "lake": lake} | flows,
            free,
            footfall.__version__,
        )
        return (503 if failing else 200), msgspec.json.encode(report)

    def _journal_problems(self, now: int) -> list[Problem]:
        failed_at, why = self._door.failed_at, self._door.failed_why
        # A collector that nobody sends to any more could not show that the trouble is over.
        if failed_at is None or failed_at < (self._door.stored_at or 0) or now - failed_at > _FAILING_MS:
            return []
        return [
            Problem(why, "See that the disk has room and works; the journal shrinks as the pipeline runs.", failed_at)
        ]

    def _own_problems(self, free: int | None) -> list[Problem]:
        problems = []
        if free is not None and free < self._settings.min_free_bytes:
            problems.append(
                Problem(f"only {free} bytes of disk are free", "Make room, or lower min_free_bytes if that is enough.")
            )
        if self._snapshot.trouble:
            problems.append(Problem(self._snapshot.trouble, "New channels and keys are not seen until it can be read."))
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
        beat = heartbeat.read(self._settings.heartbeat)
        if beat is None:
            problem = Problem("the pipeline has not reported yet", "Events are safe in the journal until it runs.")
            return {"newest_ms": None, "age_ms": None}, [problem]
        stage = _age(now, beat.newest_stored_at) | {"lag_bytes": beat.lag_bytes}
        problems = [Problem(what, "See the pipeline's log.", beat.at) for what in beat.problems]
        if beat.is_stale(now):
            problems.append(
                Problem("the pipeline is silent", "See its log; events are safe in the journal until it runs.", beat.at)
            )
        return stage, problems

    def _flows(self, now: int) -> tuple[dict[str, Any], list[Problem]]:
        """The stage of flows, where there is one, and what is wrong with it: nothing is lost, whatever it is."""
        beat = heartbeat.read(self._settings.flows_heartbeat)
        if beat is None:
            return {}, []
        problems = [Problem(what, "See the log of flows; nothing is lost.", beat.at) for what in beat.problems]
        if beat.is_stale(now):
            problems.append(Problem("flows are silent", "See their log; they go on from where they were.", beat.at))
        return {"flows": {"state": beat.state, "lag_ms": beat.lag_ms}}, problems


def _age(now: int, newest: int | None) -> dict[str, Any]:
    return {"newest_ms": newest, "age_ms": None if newest is None else max(0, now - newest)}


def _free_bytes(settings: Settings) -> int | None:
    try:
        return shutil.disk_usage(settings.data).free
    except OSError:
        return None
