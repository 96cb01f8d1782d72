"""From plans to the text of a module."""

import hashlib
from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise

import msgspec

from footfall.codegen import python, typescript
from footfall.codegen.shape import Module, Section
from footfall.codegen.steps import step_aliases, step_functions
from footfall.codegen.types import type_aliases, type_functions
from footfall.codegen.v3_events import event_functions, kinds_of, options_record, records
from footfall.errors import TerminalError
from footfall.plans.model import Plan


class Language(StrEnum):
    """What can be generated."""

    PYTHON = "python"
    TYPESCRIPT = "typescript"


_WRITERS: dict[Language, Callable[[Module], str]] = {
    Language.PYTHON: python.write,
    Language.TYPESCRIPT: typescript.write,
}


def generate(language: Language, plans: Sequence[Plan], *, events: bool = True) -> str:
    """The text of a module with a function for each step and event type of some plans, whatever their order.

    With `events` it also has one for each of V3's own events. Raises TerminalError for plans that cannot be generated
    from: two of one name, one with a text that is no Unicode, a number that JSON has not, or a path that contradicts
    another one.
    """
    return _WRITERS[language](module_of(plans, events=events))


def module_of(plans: Sequence[Plan], *, events: bool = True) -> Module:
    """The same before it is written in a language; raises TerminalError."""
    sections = [_section(plan) for plan in _sorted(plans)]
    if events:
        sections.append(Section("v3", "Telemetry V3's own events", "", event_functions()))
    options = options_record()
    functions = [function for section in sections for function in section.functions]
    needed = records([*(field.kind for field in options.fields), *kinds_of(functions)])
    return Module((*needed, options), tuple(sections))


def _sorted(plans: Sequence[Plan]) -> list[Plan]:
    found = sorted(plans, key=lambda plan: plan.plan)
    for plan, other in pairwise(found):
        if plan.plan == other.plan:
            raise TerminalError(f"there are two plans called {plan.plan}")
    return found


def _section(plan: Plan) -> Section:
    stamp = _stamp(plan)
    makes, names = (type_functions, type_aliases) if plan.kind == "types" else (step_functions, step_aliases)
    return Section(plan.plan, plan.title, f"version {plan.version}, sha256 {stamp}", makes(plan), names(plan))


def _stamp(plan: Plan) -> str:
    """A hash of what a plan says, whatever the order of its keys."""
    try:
        text = msgspec.json.encode(plan, order="sorted")
    except UnicodeEncodeError:
        raise TerminalError(f"plan {plan.plan!a} holds characters that are none: halves of surrogate pairs") from None
    return hashlib.sha256(text).hexdigest()[:16]
