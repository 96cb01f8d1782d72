"""What is wrong with a body of the LMS, in the words of Django REST Framework and in ours."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from footfall.dialects.lms.types import Field, LmsType
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding, json_type

MOST_FAULTS = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)

_REQUIRED = "This field is required."
_NULL = "This field may not be null."
_CHOICE = "Not one of the values allowed, which are {}."
_NUL = "Null characters are not allowed."
_UNKNOWN = "This type of event has no such field."
_ALTERNATIVE = "This field is required, unless the payload has the fields of its other form."
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda value: type(value) is str, "Not a valid string."),
    "integer": (lambda value: type(value) is int, "A valid integer is required."),
    "number": (lambda value: type(value) in (int, float), "A valid number is required."),
    "boolean": (lambda value: type(value) is bool, "Must be a valid boolean."),
    "object": (lambda value: type(value) is dict, "Expected an object."),
    "array": (lambda value: type(value) is list, "Expected a list of items."),
    "id": (lambda value: type(value) in (int, str), "A valid string or integer is required."),
}


class Fault(Struct, frozen=True):
    """One thing that is wrong: where, why, in DRF's sentence, and the JSON type that was found."""

    path: tuple[str, ...]
    reason: Reason
    sentence: str
    found: str | None = None

    @property
    def finding(self) -> Finding:
        """The same as a rejected event keeps it."""
        return Finding.make(self.reason, ".".join(("$", *self.path)), self.found, self.sentence)


def required(*path: str) -> Fault:
    """A field that is not there."""
    return Fault(path, Reason.MISSING_FIELD, _REQUIRED)


def check(value: Any, field: Field, path: tuple[str, ...]) -> Fault | None:
    """What is wrong with a value that is there; null is right where the field is optional, as it stands for absence."""
    if value is None:
        return Fault(path, Reason.WRONG_TYPE, _NULL, "null") if field.required else None
    is_kind, sentence = _KINDS[field.kind]
    if not is_kind(value):
        return Fault(path, Reason.WRONG_TYPE, sentence, json_type(value))
    if field.one_of and value not in field.one_of:
        return Fault(path, Reason.VALUE_NOT_ALLOWED, _CHOICE.format(", ".join(field.one_of)), json_type(value))
    return _check_text(value, field, path) if type(value) is str else None


def _check_text(value: str, field: Field, path: tuple[str, ...]) -> Fault | None:
    if "\0" in value:
        return Fault(path, Reason.VALUE_NOT_ALLOWED, _NUL, "string")
    if field.required and not value.strip():
        return Fault(path, Reason.EMPTY_VALUE, "This field may not be blank.", "string")
    if field.max_length and len(value) > field.max_length:
        sentence = f"Ensure this field has no more than {field.max_length} characters."
        return Fault(path, Reason.VALUE_NOT_ALLOWED, sentence, "string")
    return None


def check_payload(payload: Mapping[str, Any], kind: LmsType) -> Iterator[Fault]:
    """Everything that is wrong with a type's event_data; what is personal is not judged, as it is not kept."""
    for name, field in kind.fields.items():
        path = ("event_data", name)
        if name not in payload:
            if field.required:
                yield required(*path)
        elif not field.personal and (fault := check(payload[name], field, path)):
            yield fault
    for name, value in payload.items():
        if not kind.open and name not in kind.fields:
            yield Fault(("event_data", shown(name)), Reason.UNKNOWN_FIELD, _UNKNOWN, json_type(value))
    yield from _check_alternatives(payload, kind)


def _check_alternatives(payload: Mapping[str, Any], kind: LmsType) -> Iterator[Fault]:
    """The fields missing from the form that comes closest, where none is whole."""
    missing = [[name for name in names if payload.get(name) is None] for names in kind.alternatives]
    if missing and all(missing):
        for name in min(missing, key=len):
            yield Fault(("event_data", name), Reason.MISSING_FIELD, _ALTERNATIVE)


def shown(name: str) -> str:
    """A sender's name for a field, as replies may repeat it: what is no name may be a value."""
    return name if _NAME.fullmatch(name) else "?"


def worded(faults: list[Fault]) -> dict[str, Any]:
    """Faults as DRF words them: sentences by field, nested where the field is."""
    words: dict[str, Any] = {}
    for fault in faults:
        level = words
        for name in fault.path[:-1]:
            level = level.setdefault(name, {})
        level.setdefault(fault.path[-1], []).append(fault.sentence)
    return words
