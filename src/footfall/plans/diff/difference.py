"""What is different between two versions of a plan, and whether it breaks anything."""

from collections.abc import Iterator

from msgspec import Struct

from footfall.plans.diff.change import Change, Effect, breaking, wording
from footfall.plans.diff.flow import compare_flows
from footfall.plans.diff.types import compare_types
from footfall.plans.diff.workflow import compare_workflows
from footfall.plans.model import Plan

_COMPARE = {"flow": compare_flows, "types": compare_types, "workflow": compare_workflows}


class Difference(Struct, frozen=True):
    """Two versions of a plan compared; `effect` is that of the worst change, None where there is none."""

    plan: str
    old_version: int
    new_version: int
    changes: list[Change]

    @property
    def effect(self) -> Effect | None:
        """What the changes do, taken together."""
        order = list(Effect)
        return max((change.effect for change in self.changes), key=order.index, default=None)

    @property
    def needs_version(self) -> bool:
        """Whether the version has to be raised and is not."""
        return self.effect is Effect.BREAKING and self.new_version <= self.old_version


def compare(old: Plan, new: Plan) -> Difference:
    """The difference from one version of a plan to another."""
    return Difference(new.plan, old.version, new.version, [*_changes(old, new)])


def _changes(old: Plan, new: Plan) -> Iterator[Change]:
    if old.plan != new.plan:
        yield breaking(
            "$.plan", f"is called {new.plan}, no longer {old.plan}", "What is stored under the old name stays."
        )
    if new.version < old.version:
        yield breaking("$.version", f"goes back from {old.version} to {new.version}", "Versions only go up.")
    if old.kind != new.kind:
        yield breaking("$.kind", f"is {new.kind}, no longer {old.kind}", "Nothing of the old plan holds.")
        return
    yield from wording(old, new, "$", "title", "about", "source", "warnings")
    yield from _COMPARE[old.kind](old, new)
