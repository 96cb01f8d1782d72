"""Where in a course it happened."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from footfall.dialects.lms.body import BESIDE
from footfall.dialects.lms.shape import KEYS
from footfall.tracker.django.options import hook

FIELDS = (*(key for key in KEYS if key not in ("event_type", "anon_username", "time", "event_data")), *BESIDE)


def fields_of(node: Any) -> dict[str, Any]:
    """What an event says of a course node: the fields that it has, by the hook NODE_FIELDS or by its attributes."""
    if node is None:
        return {}
    given = (hook("node_fields") or attributes)(node)
    found = {name: _plain(given[name]) for name in FIELDS if given.get(name) is not None}
    if has_ended := hook("has_ended"):
        found["course_ended"] = bool(has_ended(node))
    return found


def attributes(node: Any) -> Mapping[str, Any]:
    """The fields of a node by the names that events have for them: its items, attributes, or methods."""
    if isinstance(node, Mapping):
        return node
    found = {name: getattr(node, name, None) for name in FIELDS}
    return {name: value() if callable(value) else value for name, value in found.items()}


def _plain(value: Any) -> str | int | bool:
    if isinstance(value, (bool, int)):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
