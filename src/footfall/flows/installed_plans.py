"""The plans that an installation goes by: shipped ones that are chosen, and its own."""

from pathlib import Path

from msgspec import Struct

from footfall.errors import TerminalError
from footfall.flows.rebuild_request import ALL, named, plan_files
from footfall.plans import registry
from footfall.plans.model import Plan
from footfall.settings import Settings

_LONGEST_PROBLEM = 300


class FollowedPlans(Struct, frozen=True):
    """Plans by name, one of each, and what is wrong with those that cannot be used, in sentences."""

    plans: tuple[Plan, ...]
    problems: tuple[str, ...]


def followed(settings: Settings) -> FollowedPlans:
    """The flows and workflows that events are folded by."""
    known = {plan.plan: plan for plan in registry.shipped() if plan.kind != "types"}
    chosen, problems = _choose(named(settings), known)
    own = every(settings, shipped={name: known[name] for name in chosen})
    plans = tuple(plan for plan in own.plans if plan.kind != "types")
    return FollowedPlans(plans, (*problems, *own.problems))


def every(settings: Settings, *, shipped: dict[str, Plan] | None = None) -> FollowedPlans:
    """All plans, of types too; an installation's own takes the place of a shipped one of the same name."""
    found = {plan.plan: plan for plan in registry.shipped()} if shipped is None else dict(shipped)
    problems = []
    for path in plan_files(settings):
        try:
            plan = registry.read(path)
        except TerminalError as error:
            problems.append(_sentence(path, error))
        else:
            found[plan.plan] = plan
    return FollowedPlans(tuple(found.values()), tuple(problems))


def _choose(wanted: list[str], known: dict[str, Plan]) -> tuple[list[str], list[str]]:
    if wanted == [ALL]:
        return list(known), []
    unknown = [name for name in wanted if name not in known]
    problems = [f"the setting flow_plans names {name!r}; shipped are {', '.join(sorted(known))}" for name in unknown]
    return [name for name in wanted if name in known], problems


def _sentence(path: Path, error: TerminalError) -> str:
    first, _, rest = str(error).partition("\n")
    more = f" (and {len(rest.splitlines())} more)" if rest else ""
    return f"the plan {path.name} is left out: {first[:_LONGEST_PROBLEM]}{more}"
