"""Every fault of a decoded value, held against a Struct; msgspec itself names the first one only.

Knows strings, numbers, booleans, literals, lists, closed Structs, and unions of scalars. No fault holds a value. A
field may carry advice that ends the message of whatever is wrong with it: `Meta(extra={"advice": "Send names."})`.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from msgspec import Struct, inspect

from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding, json_type

AT_MOST = 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,39}")
_TYPES: dict[type[inspect.Type], tuple[str, ...]] = {
    inspect.StrType: ("string",),
    inspect.LiteralType: ("string",),
    inspect.IntType: ("number",),
    inspect.FloatType: ("number",),
    inspect.BoolType: ("boolean",),
    inspect.ListType: ("array",),
    inspect.StructType: ("object",),
}


def list_faults(value: object, shape: type[Struct], path: str = "$") -> list[Finding]:
    """What keeps a value from being of this shape, at most 20; empty when nothing does."""
    return list(islice(_faults(value, _shape(shape), path, ""), AT_MOST))


@cache
def _shape(shape: type[Struct]) -> inspect.Type:
    return inspect.type_info(shape)


def _faults(value: object, wanted: inspect.Type, path: str, advice: str) -> Iterator[Finding]:
    if isinstance(wanted, inspect.Metadata):
        extra = wanted.extra or {}
        yield from _faults(value, wanted.type, path, str(extra.get("advice", advice)))
    elif json_type(value) not in _types(wanted):
        found, names = json_type(value), " or ".join(map(_a, _types(wanted)))
        yield _finding(Reason.WRONG_TYPE, path, value, f"must be {names}, not {_a(found)}", advice)
    elif isinstance(wanted, inspect.StructType) and isinstance(value, dict):
        yield from _struct(value, wanted, path)
    elif isinstance(wanted, inspect.ListType) and isinstance(value, list):
        yield from _list(value, wanted, path, advice)
    elif isinstance(wanted, inspect.LiteralType) and value not in wanted.values:
        options = ", ".join(str(option) for option in wanted.values)
        yield _finding(Reason.VALUE_NOT_ALLOWED, path, value, f"must be one of {options}", advice)
    elif isinstance(wanted, inspect.StrType) and isinstance(value, str):
        yield from _text(value, wanted, path, advice)


def _struct(value: dict[str, Any], wanted: inspect.StructType, path: str) -> Iterator[Finding]:
    fields = {field.encode_name: field for field in wanted.fields}
    for name, field in fields.items():
        inner = f"{path}.{name}"
        if name in value:
            yield from _faults(value[name], field.type, inner, "")
        elif field.required:
            yield _finding(Reason.MISSING_FIELD, inner, None, "is required", "")
    for name in value if wanted.forbid_unknown_fields else ():
        if name in fields:
            continue
        known = ", ".join(fields)
        if _NAME.fullmatch(name):
            yield Finding.make(
                Reason.UNKNOWN_FIELD, f"{path}.{name}", message=f"{name} is not known; known are {known}."
            )
        else:  # what is no name may be a value
            yield Finding.make(Reason.UNKNOWN_FIELD, path, message=f"A field is not known; known are {known}.")


def _list(value: list[Any], wanted: inspect.ListType, path: str, advice: str) -> Iterator[Finding]:
    if wanted.max_length is not None and len(value) > wanted.max_length:
        yield _finding(Reason.VALUE_NOT_ALLOWED, path, value, f"may have at most {wanted.max_length} items", advice)
    else:
        for index, item in enumerate(value):
            yield from _faults(item, wanted.item_type, f"{path}[{index}]", advice)


def _text(value: str, wanted: inspect.StrType, path: str, advice: str) -> Iterator[Finding]:
    if wanted.min_length and not value:
        yield _finding(Reason.EMPTY_VALUE, path, value, "must not be empty", advice)
    elif wanted.max_length is not None and len(value) > wanted.max_length:
        says = f"may have at most {wanted.max_length} characters"
        yield _finding(Reason.VALUE_NOT_ALLOWED, path, value, says, advice)
    elif wanted.pattern and not re.search(wanted.pattern, value):
        yield _finding(Reason.VALUE_NOT_ALLOWED, path, value, "does not have the form that it must have", advice)


def _finding(reason: Reason, path: str, value: object, says: str, advice: str) -> Finding:
    found = None if reason is Reason.MISSING_FIELD else json_type(value)
    return Finding.make(reason, path, found, f"{last(path)} {says}{': ' + advice if advice else '.'}")


def _types(wanted: inspect.Type) -> tuple[str, ...]:
    if isinstance(wanted, inspect.UnionType):
        return tuple(dict.fromkeys(name for option in wanted.types for name in _types(option)))
    return _TYPES[type(wanted)]


def last(path: str) -> str:
    """What a path ends in, as a message names it."""
    name = path.rsplit(".", 1)[-1]
    return "this" if name.startswith("$") else name


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aio" else kind if kind == "null" else f"a {kind}"
