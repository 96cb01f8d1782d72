"""Which step of which plan an event is; an event that no plan knows costs well under a microsecond or two."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from msgspec import UNSET, Struct

from footfall.plans.model import EventType, Expectation, Path, Plan, Scalar, Step, Variant
from footfall.plans.outcome import Remark
from footfall.plans.payload import MISSING_VALUE, PERSONAL_VALUE, UNEXPECTED_VALUE, UNKNOWN_VALUE, Payload
from footfall.plans.values import MISSING, Judgement, expectation_of, judge, said, value_at


class Match(Struct, frozen=True):
    """An event recognised: the plan, the name of its step (or event type), and what there is to say of it."""

    plan: Plan
    step: str
    warnings: tuple[Remark, ...] = ()


class Matcher:
    """Recognises events of some plans. An event can be a step of several plans, and is one step at most of each.

    Workflows are left out: what an event is to them depends on the events around it.
    """

    def __init__(self, plans: Iterable[Plan]) -> None:
        self.plans = tuple(plan for plan in plans if plan.kind != "workflow")
        found: dict[str, list[_Candidate]] = defaultdict(list)
        for number, plan in enumerate(self.plans):
            for candidate in _candidates(plan, number):
                found[candidate.event].append(candidate)
        self._by_eid = {eid: _Index(candidates) for eid, candidates in found.items()}

    def match(self, value: dict[str, Any]) -> Match | None:
        """The first plan's step that a decoded event is, None where no plan knows it."""
        eid = value.get("eid")
        index = self._by_eid.get(eid) if type(eid) is str else None
        if index is None:
            return None
        for candidate in index.candidates(value):
            found = candidate.match(value)
            if found is not None:
                return found
        return None

    def matches(self, value: dict[str, Any]) -> list[Match]:
        """The step that an event is in each of the plans, in the order of the plans; empty where none knows it."""
        eid = value.get("eid")
        index = self._by_eid.get(eid) if type(eid) is str else None
        if index is None:
            return []
        found: dict[int, Match] = {}
        for candidate in index.candidates(value):
            if candidate.number not in found and (match := candidate.match(value)) is not None:
                found[candidate.number] = match
        return list(found.values())


class _Check(NamedTuple):
    path: Path
    keys: tuple[str, ...]
    expected: Expectation
    judge: Callable[[Any], Judgement]


class _Candidate:
    """One event that is a step: the step's own or a variant of it."""

    def __init__(self, plan: Plan, number: int, step: str, event: str, match: Sequence[_Check]) -> None:
        self.plan = plan
        self.number = number
        self.step = step
        self.event = event
        self.checks = sorted(match, key=_telling, reverse=True)
        self.wishes: list[_Check] = []
        self.variant: Remark | None = None
        self.payload: Payload | None = None
        self.plain = Match(plan, step)

    @property
    def telling(self) -> tuple[int, ...]:
        """How closely the event is described, for trying the closest first."""
        return (self.variant is None, *(len([c for c in self.checks if _telling(c) >= n]) for n in (3, 2, 1, 0)))

    def match(self, value: dict[str, Any]) -> Match | None:
        warned: list[tuple[_Check, str]] = []
        for check in self.checks:
            holds, warning = check.judge(value_at(value, check.keys))
            if not holds:
                return None
            if warning:
                warned.append((check, warning))
        for check in self.wishes:
            found = value_at(value, check.keys)
            holds, warning = check.judge(found)
            if warning or not holds:
                warned.append((check, warning or (MISSING_VALUE if found is MISSING else UNEXPECTED_VALUE)))
        remarks = self.payload.remarks(value) if self.payload is not None else []
        if not warned and not remarks and self.variant is None:
            return self.plain
        return Match(self.plan, self.step, (*self._remarks(value, warned), *remarks))

    def _remarks(self, value: dict[str, Any], warned: list[tuple[_Check, str]]) -> tuple[Remark, ...]:
        remarks = [] if self.variant is None else [self.variant]
        remarks += [_remark(self.plan, value, check, warning) for check, warning in warned]
        return tuple({(remark.code, remark.path): remark for remark in remarks}.values())


class _Index:
    """The candidates of one eid by the value of the path that tells them apart best."""

    def __init__(self, candidates: list[_Candidate]) -> None:
        everything = sorted(candidates, key=lambda one: (one.number, *(-n for n in one.telling)))
        self.keys = _telling_path(everything)
        self.others = [one for one in everything if self._values(one) is None]
        values = {value for one in everything for value in self._values(one) or ()}
        self.by_value = {
            value: [one for one in everything if (mine := self._values(one)) is None or value in mine]
            for value in values
        }

    def candidates(self, value: dict[str, Any]) -> list[_Candidate]:
        """Those that an event may be, the most closely described of each plan first."""
        found: Any = value
        for key in self.keys:
            if type(found) is not dict:
                return self.others
            found = found.get(key)
        return self.by_value.get(found, self.others) if type(found) is str else self.others

    def _values(self, candidate: _Candidate) -> frozenset[str] | None:
        return next((_fixed(check) for check in candidate.checks if check.keys == self.keys), None)


