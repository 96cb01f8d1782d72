"""Which plans events are held against."""

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from footfall.plans import shelf
from footfall.plans.model import Expectation, Plan, Scalar
from footfall.plans.values import expectation_of

_KINDS = ("flow", "types", "workflow")


def chosen(names: Iterable[str]) -> tuple[Plan, ...]:
    """The plans named, by name or file; without any, what is telling of all plans that are shipped.

    Raises UnknownPlanError, PlanError or TerminalError. Closely described steps are looked for first: those of flows,
    then named types of events, then those of workflows, the most special one first.
    """
    named = tuple({plan.plan: plan for plan in map(shelf.find, names)}.values())
    return tuple(sorted(named or map(_telling, shelf.shipped()), key=_order))


def _order(plan: Plan) -> tuple[int, int, str]:
    return _KINDS.index(plan.kind), -plan.rank, plan.plan


def _telling(plan: Plan) -> Plan:
    """A plan without the steps that are told by a pattern or not at all, as many events of other plans are too."""
    return msgspec.structs.replace(
        plan, steps=[step for step in plan.steps if any(map(_is_fixed, step.match.values()))]
    )


def _is_fixed(expected: Scalar | Expectation) -> bool:
    expectation = expectation_of(expected)
    return (expectation.is_ is not UNSET or bool(expectation.one_of)) and not expectation.optional
