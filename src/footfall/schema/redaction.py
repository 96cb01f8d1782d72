"""Masking of rejected events: the shape stays, what people typed does not."""

import re
from typing import Any

import msgspec

from footfall.schema.json_text import MAX_DEPTH
from footfall.schema.schemas import field_names
from footfall.schema.verdict import json_type

LONGEST_MID = 500
_ITEMS = 100
_NODES = 1000  # what follows them is only counted, so that no event is kept as more text than it was
_NO_NAME = "?"
_ID = re.compile(r"[A-Za-z0-9._:~+/=|#{}-]+")
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000  # 2000 to 2100


def mask(value: Any, depth: int = MAX_DEPTH) -> Any:
    """The value with the type of each string, number and boolean in its place; of strings, the length is kept.

    Keys that are no names of the event language become `?`, `?2` and so on. What lies below `depth` levels, and what
    follows the first hundred items of an array or such keys of an object, is only counted.
    """
    return _Masking().of(value, depth)


class _Masking:
    def __init__(self) -> None:
        self._left = _NODES

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        match value:
            case None:
                return None
            case bool() | int() | float():
                return f"<{json_type(value)}>"
            case str():
                return f"<string {len(value)}>"
            case _ if depth == 0 or self._left < 0:
                return f"<{json_type(value)} {len(value)}>"
            case list():
                more = [f"<{len(value) - _ITEMS} more>"] if len(value) > _ITEMS else []
                return [self.of(item, depth - 1) for item in value[:_ITEMS]] + more
            case _:
                return self._object(value, depth - 1)

    def _object(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        names, masked, strange = field_names(), {}, 0
        for key, item in value.items():
            if key in names:
                masked[key] = self.of(item, depth)
                continue
            strange += 1
            if strange <= _ITEMS:
                masked[_NO_NAME if strange == 1 else f"{_NO_NAME}{strange}"] = self.of(item, depth)
        if strange > _ITEMS:
            masked[f"{_NO_NAME}{_ITEMS + 1}"] = f"<{strange - _ITEMS} more>"
        return masked


def plausible_id(value: object) -> str | None:
    """The value, if it can be what an event is called; None for one that may well be what somebody typed."""
    return value if isinstance(value, str) and len(value) <= LONGEST_MID and _ID.fullmatch(value) else None


def plausible_time(value: float | None) -> float | None:
    """The number, if it can be an event's time in epoch ms."""
    return value if value is not None and _EARLIEST_MS <= value <= _LATEST_MS else None


def payload_text(text: bytes, value: Any, *, masked: bool) -> str | None:
    """What is kept of a rejected event, as JSON text that any reader can read.

    Text that could not be read as JSON is kept as one JSON string, or, masked, not at all.
    """
    if masked:
        return None if value is None else msgspec.json.encode(mask(value)).decode()
    if value is None:
        return msgspec.json.encode(text.decode("utf-8", "backslashreplace")).decode()
    return text.decode("utf-8", "backslashreplace")
