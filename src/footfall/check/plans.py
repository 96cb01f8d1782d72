"""Which plans events are held against."""

from collections.abc import Iterable

from footfall.plans import registry
from footfall.plans.model import Plan

_KINDS = ("flow", "types", "workflow")


def chosen(names: Iterable[str]) -> tuple[Plan, ...]:
    """The plans named, by name or file; without any, those shipped by which one event alone can be known.

    Raises UnknownPlanError, PlanError or TerminalError. Steps of flows, which are described closely, come first, then
    named types of events.
    """
    named = {plan.plan: plan for plan in map(registry.find, names)}
    plans = named.values() or (plan for plan in registry.shipped() if plan.kind != "workflow")
    return tuple(sorted(plans, key=_order))


def _order(plan: Plan) -> tuple[int, int, str]:
    return _KINDS.index(plan.kind), -plan.rank, plan.plan
