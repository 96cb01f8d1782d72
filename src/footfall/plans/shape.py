"""Everything that is wrong with the shape of a document, by line, as the Structs of the format say it."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

from footfall.plans.errors import Flaw
from footfall.plans.yaml_tree import Node, path_step

_TEXT = "a text"
_VALUE = "a value, or keys and values"
_OTHER: tuple[tuple[type, ...], str] = ((), "something else")
_KINDS: dict[type[inspect.Type], tuple[tuple[type, ...], str]] = {
    inspect.StructType: ((dict,), "keys and values"),
    inspect.DictType: ((dict,), "keys and values"),
    inspect.ListType: ((list,), "a list"),
    inspect.StrType: ((str,), _TEXT),
    inspect.IntType: ((int,), "a whole number"),
    inspect.FloatType: ((int, float), "a number"),
    inspect.BoolType: ((bool,), "true or false"),
    inspect.NoneType: ((type(None),), "nothing"),
}
_AT_MOST = 100


def flaws_of_shape(root: Node, shape: type) -> list[Flaw]:
    """What keeps a document from being of a shape, at most 100 flaws; empty when it is."""
    found = []
    for flaw in _flaws(root, inspect.type_info(shape), "$"):
        found.append(flaw)
        if len(found) == _AT_MOST:
            break
    return found


def _flaws(node: Node, wanted: inspect.Type, path: str) -> Iterator[Flaw]:
    match wanted:
        case inspect.Metadata():
            yield from _flaws(node, wanted.type, path)
        case inspect.UnionType():
            yield from _flaws_of_union(node, wanted, path)
        case inspect.StructType() if isinstance(node.value, dict):
            yield from _flaws_of_struct(node, wanted, path)
        case inspect.DictType() if isinstance(node.value, dict):
            yield from _flaws_of_keys(node, wanted, path)
        case inspect.ListType() if isinstance(node.value, list):
            for number, inner in enumerate(node.value):
                yield from _flaws(inner, wanted.item_type, path + path_step(number))
        case inspect.StrType() if isinstance(node.value, str):
            yield from _flaws_of_text(node, wanted, path)
        case _ if not _is(node.value, wanted):
            yield _wrong(node, _said(wanted), path)


def _flaws_of_keys(node: Node, wanted: inspect.DictType, path: str) -> Iterator[Flaw]:
    for key, inner in node.value.items():
        at = path + path_step(key)
        yield from _flaws(Node(node.keys[key], key), wanted.key_type, at)
        yield from _flaws(inner, wanted.value_type, at)


def _flaws_of_struct(node: Node, wanted: inspect.StructType, path: str) -> Iterator[Flaw]:
    fields = {field.encode_name: field for field in wanted.fields}
    for key, inner in node.value.items():
        if key in fields:
            yield from _flaws(inner, fields[key].type, path + path_step(key))
        else:
            yield _unknown(key, node.keys[key], path + path_step(key), list(fields))
    for name, field in fields.items():
        if field.required and name not in node.value:
            yield Flaw(f"{name!r} is missing", node.line, path)


def _flaws_of_union(node: Node, wanted: inspect.UnionType, path: str) -> Iterator[Flaw]:
    close = next((branch for branch in wanted.types if _is(node.value, branch)), None)
    if close is None:
        yield _wrong(node, _said_of_union(wanted), path)
    else:
        yield from _flaws(node, close, path)


def _said_of_union(wanted: inspect.UnionType) -> str:
    literals = [
        str(value) for branch in wanted.types if isinstance(branch, inspect.LiteralType) for value in branch.values
    ]
    if literals:
        return f"one of {', '.join(sorted(literals))}"
    said = dict.fromkeys(map(_said, wanted.types))
    return _VALUE if _TEXT in said and len(said) > 2 else " or ".join(said)


def _flaws_of_text(node: Node, wanted: inspect.StrType, path: str) -> Iterator[Flaw]:
    if wanted.pattern and (not re.search(wanted.pattern, node.value) or node.value.endswith("\n")):
        yield Flaw(f"{_short(node.value)} is not of the form {wanted.pattern}", node.line, path)
    elif wanted.max_length is not None and len(node.value) > wanted.max_length:
        yield Flaw(f"is longer than {wanted.max_length} characters", node.line, path)


def _is(value: Any, wanted: inspect.Type) -> bool:
    """Whether a value is of the kind that is wanted, whatever is in it."""
    if isinstance(wanted, inspect.Metadata):
        return _is(value, wanted.type)
    if isinstance(wanted, inspect.LiteralType):
        return isinstance(value, str) and value in wanted.values
    least = getattr(wanted, "ge", None)
    types, _ = _KINDS.get(type(wanted), _OTHER)
    return type(value) in types and (least is None or value >= least)


def _said(wanted: inspect.Type) -> str:
    if isinstance(wanted, inspect.Metadata):
        return _said(wanted.type)
    if isinstance(wanted, inspect.LiteralType):
        return "one of " + ", ".join(str(value) or '""' for value in wanted.values)
    least = getattr(wanted, "ge", None)
    return _KINDS.get(type(wanted), _OTHER)[1] + ("" if least is None else f" from {least}")


def _wrong(node: Node, said: str, path: str) -> Flaw:
    hint = ""
    if said == _TEXT and isinstance(node.value, (bool, int, float)):
        hint = "put it in quotes"
    elif said == _VALUE and isinstance(node.value, list):
        hint = "for several values write {one_of: [a, b]}"
    elif said.startswith("one of ") and isinstance(node.value, str):
        close = get_close_matches(node.value, said.removeprefix("one of ").split(", "), 1)
        hint = f"did you mean {close[0]}?" if close else ""
    return Flaw(f"expected {said}, found {_found(node.value)}", node.line, path, hint)


def _unknown(key: str, line: int, path: str, known: list[str]) -> Flaw:
    close = get_close_matches(key, known, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
    return Flaw(f"there is no key {_short(key)}", line, path, hint)


def _found(value: Any) -> str:
    if isinstance(value, dict):
        return "keys and values"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _short(value) if isinstance(value, str) else "a number"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
