"""How much one event may hold, told from its text: what passes is decoded, and then takes little memory and time.

A text of a megabyte can make thirty of Python objects, and the same text many times over in a message about its faults.
"""

import numpy as np
from msgspec import Struct

from footfall.schema.json_text import MAX_DEPTH
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

_CHUNK = 1 << 16
_QUOTE, _COMMA, _BACKSLASH = b'",\\'
_SHAPES = np.zeros(256, np.int8)
_SHAPES[list(b"[{")] = 1
_SHAPES[list(b"]}")] = -1

Bytes = np.ndarray[tuple[int], np.dtype[np.uint8]]
Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]


class EventLimits(Struct, frozen=True):
    """The limits of one event: bytes of its text, and values of JSON in it, at whatever depth."""

    size: int = 1 << 20
    values: int = 10_000

    def fault(self, text: bytes) -> Finding | None:
        """What is too much about a text; None where nothing is. Nesting counts only where there are many values."""
        is_large = len(text) > self.size
        if not is_large and len(text) <= 2 * self.values:  # each takes a byte, and another one before the next
            return None
        scan = Scan(text)
        while scan.step():
            if scan.deepest > MAX_DEPTH:
                return Finding.make(Reason.TOO_DEEP)
            if is_large:
                return Finding.make(Reason.EVENT_TOO_LARGE)
            if scan.values > self.values:
                return Finding.make(Reason.TOO_MANY_VALUES)
        return None


class Scan:
    """Counts what a text of JSON holds, 64 KiB at a step; one that is no JSON is counted somehow.

    `values` are those begun so far, `top` the commas in the outermost array or object, `deepest` the most brackets that
    were open at once.
    """

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._in_string = False
        self._is_escaped = False
        self.values = 1
        self.top = 0
        self.deepest = 0

    def step(self) -> bool:
        """Look at the next part; false where there was none."""
        part = self._text[self._at : self._at + _CHUNK]
        self._at += len(part)
        if part:
            self._count(np.frombuffer(part, np.uint8), has_escapes=b"\\" in part or self._is_escaped)
        return bool(part)

    def _count(self, seen: Bytes, *, has_escapes: bool) -> None:
        quotes = seen == _QUOTE
        if has_escapes:
            quotes &= ~self._escaped(seen)
        closed = np.cumsum(quotes, dtype=np.int32)
        outside = (closed & 1) == self._in_string
        self._in_string = bool((closed[-1] + self._in_string) & 1)
        shapes = _SHAPES[seen] * outside
        levels = np.cumsum(shapes, dtype=np.int32) + self._depth
        commas = (seen == _COMMA) & outside
        self.values += int(np.count_nonzero(commas)) + int(np.count_nonzero(shapes > 0))
        self.top += int(np.count_nonzero(commas & (levels == 1)))
        self.deepest = max(self.deepest, int(levels.max()))
        self._depth = int(levels[-1])

    def _escaped(self, seen: Bytes) -> Flags:
        """Which bytes have an odd number of backslashes before them."""
        places = np.arange(len(seen), dtype=np.int32)
        last = np.maximum.accumulate(np.where(seen != _BACKSLASH, places, -1 - self._is_escaped))
        escaped = np.empty(len(seen), np.bool_)
        escaped[0] = self._is_escaped
        escaped[1:] = (places[:-1] - last[:-1]) & 1
        self._is_escaped = bool((places[-1] - last[-1]) & 1)
        return escaped