def _telling_path(candidates: list[_Candidate]) -> tuple[str, ...]:
    """The path that most candidates hold to fixed texts, and the most different ones."""
    values: dict[tuple[str, ...], list[str]] = defaultdict(list)
    holders: dict[tuple[str, ...], int] = defaultdict(int)
    for candidate in candidates:
        for check in candidate.checks:
            if (fixed := _fixed(check)) is not None:
                holders[check.keys] += 1
                values[check.keys] += fixed
    return max(holders, key=lambda keys: (holders[keys], len(set(values[keys])), keys), default=())


def _fixed(check: _Check) -> frozenset[str] | None:
    """The only texts that a check takes; None where it takes others, or may meet an array on its way."""
    expected = check.expected
    only = [expected.is_] if expected.is_ is not UNSET else expected.one_of
    if not only or expected.optional or check.keys[:2] == ("context", "cdata"):
        return None
    texts = [value for value in only if isinstance(value, str)]
    return frozenset([*texts, *expected.accept]) if len(texts) == len(only) else None


def _telling(check: _Check) -> int:
    expected = check.expected
    if expected.optional:
        return 0
    if expected.is_ is not UNSET:
        return 3
    return 2 if expected.one_of or expected.pattern else 1


def _candidates(plan: Plan, number: int) -> list[_Candidate]:
    if plan.kind == "types":
        return [_of_type(plan, number, one) for one in plan.types]
    return [candidate for step in plan.steps for candidate in _of_step(plan, number, step)]


def _of_type(plan: Plan, number: int, one: EventType) -> _Candidate:
    expected = Expectation(one_of=[one.type, *one.aliases])
    candidate = _Candidate(plan, number, one.type, plan.event, _checks({"edata.type": expected}))
    candidate.payload = Payload(plan, one)
    return candidate


def _of_step(plan: Plan, number: int, step: Step) -> list[_Candidate]:
    usual = _Candidate(plan, number, step.step, step.event, _checks(step.match))
    usual.wishes = _checks(step.expect)
    return [usual, *(_of_variant(plan, number, step, variant) for variant in step.variants)]


def _of_variant(plan: Plan, number: int, step: Step, variant: Variant) -> _Candidate:
    candidate = _Candidate(plan, number, step.step, variant.event, _checks(variant.match))
    candidate.variant = Remark(
        variant.warning,
        said_of(plan, variant.warning),
        hint=f"Send {step.event} as the step {step.step} of {plan.plan} says.",
        path="$.eid",
    )
    return candidate


def _checks(expected: dict[Path, Scalar | Expectation]) -> list[_Check]:
    return [_Check(path, tuple(path.split(".")), expectation_of(one), judge(one)) for path, one in expected.items()]


def _remark(plan: Plan, value: dict[str, Any], check: _Check, warning: str) -> Remark:
    if warning == MISSING_VALUE:
        return Remark(warning, f"{check.path} is missing.", _hint(check), _nearest(value, check.keys))
    if warning == UNEXPECTED_VALUE:
        return Remark(warning, f"{check.path} is not what the plan expects.", _hint(check), f"$.{check.path}")
    return Remark(warning, said_of(plan, warning), _hint(check), f"$.{check.path}")


def _hint(check: _Check) -> str:
    return f"Send {said(check.expected)}." if not check.expected.about else check.expected.about


def _nearest(value: Any, keys: tuple[str, ...]) -> str:
    """The path of the first part that is not there: `$.object` for `object.id` of an event without an object."""
    known = 0
    while known < len(keys) - 1 and value_at(value, keys[: known + 1]) is not MISSING:
        known += 1
    return "$." + ".".join(keys[: known + 1])


def said_of(plan: Plan, warning: str) -> str:
    """What a plan, or failing that this product, says of a warning."""
    return plan.warnings.get(warning) or COMMON_WARNINGS.get(warning, warning.replace("_", " "))


COMMON_WARNINGS = {
    MISSING_VALUE: "A value that the plan expects is missing.",
    UNEXPECTED_VALUE: "A value is not what the plan expects.",
    UNKNOWN_VALUE: "The payload has a field that the plan does not name.",
    PERSONAL_VALUE: "A value is personal, and should not be sent.",
    "misspelt_value": "A misspelt value; it is kept as it was sent, and shown under the right one.",
    "env_page_mismatch": "The environment is not that of the page.",
    "start_end_type_mismatch": "The START of this flow has another type than its END: they do not pair by type.",
    "string_for_boolean": "A text stands where a boolean belongs; it counts as that boolean.",
    "empty_audit_value": "An empty text stands where the AUDIT should say what changed.",
}
