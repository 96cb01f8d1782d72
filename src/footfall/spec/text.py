"""Reading JSON text with care: where it breaks, what it hides, and how to cut a batch into events.

msgspec reads the good events; the functions here find out what is wrong with the others.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from footfall.spec.reasons import Reason
from footfall.spec.verdict import Finding

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_ESCAPED_BACKSLASH = b"\\\\"

_SPACE = b" \t\r\n"
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_AT_TOP = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+([\[\]{},])", re.DOTALL)
_BELOW = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+([\[{]++|[\]}]++)", re.DOTALL)
_MEMBER = re.compile(rb"(" + _STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+(.*)", re.DOTALL)
_MISSPELT = re.compile(rb"(?:\A|[\s:,\[])([tfn].{0,4})\Z", re.DOTALL)
_DIGITS_TO_0 = bytes.maketrans(b"123456789", b"0" * 9)
_STEPS = 1_000_000

MAX_DEPTH = 200
SAMPLED = 30  # looking for integers of 309 digits, every so many bytes are enough

_untyped = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_array = msgspec.json.Decoder(list[msgspec.Raw])
_text = msgspec.json.Decoder(str)

JSON_ERRORS = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class MalformedJSONError(ValueError):
    """The text is not JSON; says where, in lines and characters counted from 1."""

    def __init__(self, detail: str, line: int, column: int) -> None:
        super().__init__(f"{detail} at line {line}, column {column}")
        self.line = line
        self.column = column

    @classmethod
    def at(cls, text: bytes, offset: int, detail: str) -> "MalformedJSONError":
        """The error at a byte of the text."""
        start = text.rfind(b"\n", 0, offset) + 1
        column = len(text[start:offset].decode("utf-8", "replace")) + 1
        return cls(detail, text.count(b"\n", 0, offset) + 1, column)


def has_lone_surrogate(text: bytes) -> bool:
    """Whether an escaped surrogate stands without its other half."""
    if b"\\u" not in text:
        return False
    plain = text.replace(_ESCAPED_BACKSLASH, b"__")
    return _SURROGATE.search(_PAIR.sub(b"", plain)) is not None


def may_hold_huge_integer(text: bytes) -> bool:
    """Whether an integer may stand in the text that no double can hold: one of 309 digits or more.

    Looks at every 30th byte only, for speed: of so many digits in a row it meets at least ten.
    """
    return meets_digits(text[::SAMPLED])


def meets_digits(sample: bytes) -> bool:
    """Whether a sample, every 30th byte of a text, met ten digits in a row."""
    return b"0" * 10 in sample.translate(_DIGITS_TO_0)


def holds_each_quote(text: bytes, decoded: bytes) -> bool:
    """Whether a text that was decoded and encoded again proves that no key was dropped on the way.

    As many quotes on both sides mean that: neither a key that a Struct does not know is missing, nor the first of two
    with the same name. Only an escaped quote could make up for a dropped one.
    """
    return _quotes(text) == _quotes(decoded) and not (b"\\" in text and b"\\u0022" in text)


def _quotes(text: bytes) -> int:
    return len(text) - len(text.translate(None, b'"'))  # faster than count() for so many


def cannot_be_skipped(text: bytes, error: Exception) -> bool:
    """Whether msgspec failed on JSON that other readers take: nested too deeply, or with half of a surrogate pair."""
    return isinstance(error, RecursionError) or has_lone_surrogate(text)


def where(text: bytes, error: Exception) -> MalformedJSONError:
    """The error as a position in the text; msgspec names the byte, except at the end and in UTF-8."""
    if isinstance(error, RecursionError):
        return MalformedJSONError("nested too deeply", 1, 1)
    if isinstance(error, UnicodeDecodeError):
        return MalformedJSONError.at(text, _first_bad_byte(text), "bytes that are not UTF-8")
    detail = re.sub(r"^JSON is malformed: | \(byte \d+\)$", "", str(error))
    found = re.search(r"\(byte (\d+)\)", str(error))
    if found is None:
        return MalformedJSONError.at(text, len(text), "the text ends too soon")
    return MalformedJSONError.at(text, _first_wrong_byte(text, int(found.group(1)), detail), detail)


def _first_wrong_byte(text: bytes, offset: int, detail: str) -> int:
    """Where the fault begins: msgspec names the byte after trailing text, and one inside a misspelt null or true."""
    if detail == "trailing characters":
        return offset - 1
    if detail == "invalid character" and text[offset : offset + 1] >= b" ":
        word = _MISSPELT.search(text, max(0, offset - 6), offset)
        return word.start(1) if word else offset
    return offset


def _first_bad_byte(text: bytes) -> int:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(text)


def read(text: bytes) -> tuple[Any, Finding | None]:
    """Read one event in full: the value, or what keeps it from having exactly one meaning."""
    try:
        value = _untyped.decode(text)
    except JSON_ERRORS as error:
        return None, _fault(text, error)
    if not isinstance(value, dict):
        return value, Finding.make(Reason.NOT_AN_OBJECT)
    if _is_deep(value):
        return value, Finding.make(Reason.TOO_DEEP)
    if holds_each_quote(text, _encoder.encode(value)) and not may_hold_huge_integer(text):
        return value, None
    try:
        json.loads(text, object_pairs_hook=_refuse_repeats, parse_int=_refuse_huge, parse_float=len)
    except _RepeatedKeyError as error:
        message = f"The key {str(error)[:100]!r} stands twice."
        return value, Finding.make(Reason.DUPLICATE_KEY, message=message)
    except _HugeIntegerError:
        return value, Finding.make(Reason.NUMBER_OUT_OF_RANGE, found="number")
    return value, None


def number(value: Any) -> float | None:
    """A decoded value as a double; None where it is no number, or one that no double can hold."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _fault(text: bytes, error: Exception) -> Finding:
    if isinstance(error, RecursionError):
        return Finding.make(Reason.TOO_DEEP)
    if isinstance(error, UnicodeDecodeError):
        return Finding.make(Reason.INVALID_UTF8)
    if "out of range" in str(error):
        return Finding.make(Reason.NUMBER_OUT_OF_RANGE, found="number")
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


