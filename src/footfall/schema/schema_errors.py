"""Every fault of an event, listed by a validator that is slower than msgspec but does not stop at the first."""

from functools import cache
from itertools import takewhile
from typing import Any

import jsonschema_rs

from footfall.schema.reasons import Reason
from footfall.schema.schemas import EIDS, event_schema, field_names
from footfall.schema.verdict import Finding, Profile, json_type, shown_name

AT_MOST = 20
_SMALL = 100  # nodes of an event that is validated as it is: naming one fault takes 10 µs
_ITEMS = 32  # array items and unknown keys that are looked at in a larger one
_TEXT = 1000  # characters of a string that are looked at in a larger one: more than any limit, and a message holds all


@cache
def _validator(profile: Profile, eid: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(event_schema(profile, eid))


def list_faults(event: dict[str, Any], profile: Profile) -> list[Finding]:
    """All faults of a decoded event under a profile, at most 20, in the order of the schema; empty when it is valid.

    Of an event with very many parts, only the first array items and unknown keys are looked at, unless they are good.
    """
    eid = event.get("eid")
    if "eid" not in event:
        return [Finding.make(Reason.MISSING_FIELD, "$.eid", message="eid is required.")]
    if not isinstance(eid, str):
        return [_wrong_type("$.eid", ["string"], eid)]
    if eid not in EIDS:
        return [_unknown_event(eid)]
    validator = _validator(profile, eid)
    found: list[Finding] = []
    for error in validator.iter_errors(_Excerpt().of(event) if _is_large(event) else event):
        found += _findings(error)
    if not found:
        try:
            validator.validate(event)
        except jsonschema_rs.ValidationError as error:
            found = _findings(error)
    return found[:AT_MOST]


def _is_large(event: dict[str, Any]) -> bool:
    nodes: list[Any] = [event]
    left = _SMALL
    for node in nodes:
        left -= len(node)
        if left < 0 or (type(node) is dict and any(len(key) > _TEXT for key in node)):
            return True
        inner = node.values() if type(node) is dict else node
        if any(type(child) is str and len(child) > _TEXT for child in inner):
            return True
        nodes += [child for child in inner if type(child) is dict or type(child) is list]
    return False


class _Excerpt:
    """The first items and unknown keys of an event with very many, and the beginnings of long texts.

    The validator names all faults or one, and says of each the whole part that has it.
    """

    def __init__(self) -> None:
        self.left = _ITEMS

    def of(self, value: Any) -> Any:
        """The value without what is past the count."""
        names = field_names()
        match value:
            case dict():
                return {key[:_TEXT]: self.of(item) for key, item in value.items() if key in names or self._takes()}
            case list():
                return [self.of(item) for item in takewhile(self._takes, value)]
            case str():
                return value[:_TEXT]
            case _:
                return value

    def _takes(self, _: object = None) -> bool:
        self.left -= 1
        return self.left >= 0


def _unknown_event(eid: str) -> Finding:
    if eid.upper() in EIDS:
        return Finding.make(Reason.UNKNOWN_EVENT, "$.eid", message=f"eid must be in upper case: {eid.upper()}.")
    return Finding.make(Reason.UNKNOWN_EVENT, "$.eid")


def _wrong_type(path: str, expected: list[str], value: object) -> Finding:
    found = json_type(value)
    return Finding.make(
        Reason.WRONG_TYPE, path, found, f"{_last(path)} must be {' or '.join(map(_a, expected))}, not {_a(found)}."
    )


def _findings(error: jsonschema_rs.ValidationError) -> list[Finding]:
    path = _path(error.instance_path)
    kind: Any = error.kind
    match kind.name:
        case "type":
            return [_wrong_type(path, list(kind.types), error.instance)]
        case "required":
            inner = f"{path}.{kind.property}"
            return [Finding.make(Reason.MISSING_FIELD, inner, message=f"{_last(inner)} is required.")]
        case "additionalProperties":
            return [_unknown_field(path, name) for name in kind.unexpected]
        case "minLength":
            return [Finding.make(Reason.EMPTY_VALUE, path, "string", f"{_last(path)} must not be empty.")]
        case "maxLength":
            message = f"{_last(path)} may have at most {kind.limit} characters."
            return [Finding.make(Reason.VALUE_TOO_LONG, path, "string", message)]
        case "enum":
            allowed = " or ".join(str(option) for option in kind.options)
            message = f"{_last(path)} must be {allowed}."
            return [Finding.make(Reason.VALUE_NOT_ALLOWED, path, json_type(error.instance), message)]
        case "minimum":
            return [Finding.make(Reason.BELOW_MINIMUM, path, "number", f"{_last(path)} must be at least {kind.limit}.")]
        case other:  # pragma: no cover - the generated schemas use no other keyword
            raise NotImplementedError(other)


def _unknown_field(path: str, name: str) -> Finding:
    inner = f"{path}.{shown_name(name)}"
    return Finding.make(Reason.UNKNOWN_FIELD, inner, message=f"{_last(path)} has no field {_last(inner)}.")


def _path(parts: list[str | int]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{shown_name(part)}" for part in parts)


def _last(path: str) -> str:
    return "the event" if path == "$" else path.rsplit(".", 1)[-1]


def _a(kind: str) -> str:
    if kind == "null":
        return kind
    return f"an {kind}" if kind[0] in "aio" else f"a {kind}"
