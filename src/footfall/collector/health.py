"""How this collector is, for itself and for whoever is asked next."""

import os
import time

import msgspec

from footfall import health
from footfall.collector.service import Service
from footfall.control.snapshot import Snapshot
from footfall.health import CollectorState, Problem
from footfall.settings import Settings


class CollectorHealth:
    """What this collector says of itself, and what all say together.

    `problems` are sentences on what is wrong with this process alone.
    """

    def __init__(self, settings: Settings, index: int, service: Service, snapshot: Snapshot) -> None:
        self._index = index
        self._service = service
        self._snapshot = snapshot
        self._whole = health.Health(settings)
        self.path = health.state_path(settings.runtime, index)
        self.problems: list[Problem] = []
        self.unwritten: str | None = None

    def report(self, *, in_full: bool) -> tuple[int, bytes]:
        """HTTP status and JSON; 503 when events cannot be taken. Strangers are told the status alone."""
        found = self._whole.report((self._index, self.state()))
        body = msgspec.json.encode(found if in_full else {"status": found.status})
        return (503 if found.status == "failing" else 200), body

    def state(self) -> CollectorState:
        """How it is now."""
        service = self._service
        return CollectorState(
            time.time_ns() // 1_000_000,
            os.getpid(),
            service.stored_at,
            service.failed_at,
            service.failed_why,
            self._own(),
        )

    def is_failing(self) -> bool:
        """Whether events could not be taken the last time."""
        return self._service.failed_at is not None and self._service.failed_at >= (self._service.stored_at or 0)

    def _own(self) -> list[Problem]:
        problems = list(self.problems)
        if self._snapshot.trouble:
            problems.append(Problem(self._snapshot.trouble, "New channels and keys are not seen until it can be read."))
        if self.unwritten:
            what = f"the runtime folder cannot be written: {self.unwritten}"
            problems.append(Problem(what, "Until it can be, processes do not know how the others are."))
        return problems
