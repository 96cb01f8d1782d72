"""Whole stretches of well-formed objects, found by one call of msgspec."""

import re
from collections.abc import Callable, Iterator

import msgspec

from footfall.check.buffer import SIZE, Buffer
from footfall.schema.json_text import JSON_ERRORS

_items = msgspec.json.Decoder(list[msgspec.Raw])
_lines = msgspec.json.Decoder(msgspec.Raw)

_FIRST_KEY = re.compile(rb'\{[ \t\r\n]*+"[^"\\\n]*+"')
_BETWEEN = re.compile(rb"\}[ \t\r\n]*+,[ \t\r\n]*+(?=\{)")
_NEXT_LINE = b"}\n{"
BATCH = re.compile(rb"events[\"' :\t\r\n]|\\u00[67]")  # where a batch may be; the key may be spelt by escapes
_TAIL = 1 << 16
_TRIES = 4
_PART = 1 << 13
_OBJECT = ord("{")


def lines_at_once(window: Buffer) -> tuple[int, int] | None:
    """Where a stretch of lines ends, the first of which looks like an object, and how many they are; or None.

    They are not read. Still, a value ends where they do: JSON never has an object right after another one.
    """
    end = len(window.text)
    if not window.is_last or window.left > SIZE:
        end = window.text.rfind(_NEXT_LINE, window.at, window.at + SIZE) + len(_NEXT_LINE) - 1
    first = window.text.find(b"\n", window.at, end)
    first = first if first >= 0 else end
    if end < window.at or window.text[first - 1 : first] != b"}":
        return None
    count = window.text.count(b"\n", window.at, end)
    return end, count + (window.text[end - 1 : end] != b"\n")


def parts(text: bytes) -> Iterator[bytes]:
    """A stretch of lines or values in parts of some kilobytes, each of whole values."""
    at = 0
    while at < len(text):
        cut = text.find(_NEXT_LINE, at + _PART)
        end = len(text) if cut < 0 else cut + len(_NEXT_LINE) - 1
        yield text[at:end]
        at = end


def values_at_once(window: Buffer) -> tuple[int, int] | None:
    """Where a stretch of objects one after the other ends, and how many they are; or None."""
    end = len(window.text)
    if not window.is_last or window.left > SIZE:
        end = window.text.rfind(b"\n", window.at, window.at + SIZE) + 1
    text = window.text[window.at : end]
    count = _count(_lines.decode_lines, text)
    return _unless_batched(text, end, count)


def items_at_once(window: Buffer) -> tuple[int, int] | None:
    """Where a stretch of an array's objects ends, and how many they are; or None.

    Where the array may be cut is only guessed; that what stands before can be read proves the guess right.
    """
    for end in _guesses(window):
        text = window.text[window.at : end]
        count = _count(_items.decode, b"[%b]" % text)
        if count:
            return _unless_batched(text, end, count)
    return None


def _guesses(window: Buffer) -> list[int]:
    """Where items may end, the best guess first: before one with the same first key as the one at hand."""
    limit = min(len(window.text), window.at + SIZE)
    places = [found.span() for found in _BETWEEN.finditer(window.text, max(window.at, limit - _TAIL), limit)]
    first = _FIRST_KEY.match(window.text, window.at)
    alike = [place for place in places if first and window.text.startswith(first.group(), place[1])]
    return [start + 1 for start, _ in [*alike[-1:], *reversed(places[-_TRIES:])]]


def _count(read: Callable[[bytes], list[msgspec.Raw]], text: bytes) -> int:
    """How many values there are, all of them objects; 0 if there is something else, or no JSON."""
    try:
        values = read(text)
    except JSON_ERRORS:
        return 0
    return len(values) if all(memoryview(value)[0] == _OBJECT for value in values) else 0


def _unless_batched(text: bytes, end: int, count: int) -> tuple[int, int] | None:
    """A stretch, unless there may be batches in it, which have to be opened one by one."""
    return (end, count) if count and not BATCH.search(text) else None