class _HugeIntegerError(Exception):
    """An integer that no double can hold."""


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> None:
    seen = set()
    for key, _ in pairs:
        if key in seen:
            raise _RepeatedKeyError(key)
        seen.add(key)


def _refuse_huge(digits: str) -> None:
    if math.isinf(float(digits)):
        raise _HugeIntegerError


def split(array: bytes) -> list[bytes]:
    """Cut a JSON array into the texts of its elements, each exactly as sent.

    An element may hold what msgspec refuses to read (lone surrogates, deep nesting); it is cut out all the same, so
    that it cannot take its neighbours with it. Raises MalformedJSONError where the array itself is not JSON.
    """
    try:
        return [bytes(raw) for raw in _array.decode(array)]
    except JSON_ERRORS as error:
        if not cannot_be_skipped(array, error):
            raise where(array, error) from None
    return list(cut(array))


def cut(text: bytes, steps: int = _STEPS) -> Iterator[bytes]:
    """Cut an array or object at its commas by brackets alone, reading strings only to skip them.

    What stands between the commas may be no JSON. Raises MalformedJSONError where a piece is empty, where the brackets
    do not balance, and after so many `steps`: a million take half a second, and one is a bracket or a run of them.
    """
    position = start = len(text) - len(text.lstrip(_SPACE)) + 1
    closing = b"]" if text[start - 1 : start] == b"[" else b"}"
    depth = 1
    for _ in range(steps):
        found = (_AT_TOP if depth == 1 else _BELOW).match(text, position)
        if found is None:
            raise MalformedJSONError.at(text, len(text), "the text ends too soon")
        run, (begin, position) = found.group(1), found.span(1)
        if run[0] in b"[{":
            depth += len(run)
        elif depth > 1:
            position = begin + min(len(run), depth - 1)
            depth -= position - begin
        else:
            piece = text[start:begin].strip(_SPACE)
            if piece or run == b"," or text[start - 1 : start] == b",":
                yield _filled(text, begin, piece)
            start = position
            if run != b",":
                _check_end(text, begin, run == closing)
                return
    raise MalformedJSONError.at(text, position, "too many brackets")


def _filled(text: bytes, offset: int, piece: bytes) -> bytes:
    if not piece:
        raise MalformedJSONError.at(text, offset, "a value is missing")
    return piece


def _check_end(text: bytes, offset: int, is_closed: bool) -> None:
    if not is_closed:
        raise MalformedJSONError.at(text, offset, "the wrong bracket")
    rest = text[offset + 1 :]
    if rest.strip(_SPACE):
        raise MalformedJSONError.at(text, len(text) - len(rest.lstrip(_SPACE)), "trailing characters")


def members(text: bytes) -> Iterator[tuple[str | None, bytes]]:
    """The outermost object's keys and the texts of their values, repeated keys included; None for an unreadable key.

    Raises MalformedJSONError like `cut`.
    """
    for piece in cut(text):
        found = _MEMBER.match(piece)
        if found is None:
            raise MalformedJSONError("a member without key or value", 1, 1)
        yield _key(found.group(1)), found.group(2)


def _key(text: bytes) -> str | None:
    try:
        return _text.decode(text)
    except JSON_ERRORS:
        return None
