"""What is different between two versions of a workflow."""

from collections.abc import Iterator

import msgspec

from footfall.plans.diff.change import Change, additive, breaking, by_name, wording
from footfall.plans.diff.flow import compare_idle, compare_steps
from footfall.plans.model import Plan, Rule

_JUDGED = "Sessions are judged otherwise than they were."
_BROKEN = "Sessions that kept to the rules may not do so any more."
_FOR_PEOPLE = ("says", "hint", "ref")


def compare_workflows(old: Plan, new: Plan) -> Iterator[Change]:
    """Changes of steps, blocks and rules."""
    yield from compare_steps(old, new)
    for key in ("blocks", "signs", "rank", "fallback"):
        if getattr(old, key) != getattr(new, key):
            yield breaking(f"$.{key}", "is another" if key in ("rank", "fallback") else "are others", _JUDGED)
    yield from compare_idle(old, new)
    before, after = by_name(old.rules, lambda rule: rule.rule), by_name(new.rules, lambda rule: rule.rule)
    for name in before:
        if name not in after:
            yield additive(f"$.rules.{name}", "is gone", "Nothing has to keep to it.")
    for name, rule in after.items():
        if name in before:
            yield from _rule(before[name], rule, f"$.rules.{name}")
        else:
            yield breaking(f"$.rules.{name}", "is new", _BROKEN)


def _rule(old: Rule, new: Rule, path: str) -> Iterator[Change]:
    if _meaning(old) != _meaning(new):
        yield breaking(path, "asks for something else", _BROKEN)
    if old.severity != new.severity:
        at = f"{path}.severity"
        if new.severity == "error":
            yield breaking(at, "is an error now", "What earned a warning is broken now.")
        else:
            yield additive(at, "is a warning now")
    yield from wording(old, new, path, *_FOR_PEOPLE)


def _meaning(rule: Rule) -> Rule:
    return msgspec.structs.replace(rule, says="", hint="", ref="", severity="error")
