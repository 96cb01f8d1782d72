"""What both languages say alike."""

import math
from collections.abc import Iterable

from footfall.codegen.comments import one_line
from footfall.codegen.shape import Parameter, Section
from footfall.errors import TerminalError


def ordered(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Parameters, those that must be given first."""
    return sorted(parameters, key=lambda parameter: not parameter.required)


def described(parameter: Parameter) -> str:
    """What is said of a parameter."""
    fractions = any(isinstance(value, float) for value in parameter.kind.values)
    allowed = ", ".join(map(str, parameter.kind.values)) if fractions else ""
    return one_line(f"{parameter.about} {f'One of {allowed}.' if allowed else ''}")


def titled(section: Section) -> str:
    """What the head of a module says of a section."""
    return f"{section.name}, {section.stamp}" if section.stamp else section.title


def number(value: float) -> str:
    """A number as both languages and JSON write it; raises TerminalError for one that JSON has not."""
    if not math.isfinite(value):
        raise TerminalError(f"a plan expects the number {value}, which no event can hold")
    return repr(value).replace("e+", "e")
