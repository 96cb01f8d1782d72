"""The plans of this installation, read when they are first asked for and again when their files change."""

import threading
from typing import TYPE_CHECKING

from footfall.flows import rebuild_request
from footfall.runtime import heartbeat
from footfall.settings import Settings

if TYPE_CHECKING:
    from footfall.plans.model import Plan


class InstalledPlans:
    """Plans by name; safe to share between threads. What makes them readable is loaded only when it is needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._signature: str | None = None
        self._plans: dict[str, Plan] = {}

    def behind_ms(self) -> int:
        """For how long the oldest event that is not part of a flow yet has waited, in ms; 0 while nobody can tell."""
        beat = heartbeat.read(self._settings.flows_heartbeat)
        return 0 if beat is None or beat.is_stale() else beat.lag_ms

    def plans(self) -> "dict[str, Plan]":
        """All plans that can be used, shipped ones and those of this installation."""
        from footfall.flows import installed_plans

        with self._lock:
            signature = rebuild_request.signature(self._settings)
            if signature != self._signature:
                self._plans = {plan.plan: plan for plan in installed_plans.every(self._settings).plans}
                self._signature = signature
            return self._plans
