"""The reference pages, rendered from the shapes and the reasons: `python -m footfall.schema.docs docs/`."""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from footfall.schema.examples import example
from footfall.schema.reasons import Reason
from footfall.schema.schemas import EIDS, SHAPES, Schema, event_schema
from footfall.schema.verdict import Profile

EVENTS_HEAD = """\
# Events

The 17 events of Sunbird Telemetry V3, with every field. This page is generated from the shapes that events are judged
with; `python -m footfall.schema.docs docs/` writes it anew.

A channel judges its events by one of two profiles:

- `sunbird` accepts what the schemas of Sunbird's own pipeline accept, and nothing else.
- `v3`, the default, accepts besides it what the public documentation of V3 shows and what published clients send. Where
  Sunbird's pipeline would refuse the event, the reply carries a warning. What is stored is what was sent: nothing is
  renamed or corrected.

The tables show the profile `sunbird`; below each stands what `v3` accepts beyond it. An object marked *closed* refuses
fields that are not in the table. An optional field is left out when there is nothing to say: `null` is refused.
Numbers are JSON numbers that a double can hold, so `1795224242107` and `1.795224242107E12` are the same time.

The collector serves the JSON Schema (2020-12) of each event and profile, for example at `/schemas/sunbird/start.json`
and `/schemas/v3/start.json`.
"""

REASONS_HEAD = """\
# Reasons

Why an event or a request was refused, or accepted with a remark. A reply names the reason by its `code`, which is
stable, with the place in the event (`path`) and what to do about it (`hint`), but never with a value that was sent.
This page is generated; `python -m footfall.schema.docs docs/` writes it anew.
"""


class Field(Struct, frozen=True):
    """One row of a table."""

    path: str
    kind: str
    is_required: bool
    words: str


def events_page() -> str:
    """The text of docs/events.md."""
    contents = "\n".join(f"- [{eid}](#{eid.lower()}): {purpose(eid)}" for eid in EIDS)
    return "\n".join([EVENTS_HEAD, contents, "", _envelope_section(), *map(_event_section, EIDS)])


def reasons_page() -> str:
    """The text of docs/reasons.md; each code is an anchor."""
    sections = (
        f"## {reason.code}\n\n{_plain(reason.sentence)}\n\nWhat to do: {_plain(reason.hint)}\n" for reason in Reason
    )
    return "\n".join([REASONS_HEAD, *sections])


def write_pages(folder: Path) -> None:
    """Write both pages into a folder."""
    (folder / "events.md").write_text(events_page(), encoding="utf-8")
    (folder / "reasons.md").write_text(reasons_page(), encoding="utf-8")


def _envelope_section() -> str:
    strict, lenient = (list(_common_fields(profile)) for profile in (Profile.SUNBIRD, Profile.V3))
    return f"""\
## Every event

{_table(strict)}
{_differences(strict, lenient)}
The request's key and headers fill what is left out there; see [wire.md](wire.md). Further keys are kept at the top, in
`actor`, `context`, `pdata` and `object`.
"""


def _common_fields(profile: Profile) -> Iterator[Field]:
    yield Field("eid", "string", True, "Which of the 17 events it is.")
    for field in _fields(event_schema(profile, "START")):
        if field.path == "edata":
            yield Field("edata", "object", True, "What the event says, as below.")
        elif not field.path.startswith(("eid", "edata")):
            yield field


def _event_section(eid: str) -> str:
    strict, lenient = (edata_fields(profile, eid) for profile in (Profile.SUNBIRD, Profile.V3))
    rules = "closed" if _is_closed(Profile.SUNBIRD, eid) else "open: any fields"
    table = f"\n{_table(strict)}" if strict else ""
    return f"""\
## {eid}

{purpose(eid)} `edata` is {rules}.
{table}
{_differences(strict, lenient, _opening(eid))}
```json
{_json_lines(example(eid))}
```
"""


def _json_lines(event: dict[str, Any]) -> str:
    lines = (f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in event.items())
    return "{\n" + ",\n".join(lines) + "\n}"


def purpose(eid: str) -> str:
    """What an event is for, in a sentence."""
    return (SHAPES[Profile.SUNBIRD][eid].__doc__ or "").strip()


