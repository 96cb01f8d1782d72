"""What is wrong with a workflow whose names all lead somewhere: rules that say too little, blocks without a root."""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec import UNSET

from footfall.plans.mark import KEPT
from footfall.plans.model import Form, Plan, Rule

Way = tuple[str | int, ...]
_FIELDS = ("steps", "by", "blocks", "ignoring", "cdata")


class _Use(NamedTuple):
    """The fields that a form needs, and those that it can use besides."""

    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()


_OF_BLOCKS = _Use(takes=("blocks",))
_USES: dict[Form, _Use] = {
    "closed": _OF_BLOCKS,
    "uncrossed": _OF_BLOCKS,
    "opened": _OF_BLOCKS,
    "restart": _OF_BLOCKS,
    "duration": _OF_BLOCKS,
    "mode": _OF_BLOCKS,
    "timed": _Use(),
    "once": _OF_BLOCKS,
    "ends": _OF_BLOCKS,
    "idle": _OF_BLOCKS,
    "first": _Use(takes=("blocks", "ignoring")),
    "bounds": _Use(takes=("blocks", "ignoring")),
    "inside": _Use(("steps", "blocks")),
    "outside": _Use(("steps", "blocks")),
    "preceded": _Use(("steps", "by"), ("ignoring",)),
    "followed": _Use(("steps", "by"), ("ignoring",)),
    "after": _Use(("steps", "by", "blocks")),
    "between": _Use(("steps", "by", "blocks")),
    "leads": _Use(("steps", "by", "blocks")),
    "page": _Use(("steps", "by"), ("blocks",)),
    "answers": _Use(("steps", "by", "cdata")),
    "carries": _Use(("steps", "blocks", "cdata")),
    "chain": _Use(("steps",)),
}
_OF_ROOT: tuple[Form, ...] = ("once", "first", "bounds", "ends", "idle")


def flaws_of_workflow(plan: Plan) -> Iterator[tuple[str, Way]]:
    """What makes a workflow useless, each with the keys and numbers that lead to it."""
    roots = [block for block in plan.blocks if not block.within]
    if len(roots) != 1:
        yield "a workflow needs one block, and one only, that is within no other", ("blocks",)
    if not plan.signs:
        yield "a workflow needs a step by which it is told", ("signs",)
    if plan.fallback not in ("session", "service"):
        yield "a workflow is of a session or of a service", ("fallback",)
    yield from _unkept(plan)
    for number, rule in enumerate(plan.rules):
        for said, key in _of_rule(rule):
            yield said, ("rules", number, key)
        if rule.form in _OF_ROOT and roots:
            for index, block in enumerate(rule.blocks):
                if block != roots[0].block:
                    yield f"{rule.form} is about {roots[0].block} alone", ("rules", number, "blocks", index)
        if rule.form == "idle" and roots and roots[0].idle is UNSET:
            yield f"{roots[0].block} needs idle", ("blocks", plan.blocks.index(roots[0]))


def _of_rule(rule: Rule) -> Iterator[tuple[str, str]]:
    use = _USES[rule.form]
    for key in _FIELDS:
        given = bool(getattr(rule, key))
        if key in use.needs and not given:
            yield f"a rule of the form {rule.form} needs {key!r}", key
        elif given and key not in use.needs + use.takes:
            yield f"a rule of the form {rule.form} has no use for {key!r}", key


def _unkept(plan: Plan) -> Iterator[tuple[str, Way]]:
    for number, step in enumerate(plan.steps):
        if step.expect:
            yield "a workflow has no use for what is expected of a step beyond `match`", ("steps", number, "expect")
        places: list[tuple[Way, list[str]]] = [(("match",), list(step.match))]
        places += [(("variants", at, "match"), list(one.match)) for at, one in enumerate(step.variants)]
        for way, paths in places:
            for path in paths:
                if path not in KEPT:
                    yield (
                        f"a workflow cannot tell a step by this; it can by {', '.join(KEPT)}",
                        ("steps", number, *way, path),
                    )
