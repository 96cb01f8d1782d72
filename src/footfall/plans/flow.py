"""One flow from the events seen of it: what was missing or out of order, and how it ended."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET, Struct

from footfall.plans.alignment import Alignment, align
from footfall.plans.correlation import Key
from footfall.plans.grammar import grammar_of
from footfall.plans.matching import Match
from footfall.plans.model import Outcome, Plan
from footfall.plans.outcome import Instance, Misplaced, Remark

UNFINISHED = "unfinished"
ABANDONED = "abandoned"
_TOLD = 200  # of each kind; a client that has gone mad says the same thing without end
_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Sighting(Struct, frozen=True):
    """A step that was seen: when, by epoch milliseconds, and in which event. `index` settles equal times."""

    step: str
    ets: float
    mid: str = ""
    index: int = -1
    remarks: tuple[Remark, ...] = ()
    key: Key = Key()


def sight(match: Match, key: Key, value: dict[str, Any], index: int) -> Sighting:
    """The sighting that a recognised event is; its remarks say which event they are about."""
    mid = value.get("mid")
    named = mid if isinstance(mid, str) else ""
    ets: Any = value.get("ets")
    remarks = tuple(
        Remark(one.code, one.message, one.hint, one.path, one.rule, one.severity, named, index)
        for one in match.warnings
    )
    return Sighting(match.step, ets if type(ets) in (int, float) else 0, named, index, remarks, key)


def idle_ms(plan: Plan) -> float | None:
    """After how many milliseconds without a step an unfinished flow counts as abandoned; None for never."""
    return None if plan.idle is UNSET else int(plan.idle[:-1]) * _MILLISECONDS[plan.idle[-1]]


def judge_flow(plan: Plan, sightings: Iterable[Sighting], *, now: float | None = None, id: str = "") -> Instance:  # noqa: A002
    """What became of one flow, whatever order its sightings are given in.

    With `now` (epoch milliseconds), an unfinished flow that has been idle for too long is abandoned. Sightings of the
    same mid are one. Raises ValueError without any sighting.
    """
    seen = _in_order(sightings)
    steps = [one.step for one in seen]
    grammar = grammar_of(plan.order, tuple(step.step for step in plan.steps))
    alignment = align(grammar, steps)
    ends = {step.step for step in plan.steps if step.end}
    ended = not alignment.rest or not ends.isdisjoint(steps)
    outcome = _outcome(plan, steps, ended=ended)
    idle = idle_ms(plan)
    late = now is not None and idle is not None and now - seen[-1].ets > idle
    missing = _missing(alignment, steps)
    misplaced, repeated = _misplaced(alignment, seen)
    return Instance(
        plan=plan.plan,
        id=id or next((one.key.id for one in seen if one.key.id), _session(seen[0].key)),
        steps=steps,
        missing=missing,
        out_of_order=misplaced,
        outcome=outcome.outcome if outcome else ABANDONED if late else UNFINISHED,
        began_at=seen[0].ets,
        ended_at=seen[-1].ets,
        remarks=(
            *(remark for one in seen for remark in one.remarks),
            *_remarks(plan, misplaced[:_TOLD], repeated[:_TOLD], missing[:_TOLD], ended=ended, late=late),
        ),
        result=outcome.result if outcome else "",
        repeated=[one.step for one in repeated],
        ended=ended,
    )


def _in_order(sightings: Iterable[Sighting]) -> list[Sighting]:
    known: set[str] = set()
    found = []
    for one in sorted(sightings, key=lambda one: (one.ets, one.index)):
        if one.mid not in known:
            found.append(one)
        if one.mid:
            known.add(one.mid)
    if not found:
        raise ValueError("a flow needs at least one sighting")
    return found


def _missing(alignment: Alignment, steps: Sequence[str]) -> list[str]:
    """Steps passed over and steps to come, less those that were seen in another place."""
    elsewhere = Counter(steps[number] for number in alignment.misplaced)
    missing = []
    for name in [*(name for skipped in alignment.skipped for name in skipped), *alignment.rest]:
        if elsewhere[name]:
            elsewhere[name] -= 1
        else:
            missing.append(name)
    return missing


def _misplaced(alignment: Alignment, seen: Sequence[Sighting]) -> tuple[list[Misplaced], list[Sighting]]:
    placed = {one.step for number, one in enumerate(seen) if number not in alignment.misplaced}
    misplaced, repeated = [], []
    for number, expected in alignment.misplaced.items():
        one = seen[number]
        if one.step in placed:
            repeated.append(one)
        else:
            misplaced.append(Misplaced(one.step, expected, one.mid, one.index))
    return misplaced, repeated


def _outcome(plan: Plan, steps: Sequence[str], *, ended: bool) -> Outcome | None:
    return next((one for one in plan.outcomes if (ended if one.default else _holds(one, steps))), None)


def _holds(outcome: Outcome, steps: Sequence[str]) -> bool:
    if outcome.after is not UNSET:
        if outcome.after not in steps:
            return False
        steps = steps[len(steps) - steps[::-1].index(outcome.after) :]
    return (
        all(step in steps for step in outcome.seen)
        and not any(step in steps for step in outcome.not_seen)
        and (not outcome.last or (bool(steps) and steps[-1] in outcome.last))
    )


def _remarks(
    plan: Plan,
    misplaced: Sequence[Misplaced],
    repeated: Sequence[Sighting],
    missing: Sequence[str],
    *,
    ended: bool,
    late: bool,
) -> list[Remark]:
    found = [
        Remark(
            "out_of_order",
            f"{one.step} came out of order.",
            f"Expected here: {', '.join(one.expected) or 'nothing more'}.",
            mid=one.mid,
            index=one.index,
        )
        for one in misplaced
    ]
    found += [
        Remark("repeated_step", f"{one.step} came again.", "The order takes it once.", mid=one.mid, index=one.index)
        for one in repeated
    ]
    if ended:
        when = {step.step: step.when for step in plan.steps}
        return found + [Remark("missing_step", f"{name} is missing.", when[name]) for name in missing]
    code, said = (ABANDONED, "was abandoned") if late else (UNFINISHED, "has not ended")
    return [*found, Remark(code, f"This {plan.plan} flow {said}.", f"Missing for an end: {', '.join(missing)}.")]


def _session(key: Key) -> str:
    return "" if key.loose else f"session:{key.did}/{key.sid}"
