"""Masking of rejected events: the shape stays, what people typed does not."""

from typing import Any

import msgspec


def mask(value: Any) -> Any:
    """The value with every string replaced by its length; keys, numbers and structure stay."""
    match value:
        case str():
            return f"<string {len(value)}>"
        case list():
            return [mask(item) for item in value]
        case dict():
            return {key: mask(item) for key, item in value.items()}
        case _:
            return value


def payload_text(text: bytes, value: Any, *, masked: bool) -> str | None:
    """What is kept of a rejected event, as JSON text that any reader can read.

    Text that could not be read as JSON is kept as one JSON string, or, masked, not at all.
    """
    if masked:
        return None if value is None else msgspec.json.encode(mask(value)).decode()
    if value is None:
        return msgspec.json.encode(text.decode("utf-8", "backslashreplace")).decode()
    return text.decode("utf-8", "backslashreplace")
