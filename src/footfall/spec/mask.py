"""Masking of rejected events: the shape stays, what people typed does not."""

from typing import Any

import msgspec

from footfall.spec.text import MAX_DEPTH
from footfall.spec.verdict import json_type

_ITEMS = 100


def mask(value: Any, depth: int = MAX_DEPTH) -> Any:
    """The value with every string replaced by its length; keys, numbers and structure stay.

    What lies below `depth` levels, and what follows the first hundred items of an array, is only counted.
    """
    kind = type(value)
    if kind is str:
        return f"<string {len(value)}>"
    if kind is not list and kind is not dict:
        return value
    if depth == 0:
        return f"<{json_type(value)} {len(value)}>"
    if kind is list:
        more = [f"<{len(value) - _ITEMS} more>"] if len(value) > _ITEMS else []
        return [mask(item, depth - 1) for item in value[:_ITEMS]] + more
    return {key: mask(item, depth - 1) for key, item in value.items()}


def payload_text(text: bytes, value: Any, *, masked: bool) -> str | None:
    """What is kept of a rejected event, as JSON text that any reader can read.

    Text that could not be read as JSON is kept as one JSON string, or, masked, not at all.
    """
    if masked:
        return None if value is None else msgspec.json.encode(mask(value)).decode()
    if value is None:
        return msgspec.json.encode(text.decode("utf-8", "backslashreplace")).decode()
    return text.decode("utf-8", "backslashreplace")
