"""Flows for tests: sightings a second apart, written as step names."""

from footfall.plans.correlation import Key
from footfall.plans.flow import Sighting, judge_flow
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance

BEGAN = 1_700_000_000_000


def seen(steps: str, key: Key | None = None, began: float = BEGAN) -> list[Sighting]:
    """One sighting for each step named."""
    key = key or Key("flow-1", "device-1", "session-1")
    return [
        Sighting(step, began + 1_000 * number, f"{key.id or key.sid}:{began}:{number}", number, key=key)
        for number, step in enumerate(steps.split())
    ]


def judged(plan: Plan, steps: str, now: float | None = None) -> Instance:
    """What became of a flow of these steps."""
    return judge_flow(plan, seen(steps), now=now)


def codes(instance: Instance) -> list[str]:
    """Codes of the remarks."""
    return [remark.code for remark in instance.remarks]
