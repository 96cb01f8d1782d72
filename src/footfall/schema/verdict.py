"""What was decided about one event, and why."""

import re
from enum import StrEnum

from msgspec import Struct

from footfall.schema.reasons import Reason

_LONGEST_NAME = 100
_NAME = re.compile(r"[A-Za-z_$](?:[A-Za-z_.:$-]|[0-9]{1,3}(?![0-9]))*")


class Profile(StrEnum):
    """Which of the existing truths about V3 a channel is held to."""

    V3 = "v3"
    SUNBIRD = "sunbird"


class Fate(StrEnum):
    """What became of an event; every received event has exactly one."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    FILTERED = "filtered"


class Finding(Struct, frozen=True, array_like=True, gc=False):
    """One thing that is wrong or remarkable about an event: never a value, which may be personal."""

    code: str
    path: str = "$"
    found: str | None = None
    message: str = ""

    @classmethod
    def make(cls, reason: Reason, path: str = "$", found: str | None = None, message: str | None = None) -> "Finding":
        """A finding that says the reason's own sentence unless a closer one is given."""
        return cls(reason.code, path, found, message or reason.sentence)

    @property
    def reason(self) -> Reason:
        """The reason behind the code."""
        return Reason.of(self.code)


def shown_name(name: str) -> str:
    """A sender's name for a field, as it may be repeated: what is no name may be a value, and personal."""
    name = name[:_LONGEST_NAME]
    return name if _NAME.fullmatch(name) else "?"


def json_type(value: object) -> str:
    """The JSON type of a decoded value: object, array, string, number, boolean or null."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
