"""Whether what an event of a named type carries is what its plan says of it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from footfall.plans.model import EventType, Field, Plan
from footfall.plans.outcome import Remark
from footfall.plans.values import MISSING, same, value_at

MISSING_VALUE = "missing_value"
UNEXPECTED_VALUE = "unexpected_value"
UNKNOWN_VALUE = "unknown_value"
PERSONAL_VALUE = "personal_value"

ENCODED = "EXDATA"
_SHAPED = "event_data"  # where the documented shape of an LMS's events holds the payload
_AT_MOST = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}", re.ASCII)
_MARK = re.compile(r"<[^<>]{1,40}>")  # what stands for a personal value that was not kept
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda value: type(value) is str, "a string"),
    "integer": (lambda value: type(value) is int, "an integer"),
    "number": (lambda value: type(value) in (int, float), "a number"),
    "boolean": (lambda value: type(value) is bool, "a boolean"),
    "object": (lambda value: type(value) is dict, "an object"),
    "array": (lambda value: type(value) is list, "an array"),
    "id": (lambda value: type(value) in (int, str), "a string or an integer"),
}
_decode = msgspec.json.Decoder().decode


def is_shaped(plan: Plan) -> bool:
    """Whether a plan's events are JSON text in the documented shape of an LMS's, with the payload as its event_data."""
    return plan.event == ENCODED and any(one.node for one in plan.types)


def fits(kind: str, value: Any) -> bool:
    """Whether a value is of the type that a field has."""
    return _KINDS[kind][0](value)


class Payload:
    """What events of one type carry: in the text of edata.data where they are EXDATA, else in edata itself."""

    def __init__(self, plan: Plan, one: EventType) -> None:
        self._type = one
        self._encoded = plan.event == ENCODED
        self._shaped = is_shaped(plan)
        self._needs_one = bool(one.alternatives) or any(field.required for field in one.fields.values())
        self._at = "$.edata" + (".data" if self._encoded else "") + (f".{_SHAPED}" if self._shaped else "")

    def remarks(self, event: dict[str, Any]) -> list[Remark]:
        """What there is to say of the payload of a decoded event, at most 20 remarks; none holds a value."""
        edata = event.get("edata")
        if type(edata) is not dict:
            return []
        found = self._in_text(edata) if self._encoded else list(self._in(edata))
        return found[:_AT_MOST]

    def _in_text(self, edata: dict[str, Any]) -> list[Remark]:
        text = edata.get("data")
        if type(text) is not str:
            return [_missing("data", "$.edata.data", _HINT_TEXT)] if self._needs_one else []
        try:
            payload = _decode(text)
        except (msgspec.DecodeError, RecursionError):
            payload = None
        if type(payload) is not dict:
            return [Remark(UNEXPECTED_VALUE, "data is not the JSON text of an object.", _HINT_TEXT, "$.edata.data")]
        return list(self._in_object(payload))

    def _in_object(self, payload: dict[str, Any]) -> Iterator[Remark]:
        inner = payload.get(_SHAPED) if self._shaped else payload
        if inner is None:
            if self._needs_one:
                yield _missing(_SHAPED, self._at, "Send the fields of this type in event_data.")
        elif type(inner) is not dict:
            yield Remark(UNEXPECTED_VALUE, f"{_SHAPED} is not what the plan expects.", "Send an object.", self._at)
        else:
            yield from self._in(inner)

    def _in(self, payload: dict[str, Any]) -> Iterator[Remark]:
        for name, field in self._type.fields.items():
            value = self._value(payload, name)
            if value is not MISSING:
                yield from _judge(name, field, value, f"{self._at}.{name}")
            elif field.required:
                yield _missing(name, f"{self._at}.{name}", _wish(field))
        # V3 itself says what else stands in edata.
        if self._encoded and not self._type.open:
            for name in payload:
                if name not in self._type.fields:
                    yield _unknown(name, self._at)
        yield from self._in_no_form(payload)

    def _value(self, payload: dict[str, Any], name: str) -> Any:
        """The value of a field; in edata itself, its name may be a path."""
        if name in payload or self._encoded:
            return payload.get(name, MISSING)
        return value_at(payload, tuple(name.split(".")))

    def _in_no_form(self, payload: dict[str, Any]) -> Iterator[Remark]:
        """The fields missing from the form that comes closest, where none is whole."""
        missing = [[name for name in form if payload.get(name) is None] for form in self._type.alternatives]
        if missing and all(missing):
            for name in min(missing, key=len):
                others = "; or ".join(", ".join(form) for form in self._type.alternatives)
                yield _missing(name, f"{self._at}.{name}", f"Send all of one form: {others}.")


_HINT_TEXT = "Send the payload as a JSON object, encoded as text."


def _judge(name: str, field: Field, value: Any, path: str) -> Iterator[Remark]:
    if field.personal:
        if value is not None and not (type(value) is str and _MARK.fullmatch(value)):
            yield Remark(
                PERSONAL_VALUE, f"{name} is personal.", "Leave it out; ids and what happened are enough.", path
            )
        return
    if value is None and not field.required:  # stands for absence
        return
    if not _is_right(field, value):
        yield Remark(UNEXPECTED_VALUE, f"{name} is not what the plan expects.", _wish(field), path)


def _is_right(field: Field, value: Any) -> bool:
    if not fits(field.type, value):
        return False
    if field.one_of and not any(same(value, one) for one in field.one_of):
        return False
    return not (field.max_length and type(value) is str and len(value) > field.max_length)


def _wish(field: Field) -> str:
    if field.one_of:
        wish = "one of " + ", ".join(map(str, field.one_of)) if len(field.one_of) > 1 else f"{field.one_of[0]}"
    else:
        wish = _KINDS[field.type][1]
    longest = f" of at most {field.max_length} characters" if field.max_length else ""
    return f"Send {wish}{longest}.{' ' + field.about if field.about else ''}"


def _missing(name: str, path: str, hint: str) -> Remark:
    return Remark(MISSING_VALUE, f"{name} is missing.", hint, path)


def _unknown(name: str, at: str) -> Remark:
    # What is no name may be a value.
    path = f"{at}.{name}" if _NAME.fullmatch(name) else at
    says = f"{name} is not in the plan." if _NAME.fullmatch(name) else "A field is not in the plan."
    return Remark(UNKNOWN_VALUE, says, "Remove it, or add it to the plan.", path)
