"""What is wrong with a plan that is well formed: names that lead nowhere, orders that cannot be, what never holds."""

from collections.abc import Callable, Iterable, Iterator
from difflib import get_close_matches

from msgspec import UNSET, Struct

from footfall.plans.errors import Flaw, OrderError, PatternError
from footfall.plans.grammar import Grammar, grammar_of
from footfall.plans.matching import COMMON_WARNINGS
from footfall.plans.model import EventType, Expectation, Outcome, Plan, Scalar, Step, Variant
from footfall.plans.pattern import Pattern
from footfall.plans.payload import fits
from footfall.plans.workflow_checks import flaws_of_workflow
from footfall.plans.yaml_tree import Node
from footfall.schema.event_types import LEGACY_EIDS
from footfall.schema.schemas import EIDS

OPEN_OUTCOMES = ("unfinished", "abandoned")
_ROOTS = ("eid", "ets", "ver", "mid", "actor", "context", "object", "edata", "tags")
KEYS_OF_KIND = {
    "flow": ("steps", "order", "outcomes", "correlate", "fallback", "idle"),
    "types": ("event", "types", "operations"),
    "workflow": ("steps", "blocks", "rules", "correlate", "fallback", "idle", "signs", "rank"),
}
NEEDED_OF_KIND = {"flow": ("steps", "order"), "types": ("event", "types"), "workflow": ("steps", "rules")}


class Place(Struct):
    """Makes flaws with the line and path of a part of the document."""

    tree: Node

    def flaw(self, said: str, *way: str | int, hint: str = "") -> Flaw:
        """A flaw of the part that the keys and numbers lead to."""
        line, path = self.tree.spot(*way)
        return Flaw(said, line, path, hint)

    def unknown(self, noun: str, name: str, known: Iterable[str], *way: str | int) -> Flaw:
        """A name that leads nowhere."""
        names = list(known)
        close = get_close_matches(name, names, 1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names) or 'none'}"
        return self.flaw(f"there is no {noun} {name!r}", *way, hint=hint)


def flaws_of_meaning(plan: Plan, tree: Node) -> list[Flaw]:
    """Everything that is wrong with what a plan says."""
    place = Place(tree)
    checks: list[Callable[[Plan, Place], Iterator[Flaw]]] = [_kind, _steps, _expectations]
    if plan.kind == "flow":
        checks += [_order, _outcomes, _twins]
    checks += [_types] if plan.kind == "types" else [_blocks, _workflow] if plan.kind == "workflow" else []
    return [flaw for check in checks for flaw in check(plan, place)]


def _kind(plan: Plan, place: Place) -> Iterator[Flaw]:
    for name in dict.fromkeys(key for keys in KEYS_OF_KIND.values() for key in keys):
        if name in place.tree.value and name not in KEYS_OF_KIND[plan.kind]:
            yield place.flaw(f"has no place in a plan of the kind {plan.kind}", name)
    for name in NEEDED_OF_KIND[plan.kind]:
        if not getattr(plan, name):
            hint = (
                f"for example: {' '.join(step.step for step in plan.steps)}" if name == "order" and plan.steps else ""
            )
            yield place.flaw(f"a plan of the kind {plan.kind} needs {name!r}", name, hint=hint)


def _steps(plan: Plan, place: Place) -> Iterator[Flaw]:
    yield from _twice("step", [step.step for step in plan.steps], place, "steps", "step")
    for number, step in enumerate(plan.steps):
        events = [(step.event, ("event",)), *((v.event, ("variants", n, "event")) for n, v in enumerate(step.variants))]
        for eid, way in events:
            if eid not in EIDS and not (plan.kind == "workflow" and eid in LEGACY_EIDS):
                yield place.unknown("event", eid, EIDS, "steps", number, *way)
    if plan.event and plan.event not in EIDS:
        yield place.unknown("event", plan.event, EIDS, "event")


