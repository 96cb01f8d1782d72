"""JSON Schema (2020-12) of every event and profile, generated from the Structs."""

from collections.abc import Iterator
from functools import cache
from typing import Any, cast, get_args

import msgspec

from footfall.schema import events, v3
from footfall.schema.verdict import Profile

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SHAPES: dict[Profile, dict[str, type[msgspec.Struct]]] = {
    profile: {cast("str", shape.__struct_config__.tag): shape for shape in get_args(union)}
    for profile, union in ((Profile.SUNBIRD, events.AnyEvent), (Profile.V3, v3.AnyEvent))
}

EIDS: tuple[str, ...] = tuple(SHAPES[Profile.SUNBIRD])


@cache
def event_schema(profile: Profile, eid: str) -> Schema:
    """The schema of one event; raises KeyError for an eid that is not one of the 17."""
    shape = SHAPES[profile][eid]
    (ref,), defs = msgspec.json.schema_components([shape], ref_template="#/$defs/{name}")
    defs = {name: _simplify(schema) for name, schema in defs.items()}
    _add_conditions(shape, defs)
    if profile is not Profile.SUNBIRD:
        strict = event_schema(Profile.SUNBIRD, eid)
        _add_words(defs, {**strict["$defs"], shape.__name__: strict})
    own = defs.pop(ref["$ref"].rsplit("/", 1)[1])
    head = {"$schema": DIALECT, "$id": f"/schemas/{profile}/{eid.lower()}.json"}
    return {**head, **own, **({"$defs": defs} if defs else {})}


def all_schemas() -> Iterator[tuple[Profile, str, Schema]]:
    """Every profile, eid and schema."""
    for profile in Profile:
        for eid in EIDS:
            yield profile, eid, event_schema(profile, eid)


@cache
def field_names() -> frozenset[str]:
    """Every field that any shape knows."""
    schemas = [part for _, _, schema in all_schemas() for part in (schema, *schema.get("$defs", {}).values())]
    return frozenset(name for schema in schemas for name in schema.get("properties", ()))


def _simplify(node: Any) -> Any:
    """Say in one `type` what msgspec spreads over `anyOf`, so that a validator can name the exact fault."""
    if isinstance(node, list):
        return [_simplify(item) for item in node]
    if not isinstance(node, dict):
        return node
    node = {key: _simplify(value) for key, value in node.items()}
    branches = node.get("anyOf")
    if branches and all(isinstance(b.get("type"), str) for b in branches):
        node.pop("anyOf")
        node.update(_merge(branches))
    return node


def _merge(branches: list[Schema]) -> Schema:
    merged: Schema = {}
    for branch in branches:
        merged.update(branch)
    merged["type"] = [branch["type"] for branch in branches]
    return merged


def _add_conditions(shape: type[msgspec.Struct], defs: dict[str, Schema]) -> None:
    """Add what a Struct checks in code: fields that are required unless the data is wrapped."""
    data = shape.__annotations__.get("edata")
    required = getattr(data, "required_unless_wrapped", None)
    if data is not None and required:
        defs[data.__name__] |= {"if": {"required": ["edata"]}, "else": {"required": list(required)}}


def _add_words(defs: dict[str, Schema], strict: dict[str, Schema]) -> None:
    """Document the fields that a lenient shape repeats only to loosen them, in the words of the strict one."""
    for name, schema in defs.items():
        documented = strict.get(name.replace("Body", "Data"), {}).get("properties", {})
        for field, node in schema["properties"].items():
            for word in ("description", "examples"):
                if word in documented.get(field, {}):
                    node.setdefault(word, documented[field][word])
