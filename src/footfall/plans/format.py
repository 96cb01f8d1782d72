"""The format of plans as a JSON Schema (2020-12) and as a page."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from footfall.plans.checks import KEYS_OF_KIND, NEEDED_OF_KIND
from footfall.plans.descriptions import WORDS
from footfall.plans.model import Plan
from footfall.schema.event_types import LEGACY_EIDS
from footfall.schema.schemas import DIALECT, EIDS

Schema = dict[str, Any]

_ONE_OF = ("is", "one_of", "pattern", "type")
_RENAMED = {"`is_`": "`is`", "`except_`": "`except`"}


@cache
def plan_schema() -> Schema:
    """The schema of a plan's YAML or JSON; that names lead somewhere and orders can be, it cannot say."""
    (_,), parts = msgspec.json.schema_components([Plan], ref_template="#/$defs/{name}")
    for name, part in parts.items():
        part["description"] = _sentence(part.get("description", ""))
        for key, words in WORDS[name].items():
            part["properties"][key]["description"] = words
    parts["Expectation"]["oneOf"] = [{"required": [key]} for key in _ONE_OF]
    for name in ("Step", "Variant"):
        parts[name]["properties"]["event"]["enum"] = [*EIDS, *LEGACY_EIDS]
    whole = parts.pop("Plan")
    whole["allOf"] = [_condition(kind) for kind in KEYS_OF_KIND]
    return {"$schema": DIALECT, "$id": "/schemas/plan.json", **whole, "$defs": parts}


def schema_text() -> str:
    """The schema as it is printed and documented."""
    return msgspec.json.format(msgspec.json.encode(plan_schema()), indent=2).decode() + "\n"


def format_page() -> str:
    """The page that says what each key means."""
    lines = [
        "# Keys of a plan",
        "",
        "How plans work is told in [plans.md](plans.md). The same is there as a JSON Schema, which editors take for",
        "completion: [plan.schema.json](plan.schema.json). Keys in bold are required.",
        "",
    ]
    schema = plan_schema()
    parts = {"Plan": schema, **schema["$defs"]}
    for name in WORDS:
        lines += [f"## {name}", "", parts[name]["description"], "", "| key | value | meaning |", "|---|---|---|"]
        lines += [*_rows(name, parts[name]), ""]
    return "\n".join(lines)


def _rows(name: str, part: Schema) -> Iterator[str]:
    for key, words in WORDS[name].items():
        shown = f"**`{key}`**" if key in part["required"] else f"`{key}`"
        yield f"| {shown} | {_kind(part['properties'][key])} | {words} |".replace("`|`", "`\\|`")


def _kind(schema: Schema) -> str:
    if "enum" in schema:
        values = [value for value in schema["enum"] if value]
        return "an eid" if len(values) > 10 and values[0] == EIDS[0] else ", ".join(f"`{value}`" for value in values)
    if "anyOf" in schema:
        return "a value" + (", or an Expectation" if any("$ref" in one for one in schema["anyOf"]) else "")
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[1]
    if schema["type"] == "array":
        return f"list: {_kind(schema['items'])}"
    if schema["type"] == "object":
        return f"by name: {_kind(schema['additionalProperties'])}"
    return {"string": "text", "integer": "number", "boolean": "true or false"}[schema["type"]]


def _condition(kind: str) -> Schema:
    others = {key for keys in KEYS_OF_KIND.values() for key in keys} - set(KEYS_OF_KIND[kind])
    return {
        "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
        "then": {
            "required": list(NEEDED_OF_KIND[kind]),
            "properties": dict.fromkeys(sorted(others), False),
        },
    }


def _sentence(text: str) -> str:
    for name, shown in _RENAMED.items():
        text = text.replace(name, shown)
    return re.sub(r"\s+", " ", text).strip()
