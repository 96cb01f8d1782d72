"""Reading JSON text with care: where it breaks, what it hides, and how to cut a batch into events.

msgspec reads the good events; the functions here find out what is wrong with the others.
"""

import codecs
import json
import math
import re
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np

from footfall.schema.reasons import Reason
from footfall.schema.stepwise import Steps, finish
from footfall.schema.verdict import Finding, shown_name

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_SOUND = re.compile(rb"(?:[^\\]++|\\(?!u[dD][89a-fA-F])[\s\S]|" + _PAIR + rb")*+")
_CHUNK = 1 << 18
_LONGEST_UNIT = 12  # of a pair
_LINE_FEED = ord("\n")

_SPACE = b" \t\r\n"
_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_SKIP_AT_TOP = re.compile(rb'(?:[^"\[\]{},]++|' + _STRING + rb")*+", re.DOTALL)
_SKIP_BELOW = re.compile(rb'(?:[^"\[\]{}]++|' + _STRING + rb")*+", re.DOTALL)
_AT_TOP = re.compile(_SKIP_AT_TOP.pattern + rb"([\[\]{},])", re.DOTALL)
_BELOW = re.compile(_SKIP_BELOW.pattern + rb"([\[{]++|[\]}]++)", re.DOTALL)
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_MEMBER = re.compile(rb"(" + _STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+", re.DOTALL)
_SPACES = re.compile(rb"[ \t\r\n]*+")
_MISSPELT = re.compile(rb"(?:\A|[\s:,\[])([tfn].{0,4})\Z", re.DOTALL)
_DIGITS_TO_0 = bytes.maketrans(b"123456789", b"0" * 9)
_STEPS = 1_000_000
_PAUSE = 5000

MAX_DEPTH = 200
SAMPLED = 30  # looking for integers of 309 digits, every so many bytes are enough

_untyped = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_array = msgspec.json.Decoder(list[msgspec.Raw])
_text = msgspec.json.Decoder(str)

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]

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
        seen = np.frombuffer(text, np.uint8, offset)
        column = sum(int(np.count_nonzero(part & 0xC0 != 0x80)) for part in _parts(seen[start:])) + 1
        line = sum(int(np.count_nonzero(part == _LINE_FEED)) for part in _parts(seen)) + 1
        return cls(detail, line, column)


def _parts(seen: Bytes) -> Iterator[Bytes]:
    return (seen[at : at + _CHUNK] for at in range(0, len(seen), _CHUNK))


def has_lone_surrogate(text: bytes) -> bool:
    """Whether an escaped surrogate stands without its other half."""
    return b"\\u" in text and finish(_find_lone_surrogate(text))


def _find_lone_surrogate(text: bytes) -> Steps[bool]:
    at = 0
    while at < len(text):
        end = at + _CHUNK
        found = _SOUND.match(text, at, end)
        reached = found.end() if found else at
        if reached < end - _LONGEST_UNIT and reached < len(text):
            return _SURROGATE.match(text, reached) is not None
        if reached >= len(text):
            return False
        at = reached
        yield
    return False


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
    return finish(skipping(text, error))


def skipping(text: bytes, error: Exception) -> Steps[bool]:
    """`cannot_be_skipped` in slices."""
    if isinstance(error, RecursionError):
        return True
    return b"\\u" in text and (yield from _find_lone_surrogate(text))


def where(text: bytes, error: Exception) -> MalformedJSONError:
    """The error as a position in the text; msgspec names the byte, except at the end and in UTF-8."""
    if isinstance(error, RecursionError):
        return MalformedJSONError("nested too deeply", 1, 1)
    if isinstance(error, UnicodeDecodeError):
        return MalformedJSONError.at(text, first_bad_byte(text), "bytes that are not UTF-8")
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


def first_bad_byte(text: bytes) -> int:
    """Where the text is not UTF-8; its length if it is."""
    decoder, at = codecs.getincrementaldecoder("utf-8")(), 0
    while at < len(text):
        before = len(decoder.getstate()[0])  # of a character that the part before has begun
        part = text[at : at + _CHUNK]
        try:
            decoder.decode(part, final=at + len(part) == len(text))
        except UnicodeDecodeError as error:
            return at - before + error.start
        at += len(part)
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
        message = f"The key {shown_name(str(error))!r} stands twice."
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
    return list(map(bytes, finish(splitting(array))))