def _opening(eid: str) -> Iterator[str]:
    if _is_closed(Profile.SUNBIRD, eid) and not _is_closed(Profile.V3, eid):
        yield "any other fields" if edata_fields(Profile.V3, eid) else "any fields, and none of them is required"


def _table(fields: Iterable[Field]) -> str:
    rows = [
        f"| `{field.path}` | {field.kind} | {'yes' if field.is_required else ''} | {field.words} |" for field in fields
    ]
    return "\n".join(["| field | type | required | meaning |", "|---|---|---|---|", *rows]) + "\n"


def _differences(strict: list[Field], lenient: list[Field], more: Iterable[str] = ()) -> str:
    found = [*more, *_loosened(strict, lenient)]
    if not found:
        return "Profile `v3` is the same here.\n"
    return "\n".join(["Profile `v3` also accepts:", "", *(f"- {line}" for line in found)]) + "\n"


def _loosened(strict: list[Field], lenient: list[Field]) -> Iterator[str]:
    known = {field.path: field for field in strict}
    loose = {field.path: field for field in lenient}
    for field in strict:
        other = loose.get(field.path)
        if other is None:
            continue
        if field.kind != other.kind:
            yield f"`{field.path}` {'empty' if 'not empty' in field.kind else 'as ' + other.kind}"
        if field.is_required and not other.is_required:
            yield f"`{field.path}` left out"
    for field in lenient:
        holder = field.path.rpartition(".")[0].removesuffix("[]")
        if field.path not in known and (holder in known or not holder):
            yield f"`{field.path}` ({field.kind}): {field.words}"


def edata_fields(profile: Profile, eid: str) -> list[Field]:
    """The fields of an event's edata."""
    prefix = "edata."
    return [
        Field(field.path.removeprefix(prefix), field.kind, field.is_required, field.words)
        for field in _fields(event_schema(profile, eid))
        if field.path.startswith(prefix)
    ]


def _is_closed(profile: Profile, eid: str) -> bool:
    schema = event_schema(profile, eid)
    return _resolve(schema, schema["properties"]["edata"]).get("additionalProperties") is False


def _fields(schema: Schema) -> list[Field]:
    return list(_walk(schema, schema, ""))


def _walk(schema: Schema, node: Schema, prefix: str) -> Iterator[Field]:
    required = {*node.get("required", ()), *node.get("else", {}).get("required", ())}
    for name, inner in node.get("properties", {}).items():
        target = _resolve(schema, inner)
        path = prefix + name
        yield Field(path, _kind(schema, target), name in required, _words(inner, target))
        item = _resolve(schema, target.get("items", {}))
        yield from _walk(
            schema, item if "properties" in item else target, f"{path}[]." if "items" in target else f"{path}."
        )


def _resolve(schema: Schema, node: Schema) -> Schema:
    if "$ref" not in node:
        return node
    found: Schema = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return found


def _kind(schema: Schema, node: Schema) -> str:
    if "enum" in node:
        return " or ".join(f'`"{option}"`' for option in node["enum"])
    types = node.get("type", "any")
    return " or ".join(_kind_of(schema, node, kind) for kind in ([types] if isinstance(types, str) else types))


def _kind_of(schema: Schema, node: Schema, kind: str) -> str:
    match kind:
        case "array":
            words = _kind(schema, _resolve(schema, node["items"]))
            return "array of " + words.replace(words.split(",")[0], words.split(",")[0] + "s", 1)
        case "object" if node.get("additionalProperties") is False:
            return "object, closed"
        case "string" if node.get("minLength"):
            return "string, not empty"
        case "number" if "minimum" in node:
            return f"number, at least {node['minimum']}"
        case _:
            return kind


def _words(node: Schema, target: Schema) -> str:
    words = node.get("description") or target.get("description", "")
    examples: list[Any] = node.get("examples", [])
    shown = ", ".join(f"`{json.dumps(value, ensure_ascii=False)}`" for value in examples)
    return _plain(words) + (f" Example: {shown}." if shown else "")


def _plain(words: str) -> str:
    return words.replace("<", "\\<").replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
