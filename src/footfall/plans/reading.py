"""A plan from YAML, or everything that is wrong with it, by line."""

import msgspec

from footfall.plans.checks import flaws_of_meaning
from footfall.plans.errors import PlanError
from footfall.plans.model import Plan
from footfall.plans.shape import flaws_of_shape
from footfall.plans.yaml_tree import LARGEST, parse

__all__ = ["LARGEST", "plan_of"]


def plan_of(data: bytes, file: str) -> Plan:
    """The plan in some YAML; raises PlanError with every flaw. `file` is what errors call it."""
    tree = parse(data, file)
    flaws = flaws_of_shape(tree, Plan)
    if flaws:
        raise PlanError(file, sorted(flaws, key=lambda flaw: flaw.line))
    plan = msgspec.convert(tree.plain(), Plan)
    flaws = flaws_of_meaning(plan, tree)
    if flaws:
        raise PlanError(file, sorted(flaws, key=lambda flaw: flaw.line))
    return plan