def splitting(array: bytes) -> Steps[Sequence[bytes | msgspec.Raw]]:
    """`split` in slices; what comes out may be views of the array."""
    try:
        return _array.decode(array)
    except JSON_ERRORS as error:
        found = error
    if not (yield from skipping(array, found)):
        raise where(array, found) from None
    pieces = []
    for span in spans(array):
        if span is None:
            yield
        else:
            pieces.append(array[slice(*span)])
    return pieces


def cut(text: bytes, steps: int = _STEPS) -> Iterator[bytes]:
    """Cut an array or object at its commas by brackets alone, reading strings only to skip them.

    What stands between the commas may be no JSON. Raises MalformedJSONError where a piece is empty, where the brackets
    do not balance, and after so many `steps`: a million take half a second, and one is a bracket or a run of them.
    """
    return (text[slice(*span)] for span in spans(text, steps) if span is not None)


def spans(text: bytes, steps: int = _STEPS) -> Iterator[tuple[int, int] | None]:
    """Where the pieces of `cut` begin and end, with a None every few milliseconds."""
    position = start = _SPACES.match(text).end() + 1  # type: ignore[union-attr]
    closing = b"]" if text[start - 1 : start] == b"[" else b"}"
    depth = 1
    for step in range(1, steps + 1):
        if step % _PAUSE == 0:
            yield None
        pattern = _AT_TOP if depth == 1 else _BELOW
        found = pattern.match(text, position, position + _CHUNK) or (yield from _match_far(pattern, text, position))
        if found is None:
            raise MalformedJSONError.at(text, len(text), "the text ends too soon")
        run, (begin, position) = found.group(1), found.span(1)
        if run[0] in b"[{":
            depth += len(run)
        elif depth > 1:
            position = begin + min(len(run), depth - 1)
            depth -= position - begin
        else:
            piece = _stripped(text, start, begin)
            if piece[0] < piece[1] or run == b"," or text[start - 1 : start] == b",":
                yield _filled(text, begin, piece)
            start = position
            if run != b",":
                _check_end(text, begin, run == closing)
                return
    raise MalformedJSONError.at(text, position, "too many brackets")


def _match_far(pattern: re.Pattern[bytes], text: bytes, position: int) -> Generator[None, None, re.Match[bytes] | None]:
    """The match where it ends far away, for a string of any length may stand before it."""
    skipped = _SKIP_AT_TOP if pattern is _AT_TOP else _SKIP_BELOW
    while position < len(text):
        found = pattern.match(text, position, position + _CHUNK)
        if found is not None:
            return found
        reached = skipped.match(text, position, position + _CHUNK).end()  # type: ignore[union-attr]
        if reached == position:
            reached += 1
            while text[reached : reached + 1] not in (b'"', b""):
                reached = _INSIDE.match(text, reached, reached + _CHUNK).end()  # type: ignore[union-attr]
                if text[reached : reached + 1] == b"\\" and reached + 2 > len(text):
                    return None
                yield
            reached += 1
        position = reached
        yield
    return None


def _stripped(text: bytes, start: int, end: int) -> tuple[int, int]:
    """The span without the blanks at its ends."""
    start = min(_SPACES.match(text, start, end).end(), end)  # type: ignore[union-attr]
    if start < end and text[end - 1] in _SPACE:
        end = start + len(text[start:end].rstrip(_SPACE))
    return start, end


def _filled(text: bytes, offset: int, piece: tuple[int, int]) -> tuple[int, int]:
    if piece[0] >= piece[1]:
        raise MalformedJSONError.at(text, offset, "a value is missing")
    return piece


def _check_end(text: bytes, offset: int, is_closed: bool) -> None:
    if not is_closed:
        raise MalformedJSONError.at(text, offset, "the wrong bracket")
    rest = _SPACES.match(text, offset + 1)
    if rest is not None and rest.end() < len(text):
        raise MalformedJSONError.at(text, rest.end(), "trailing characters")


def members(text: bytes) -> Iterator[tuple[str | None, bytes]]:
    """The outermost object's keys and the texts of their values, repeated keys included; None for an unreadable key.

    Raises MalformedJSONError like `cut`.
    """
    return ((member[0], text[slice(*member[1])]) for member in member_spans(text) if member is not None)


def member_spans(text: bytes) -> Iterator[tuple[str | None, tuple[int, int]] | None]:
    """The same with the places of the values, and a None every few milliseconds."""
    for span in spans(text):
        if span is None:
            yield None
            continue
        found = _MEMBER.match(text, *span)
        if found is None:
            raise MalformedJSONError("a member without key or value", 1, 1)
        yield _key(found.group(1)), (found.end(), span[1])


def _key(text: bytes) -> str | None:
    try:
        return _text.decode(text)
    except JSON_ERRORS:
        return None
