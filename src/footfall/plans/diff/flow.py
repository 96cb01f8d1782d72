"""What is different between two versions of a flow."""

from collections.abc import Iterator, Sequence

from msgspec import UNSET

from footfall.plans.diff.change import Change, Effect, additive, breaking, by_name, subset, wording
from footfall.plans.diff.narrowing import compare_paths
from footfall.plans.flow import idle_ms
from footfall.plans.grammar import Grammar, counterexample, grammar_of
from footfall.plans.model import Outcome, Plan, Step

UNKNOWN_EVENT = "An event that does not hold to it is no longer this step."
WARNED = "An event that does not hold to it earns a warning now."
_JUDGED = "Flows that were fine are not any more."
_CALLED = "Flows are called otherwise than they were."


def compare_flows(old: Plan, new: Plan) -> Iterator[Change]:
    """Changes of steps, order, outcomes and of what ties events together."""
    yield from compare_steps(old, new)
    yield from _order(old, new)
    yield from _correlation(old, new)
    yield from _outcomes(old.outcomes, new.outcomes)


def compare_steps(old: Plan, new: Plan) -> Iterator[Change]:
    """Changes of steps."""
    before, after = by_name(old.steps, lambda step: step.step), by_name(new.steps, lambda step: step.step)
    for name in before:
        if name not in after:
            yield breaking(f"$.steps.{name}", "is gone", "Events that were this step are not understood.")
    for name, step in after.items():
        if name in before:
            yield from _step(before[name], step, f"$.steps.{name}")
        else:
            yield additive(f"$.steps.{name}", "is new", "Whether flows need it, the order says.")


def _step(old: Step, new: Step, path: str) -> Iterator[Change]:
    if old.event != new.event:
        yield breaking(f"{path}.event", f"is {new.event}, no longer {old.event}", UNKNOWN_EVENT)
    yield from compare_paths(old.match, new.match, f"{path}.match", UNKNOWN_EVENT)
    yield from compare_paths(old.expect, new.expect, f"{path}.expect", WARNED)
    for number, variant in enumerate(old.variants):
        if variant not in new.variants:
            yield breaking(f"{path}.variants[{number}]", f"the variant {variant.event} is gone", UNKNOWN_EVENT)
    for number, variant in enumerate(new.variants):
        if variant not in old.variants:
            yield additive(f"{path}.variants[{number}]", f"the variant {variant.event} is new")
    if old.end != new.end:
        yield breaking(f"{path}.end", "ends the flow now" if new.end else "no longer ends the flow", _CALLED)
    yield from wording(old, new, path, "when", "ref", "source", "optional", "repeatable")


def _order(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = _grammar(old), _grammar(new)
    if old.order == new.order:
        return
    try:
        refused, allowed = counterexample(before, after), counterexample(after, before)
    except OverflowError:
        yield breaking("$.order", "is another", "The two are too entangled to be compared.")
        return
    if refused is not None:
        yield breaking("$.order", f"no longer takes: {_told(refused)}", _JUDGED)
    elif allowed is not None:
        yield additive("$.order", f"takes more, such as: {_told(allowed)}")
    else:
        yield Change("$.order", Effect.WORDING, "is worded otherwise", "It takes the same flows.")


def _grammar(plan: Plan) -> Grammar:
    return grammar_of(plan.order, tuple(step.step for step in plan.steps))


def _told(steps: Sequence[str]) -> str:
    return " ".join(steps) or "a flow without any step"


def _correlation(old: Plan, new: Plan) -> Iterator[Change]:
    before, after = old.correlate or None, new.correlate or None
    types = (before.cdata if before else [], after.cdata if after else [])
    parted = "Events that were one flow are not any more."
    if types[0] and not types[1]:
        yield additive("$.correlate.cdata", "any type of cdata entry ties events together now")
    elif types[1] and not types[0]:
        yield breaking("$.correlate.cdata", f"only {', '.join(types[1])} tie events together now", parted)
    else:
        yield from subset(types[0], types[1], "$.correlate.cdata", parted)
    if (before.except_ if before else []) != (after.except_ if after else []):
        yield breaking("$.correlate.except", "is another", parted)
    if old.fallback != new.fallback:
        said = f"is {new.fallback or 'nothing'}, no longer {old.fallback or 'nothing'}"
        yield breaking("$.fallback", said, parted) if old.fallback else additive("$.fallback", said)
    yield from compare_idle(old, new)


def compare_idle(old: Plan, new: Plan) -> Iterator[Change]:
    """Changes of the time after which something counts as abandoned."""
    if old.idle == new.idle:
        return
    never = float("inf")
    before, after = (never if (idle := idle_ms(plan)) is None else idle for plan in (old, new))
    said = f"is {'never' if new.idle is UNSET else new.idle}, no longer {'never' if old.idle is UNSET else old.idle}"
    if after < before:
        yield breaking("$.idle", said, "What was unfinished counts as abandoned sooner.")
    else:
        yield additive("$.idle", said)


def _outcomes(old: Sequence[Outcome], new: Sequence[Outcome]) -> Iterator[Change]:
    before, after = [_conditions(one) for one in old], [_conditions(one) for one in new]
    for number, one in enumerate(before):
        if one not in after:
            yield breaking(f"$.outcomes[{number}]", f"{one.outcome} is gone or holds for other flows", _CALLED)
    kept = [one for one in after if one in before]
    if kept != [one for one in before if one in after]:
        yield breaking("$.outcomes", "come in another order", _CALLED)
    for number, one in enumerate(after):
        if one in before:
            continue
        if all(later.default or later not in before for later in after[number:]):
            yield additive(
                f"$.outcomes[{number}]", f"{one.outcome} is new", "Flows that had no name of their own get one."
            )
        else:
            yield breaking(f"$.outcomes[{number}]", f"{one.outcome} is new, before others", _CALLED)
    if before == after and [*old] != [*new]:
        yield Change("$.outcomes", Effect.WORDING, "are worded otherwise")


def _conditions(outcome: Outcome) -> Outcome:
    return Outcome(
        outcome=outcome.outcome,
        result=outcome.result,
        after=outcome.after,
        seen=sorted(outcome.seen),
        not_seen=sorted(outcome.not_seen),
        last=sorted(outcome.last),
        default=outcome.default,
    )