def _expectations(plan: Plan, place: Place) -> Iterator[Flaw]:
    for number, step in enumerate(plan.steps):
        yield from _of_paths(plan, step, place, ("steps", number))
        for index, variant in enumerate(step.variants):
            yield from _of_paths(plan, variant, place, ("steps", number, "variants", index))
            yield from _warning(plan, variant.warning, place, ("steps", number, "variants", index, "warning"))


def _of_paths(plan: Plan, step: Step | Variant, place: Place, way: tuple[str | int, ...]) -> Iterator[Flaw]:
    parts = [("match", step.match)] + ([("expect", step.expect)] if isinstance(step, Step) else [])
    for part, expected in parts:
        for path, one in expected.items():
            if path.split(".")[0] not in _ROOTS:
                yield place.unknown("field of an event", path.split(".")[0], _ROOTS, *way, part, path)
            yield from _expectation(plan, one, place, (*way, part, path))


def _expectation(plan: Plan, one: Scalar | Expectation, place: Place, way: tuple[str | int, ...]) -> Iterator[Flaw]:
    if not isinstance(one, Expectation):
        return
    said = [one.is_ is not UNSET, bool(one.one_of), bool(one.pattern), one.type is not UNSET]
    if sum(said) != 1:
        yield place.flaw("needs exactly one of is, one_of, pattern and type", *way)
    if one.pattern:
        try:
            Pattern(one.pattern)
        except PatternError as error:
            yield place.flaw(
                f"the pattern {error}", *way, "pattern", hint="see docs/plans.md for what a pattern may hold"
            )
    for value, slug in one.accept.items():
        if value == one.is_ or value in one.one_of:
            yield place.flaw(f"{value!r} is what is expected, not a variant", *way, "accept", value)
        yield from _warning(plan, slug, place, (*way, "accept", value))


def _warning(plan: Plan, slug: str, place: Place, way: tuple[str | int, ...]) -> Iterator[Flaw]:
    known = [*plan.warnings, *COMMON_WARNINGS]
    if slug not in known:
        close = get_close_matches(slug, known, 1)
        hint = f"did you mean {close[0]}?" if close else f"say under `warnings:` what {slug} means"
        yield place.flaw(f"there is no warning {slug!r}", *way, hint=hint)


def _twins(plan: Plan, place: Place) -> Iterator[Flaw]:
    seen: list[Step] = []
    for number, step in enumerate(plan.steps):
        twin = next((other for other in seen if other.event == step.event and other.match == step.match), None)
        if twin is not None:
            yield place.flaw(f"{step.step} is the same event as {twin.step}", "steps", number, hint="match more of it")
        seen.append(step)


def _order(plan: Plan, place: Place) -> Iterator[Flaw]:
    if plan.fallback == "service":
        yield place.flaw("the events of a flow fall back to a session or a device", "fallback")
    if not plan.order or not plan.steps:
        return
    try:
        grammar = grammar_of(plan.order, tuple(step.step for step in plan.steps))
    except OrderError as error:
        yield place.flaw(str(error), "order", hint=error.hint)
        return
    for number, step in enumerate(plan.steps):
        said = _impossible(step, grammar)
        if said:
            yield place.flaw(said, "steps", number)


def _impossible(step: Step, grammar: Grammar) -> str:
    if not grammar.is_mentioned(step.step):
        return f"{step.step} has no place in the order"
    if step.end and not grammar.can_end_with(step.step):
        return f"{step.step} ends the flow, but the order wants more after it"
    if step.optional and not grammar.can_skip(step.step):
        return f"{step.step} is optional, but the order cannot do without it"
    if step.repeatable and not grammar.can_repeat(step.step):
        return f"{step.step} is repeatable, but the order takes it once"
    return ""


