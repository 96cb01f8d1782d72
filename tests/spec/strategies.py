"""Events made from the shapes: valid ones, and ones with a change or two that may make them invalid."""

from typing import Any

from hypothesis import strategies as st

from footfall.spec.schemas import EIDS, Schema, event_schema
from footfall.spec.verdict import Profile

from .samples import MINIMAL, Json

words = st.text(max_size=8) | st.sampled_from(["", " ", "\x00", "\\u0022", '"', '\\"', "é😀", "]}", "edata", "1e999"])
numbers = (
    st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([-1, -1.0, 0, 1795224242107, 10**300, 2**63, 2**64])
)
scalars = st.none() | st.booleans() | numbers | words
keys = st.text(max_size=5) | st.sampled_from(
    ["id", "type", "ver", "edata", "eid", "pageid", "uri", "contentId", "stageid", "props", "params", "obj", "extra"]
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
objects = st.dictionaries(keys, values, max_size=3)


def _of(schema: Schema, node: Schema) -> st.SearchStrategy[Any]:
    """Values that a part of a schema accepts."""
    if "$ref" in node:
        return _of(schema, schema["$defs"][node["$ref"].rsplit("/", 1)[1]])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    types = node.get("type")
    if types is None:
        return values
    return st.one_of([_of_type(schema, node, kind) for kind in ([types] if isinstance(types, str) else types)])


def _of_type(schema: Schema, node: Schema, kind: str) -> st.SearchStrategy[Any]:
    match kind:
        case "string":
            return words.filter(bool) if node.get("minLength") else words
        case "number":
            return numbers.filter(lambda number: number >= -1) if "minimum" in node else numbers
        case "array":
            return st.lists(_of(schema, node["items"]), max_size=3)
        case _:
            return _object(schema, node)


def _object(schema: Schema, node: Schema) -> st.SearchStrategy[Json]:
    fields = {name: _of(schema, inner) for name, inner in node.get("properties", {}).items()}
    required = node.get("required", [])
    known = st.fixed_dictionaries(
        {name: fields[name] for name in required},
        optional={name: fields[name] for name in fields if name not in required},
    )
    if node.get("additionalProperties") is False:
        return known
    unknown = st.dictionaries(keys.filter(lambda key: key not in fields), values, max_size=2)
    return st.tuples(known, unknown).map(lambda parts: {**parts[1], **parts[0]})


def valid_events(profile: Profile) -> st.SearchStrategy[Json]:
    """Events of any kind, made from a profile's schemas."""
    return st.one_of([_of(schema, schema) for schema in (event_schema(profile, eid) for eid in EIDS)]).map(_completed)


def _completed(event: Json) -> Json:
    """A SUMMARY that is not wrapped needs its figures; the schema says so with a condition."""
    if event["eid"] == "SUMMARY" and "edata" not in event["edata"]:
        return {**event, "edata": {**MINIMAL["SUMMARY"], **event["edata"]}}
    return event


@st.composite
def events(draw: st.DrawFn) -> Json:
    """Events with up to three changes."""
    event: Json = draw(st.sampled_from(list(Profile)).flatmap(valid_events))
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, event)
    return event


def _change(draw: st.DrawFn, event: Json) -> None:
    place = draw(st.sampled_from(_places(event)))
    match draw(st.sampled_from(["drop", "put", "add"])):
        case "drop" if place:
            del place[draw(st.sampled_from(_keys(place)))]
        case "put" if place:
            place[draw(st.sampled_from(_keys(place)))] = draw(values)
        case _ if isinstance(place, list):
            place.append(draw(values))
        case _:
            place[draw(keys)] = draw(values)


def _places(value: Any) -> list[Any]:
    """Every object and array in a value, the outermost first."""
    if not isinstance(value, dict | list):
        return []
    inner = value.values() if isinstance(value, dict) else value
    return [value, *(place for each in inner for place in _places(each))]


def _keys(place: Any) -> list[Any]:
    return list(place) if isinstance(place, dict) else list(range(len(place)))
