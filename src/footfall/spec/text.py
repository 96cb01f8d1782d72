"""Reading JSON text with care: where it breaks, what it hides, and how to cut a batch into events.

msgspec reads the good events; the functions here find out what is wrong with the others.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from footfall.spec.reasons import Reason
from footfall.spec.verdict import Finding

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)
_ESCAPED_BACKSLASH = b"\\\\"
_TOKENS_AT_MOST = 500_000

MAX_DEPTH = 200

_untyped = msgspec.json.Decoder()
_array = msgspec.json.Decoder(list[msgspec.Raw])

JSON_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class MalformedJSONError(ValueError):
    """The text is not JSON; says where, counted from 1."""

    def __init__(self, detail: str, line: int, column: int) -> None:
        super().__init__(f"{detail} at line {line}, column {column}")
        self.line = line
        self.column = column


def has_lone_surrogate(text: bytes) -> bool:
    """Whether an escaped surrogate stands without its other half."""
    if b"\\u" not in text:
        return False
    plain = text.replace(_ESCAPED_BACKSLASH, b"")
    return _SURROGATE.search(_PAIR.sub(b"", plain)) is not None


def where(text: bytes, error: Exception) -> MalformedJSONError:
    """The error as a position in the text; msgspec tells the byte, the UTF-8 codec the offset."""
    if isinstance(error, RecursionError):
        return MalformedJSONError("nested too deeply", 1, 1)
    found = re.search(r"\(byte (\d+)\)", str(error))
    offset = int(found.group(1)) if found else len(text)
    detail = re.sub(r"^JSON is malformed: | \(byte \d+\)$", "", str(error))
    if "truncated" in detail:
        detail = "the text ends too soon"
    line_start = text.rfind(b"\n", 0, offset) + 1
    return MalformedJSONError(detail, text.count(b"\n", 0, offset) + 1, offset - line_start + 1)


def read(text: bytes) -> tuple[Any, Finding | None]:
    """Read one event in full: the value, or what keeps it from having exactly one meaning."""
    try:
        value = _untyped.decode(text)
    except JSON_ERRORS as error:
        return None, _fault(text, error)
    if _is_deep(value):
        return value, Finding.make(Reason.TOO_DEEP)
    repeated = _repeated_key(text)
    if repeated is not None:
        return value, Finding.make(Reason.DUPLICATE_KEY, message=f"The key {repeated[:100]!r} stands twice.")
    return value, None


def _fault(text: bytes, error: Exception) -> Finding:
    if isinstance(error, RecursionError):
        return Finding.make(Reason.TOO_DEEP)
    if isinstance(error, UnicodeDecodeError):
        return Finding.make(Reason.INVALID_UTF8)
    if "out of range" in str(error):
        path = re.search(r"`(\$.*)`", str(error))
        return Finding.make(Reason.NUMBER_OUT_OF_RANGE, path.group(1) if path else "$", "number")
    if has_lone_surrogate(text):
        return Finding.make(Reason.LONE_SURROGATE)
    return Finding.make(Reason.MALFORMED_LINE, message=f"Not JSON: {where(text, error)}.")


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for node in level
            if isinstance(node, (dict, list))
            for child in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True


class _RepeatedKeyError(Exception):
    """Carries the first key found twice out of the parser."""


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise _RepeatedKeyError(key)
        seen.add(key)


def _repeated_key(text: bytes) -> str | None:
    try:
        json.loads(text, object_pairs_hook=_refuse_repeats, parse_int=len, parse_float=len)
    except _RepeatedKeyError as error:
        return str(error)
    return None


def split(array: bytes) -> list[bytes]:
    """Cut a JSON array into the texts of its elements, each exactly as sent.

    An element may hold what msgspec refuses to read (lone surrogates, deep nesting); it is cut out all the same, so
    that it cannot take its neighbours with it. Raises MalformedJSONError where the array itself is not JSON.
    """
    try:
        return [bytes(raw) for raw in _array.decode(array)]
    except JSON_ERRORS as error:
        if not (isinstance(error, RecursionError) or has_lone_surrogate(array)):
            raise where(array, error) from None
    return list(_scan(array))


def _scan(array: bytes) -> Iterator[bytes]:
    """Cut by brackets alone; reads strings only to skip them."""
    depth = 0
    start = 0
    tokens = 0
    for match in _TOKEN.finditer(array):
        tokens += 1
        token = array[match.start()]
        if token in b"[{":
            depth += 1
            if depth == 1:
                start = match.end()
        elif token in b"]}":
            depth -= 1
        if (depth == 1 and token in b",") or depth == 0:
            if piece := array[start : match.start()].strip():
                yield piece
            start = match.end()
        if tokens > _TOKENS_AT_MOST:
            raise MalformedJSONError("nested too deeply", 1, match.start() + 1)
    if depth or array[start:].strip():
        raise MalformedJSONError("unbalanced brackets", 1, len(array))
