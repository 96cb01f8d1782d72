"""An event as it should be sent, for each step and each event type of a plan."""

import json
import re
from typing import Any

from msgspec import UNSET

from footfall.plans.model import EventType, Expectation, Field, Plan, Step
from footfall.plans.payload import ENCODED, is_shaped
from footfall.plans.values import MISSING, expectation_of, value_at
from footfall.schema.examples import example
from footfall.schema.schemas import Schema, event_schema
from footfall.schema.verdict import Profile

Json = dict[str, Any]

_FLOW_ID = "0d5c2f1e-7a44-4b7e-9f0e-6b8f3f6c1a20"
_SPECIAL = re.compile(r"\\(.)|[.*+?^$()\[\]{}|]+")
_OF_TYPE: dict[str, Any] = {
    "string": "abc",
    "number": 1.5,
    "integer": 1,
    "id": 1,
    "boolean": True,
    "object": {},
    "array": [],
}


def sample_of_step(plan: Plan, step: Step) -> Json:
    """An event that is the step, with everything that the plan expects of it."""
    event = _blank(step.event)
    types = plan.correlate.cdata if plan.correlate is not UNSET else []
    event["context"]["cdata"] = [{"type": (types or [plan.plan])[0], "id": _FLOW_ID}]
    for path, expected in {**step.match, **step.expect}.items():
        keys = tuple(path.split("."))
        if not expectation_of(expected).optional:
            _set(event, keys, _value(expectation_of(expected), value_at(example(step.event), keys)))
    return event


def sample_of_type(plan: Plan, one: EventType) -> Json:
    """An event of the type."""
    event = _blank(plan.event)
    event["context"]["env"] = plan.plan
    payload = {name: _of_field(field) for name, field in one.fields.items() if not field.personal}
    if plan.event == ENCODED:
        data = _shaped(one, payload) if is_shaped(plan) else payload
        event["edata"] = {"type": one.type, "data": json.dumps(data)}
    else:
        event["object"] = {"id": "8f9c1c4e", "type": "User"}
        event["edata"] = {"type": one.type, "props": [], **payload}
    return event


def _shaped(one: EventType, payload: Json) -> Json:
    """A payload in the documented shape of an LMS's events."""
    has_course = "course" in one.node
    return {
        "event_type": one.type,
        "anon_username": None if one.anonymous else "7a3d1f0e-4c55-4b8e-9a53-2f7f6f1f9d10",
        "time": "2026-11-21T10:04:05.107000+00:00",
        "course_slug": "DEMO" if has_course else None,
        "course_run": "SP" if has_course else None,
        "module_id": None,
        "section_id": None,
        "unit_id": 12 if "unit" in one.node else None,
        "page_url": None,
        "event_data": payload or None,
    }


def _blank(eid: str) -> Json:
    """The example of an event with no more of edata than it must have."""
    event = example(eid)
    required = _required(event_schema(Profile.SUNBIRD, eid))
    event["edata"] = {name: value for name, value in event["edata"].items() if name in required}
    event.pop("object", None)
    return event


def _required(schema: Schema) -> list[str]:
    node = schema["properties"]["edata"]
    if "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return list(node.get("required", ()))


def _set(event: Json, keys: tuple[str, ...], value: Any) -> None:
    node: Any = event
    for key in keys[:-1]:
        node = node.setdefault(key, {}) if isinstance(node, dict) else node[0].setdefault(key, {})
    target = node[0] if isinstance(node, list) else node
    target[keys[-1]] = value


def _value(expected: Expectation, usual: Any) -> Any:
    if expected.is_ is not UNSET:
        return expected.is_
    if expected.one_of:
        return expected.one_of[0]
    if expected.pattern:
        return _SPECIAL.sub(lambda found: found[1] or "", expected.pattern) or "abc"
    return usual if usual is not MISSING else _OF_TYPE[expected.type or "string"]


def _of_field(field: Field) -> Any:
    return field.one_of[0] if field.one_of else _OF_TYPE[field.type]
