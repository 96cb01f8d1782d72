"""Events made from the shapes: valid ones, and ones with a change or two that may make them invalid.

They are made with Random from one drawn seed, which is a hundred times faster than drawing every part.
"""

from random import Random
from typing import Any

from hypothesis import strategies as st

from footfall.schema.schemas import EIDS, Schema, event_schema
from footfall.schema.verdict import Profile

from .samples import MINIMAL, Json

WORDS = ["", " ", "a", "3.0", "START", "\x00", "\\u0022", '"', '\\"', "é😀", "]}", "edata", "1e999", "\u2028", "\ufeff"]
KEYS = ["id", "type", "ver", "edata", "eid", "pageid", "uri", "contentId", "stageid", "props", "obj", "x", "", '"', "é"]
NUMBERS: list[float] = [-1, -1.0, -1.5, -2, 0, -0.0, 1, 0.1, 1e-320, 1.7e308, 1795224242107, 10**300, -(10**30), 2**63]


def value(random: Random, depth: int = 3) -> Any:
    """Any JSON value."""
    match random.randrange(7 if depth else 5):
        case 0:
            return random.choice(WORDS)
        case 1:
            return random.choice(NUMBERS)
        case 2:
            return random.choice([None, True, False])
        case 3:
            return random.randrange(-(2**40), 2**40)
        case 4:
            return random.uniform(-1e12, 1e12)
        case 5:
            return [value(random, depth - 1) for _ in range(random.randrange(3))]
        case _:
            return {random.choice(KEYS): value(random, depth - 1) for _ in range(random.randrange(3))}


def valid_event(random: Random, profile: Profile) -> Json:
    """An event of any kind that a profile's schemas accept."""
    schema = event_schema(profile, random.choice(EIDS))
    event: Json = _of(random, schema, schema)
    if event["eid"] == "SUMMARY" and "edata" not in event["edata"]:
        event["edata"] = {**MINIMAL["SUMMARY"], **event["edata"]}
    return event


def _of(random: Random, schema: Schema, node: Schema) -> Any:
    if "$ref" in node:
        return _of(random, schema, schema["$defs"][node["$ref"].rsplit("/", 1)[1]])
    if "enum" in node:
        return random.choice(node["enum"])
    types = node.get("type")
    match random.choice(types) if isinstance(types, list) else types:
        case None:
            return value(random)
        case "string":
            return random.choice(WORDS[1:] if node.get("minLength") else WORDS)
        case "number":
            return random.choice([number for number in NUMBERS if number >= node.get("minimum", number)])
        case "array":
            return [_of(random, schema, node["items"]) for _ in range(random.randrange(3))]
        case _:
            return _object(random, schema, node)


def _object(random: Random, schema: Schema, node: Schema) -> Json:
    fields = node.get("properties", {})
    made = {
        name: _of(random, schema, inner)
        for name, inner in fields.items()
        if name in node.get("required", ()) or random.random() < 0.4
    }
    if node.get("additionalProperties") is not False and random.random() < 0.3:
        made.setdefault(random.choice([key for key in KEYS if key not in fields]), value(random))
    return made


def changed(random: Random, event: Json) -> Json:
    """The same event, changed at up to three places."""
    for _ in range(random.randrange(4)):
        place = random.choice(_places(event))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        match random.randrange(3):
            case 0 if keys:
                del place[random.choice(keys)]
            case 1 if keys:
                place[random.choice(keys)] = value(random)
            case _ if isinstance(place, list):
                place.append(value(random))
            case _:
                place[random.choice(KEYS)] = value(random)
    return event


def _places(node: Any) -> list[Any]:
    """Every object and array in a value, the outermost first."""
    if not isinstance(node, dict | list):
        return []
    inner = node.values() if isinstance(node, dict) else node
    return [node, *(place for each in inner for place in _places(each))]


seeds = st.randoms(use_true_random=True)
values = seeds.map(value)
events = seeds.map(lambda random: changed(random, valid_event(random, random.choice(list(Profile)))))


def valid_events(profile: Profile) -> st.SearchStrategy[Json]:
    """Events that a profile's schemas accept."""
    return seeds.map(lambda random: valid_event(random, profile))