def _outcomes(plan: Plan, place: Place) -> Iterator[Flaw]:
    names = [step.step for step in plan.steps]
    for number, outcome in enumerate(plan.outcomes):
        way = ("outcomes", number)
        for key in ("seen", "not_seen", "last"):
            yield from _names("step", getattr(outcome, key), names, place, *way, key)
        if outcome.after is not UNSET and outcome.after not in names:
            yield place.unknown("step", outcome.after, names, *way, "after")
        if said := _never(outcome, last=number == len(plan.outcomes) - 1):
            yield place.flaw(said, *way)


def _never(outcome: Outcome, *, last: bool) -> str:
    if outcome.outcome in OPEN_OUTCOMES:
        return f"{outcome.outcome} is what a flow without an end is called"
    conditions = [outcome.seen, outcome.not_seen, outcome.last, outcome.after is not UNSET]
    if outcome.default:
        return "" if last and not any(conditions) else "the default has no conditions and stands last"
    if not any(conditions):
        return f"{outcome.outcome} has no condition"
    both = set(outcome.not_seen) & {*outcome.seen, *outcome.last}
    return f"{', '.join(sorted(both))} cannot be seen and not be seen" if both else ""


def _types(plan: Plan, place: Place) -> Iterator[Flaw]:
    yield from _twice("type", [one.type for one in plan.types], place, "types", "type")
    names = [one.type for one in plan.types]
    for number, one in enumerate(plan.types):
        yield from _fields(one, place, number)
        for index, alias in enumerate(one.aliases):
            if alias in names or any(alias in other.aliases for other in plan.types[:number]):
                yield place.flaw(f"{alias!r} is the name of another type", "types", number, "aliases", index)
    for number, operation in enumerate(plan.operations):
        yield from _names("type", operation.fires, names, place, "operations", number, "fires")
        if operation.fails and operation.fails not in names:
            yield place.unknown("type", operation.fails, names, "operations", number, "fails")


def _fields(one: EventType, place: Place, number: int) -> Iterator[Flaw]:
    for index, form in enumerate(one.alternatives):
        if not one.open:
            yield from _names("field", form, list(one.fields), place, "types", number, "alternatives", index)
    for name, field in one.fields.items():
        for index, value in enumerate(field.one_of):
            if not fits(field.type, value):
                at = ("types", number, "fields", name, "one_of", index)
                yield place.flaw(f"this value is not of the type {field.type}", *at, hint="say its type")


def _blocks(plan: Plan, place: Place) -> Iterator[Flaw]:
    steps = [step.step for step in plan.steps]
    blocks = [block.block for block in plan.blocks]
    yield from _twice("block", blocks, place, "blocks", "block")
    yield from _twice("rule", [rule.rule for rule in plan.rules], place, "rules", "rule")
    yield from _names("step", plan.signs, steps, place, "signs")
    for number, block in enumerate(plan.blocks):
        for key, name in (("starts", block.starts), ("ends", block.ends)):
            if name not in steps:
                yield place.unknown("step", name, steps, "blocks", number, key)
        yield from _names("block", block.within, blocks, place, "blocks", number, "within")
    for number, rule in enumerate(plan.rules):
        yield from _names("block", rule.blocks, blocks, place, "rules", number, "blocks")
        for key in ("steps", "by", "ignoring"):
            yield from _names("step", getattr(rule, key), steps, place, "rules", number, key)


def _workflow(plan: Plan, place: Place) -> Iterator[Flaw]:
    for said, way in flaws_of_workflow(plan):
        yield place.flaw(said, *way)


def _names(noun: str, names: list[str], known: list[str], place: Place, *way: str | int) -> Iterator[Flaw]:
    for index, name in enumerate(names):
        if name not in known:
            yield place.unknown(noun, name, known, *way, index)


def _twice(noun: str, names: list[str], place: Place, part: str, key: str) -> Iterator[Flaw]:
    for number, name in enumerate(names):
        if name in names[:number]:
            line, _ = place.tree.spot(part, names.index(name), key)
            yield place.flaw(f"there is a {noun} {name!r} already, in line {line}", part, number, key)
