"""Cutting a text of JSON into its outermost objects, by braces and quotes alone: arrays around them do not count.

Memory is for one object at a time. An object that has no end is given up where a line begins with another.
"""

import re
from collections.abc import Iterator
from typing import Protocol

from msgspec import Struct

LONGEST = 1 << 20
_CHUNK = 1 << 18
_BETWEEN = b" \t\r\n,[]\x1e"
_INSIDE = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
_BRACE = re.compile(rb'(?:[^"{}]++|"(?:[^"\\]++|\\.)*+")*+[{}]', re.DOTALL)
_QUOTE = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+"', re.DOTALL)
_NEXT = re.compile(rb"\n[ \t]*(?=\{)")
_TOO_LARGE = f"an object begins here that has no end within {LONGEST} bytes"
_NO_END = "an object begins here that has no end"
_MOST_TRIALS = 20  # each may have to look at as much text as an object may have


class Flaw(Struct, frozen=True):
    """Something that could not be read: where it is (lines from 1), and what is wrong; never what stands there."""

    line: int
    path: str
    message: str


class Piece(Struct, frozen=True):
    """The text of an object, and the line in which it begins."""

    line: int
    text: bytes


class Readable(Protocol):
    """What bytes are read from."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes; none at the end."""


def cut_objects(stream: Readable) -> Iterator[Piece | Flaw]:
    """The objects of a text, and what stands between them and should not, in order."""
    cutter = _Cutter()
    while chunk := stream.read(_CHUNK):
        cutter.feed(chunk)
        yield from cutter.scan()
        yield from cutter.give_up(LONGEST)
    yield from cutter.give_up(0)


class _Cutter:
    """Where in the text it is: `_start` is where the object begins, or what stands between two, in line `_line`."""

    def __init__(self) -> None:
        self._buffer = b""
        self._line = 1
        self._start = 0
        self._position = 0
        self._depth = 0
        self._in_string = False
        self._is_lost = False
        self._trials = 0

    def feed(self, chunk: bytes) -> None:
        """Take more text, and let go of what is done with."""
        if self._is_lost:
            self._move(self._position)
        self._buffer = self._buffer[self._start :] + chunk
        self._position -= self._start
        self._start = 0

    def scan(self) -> Iterator[Piece | Flaw]:
        """Go on to the end of what there is."""
        while (brace := self._next_brace()) >= 0:
            if self._buffer[brace : brace + 1] == b"{":
                if not self._depth:
                    yield from self._between(brace)
                self._depth += 1
            elif self._depth:
                self._depth -= 1
                if not self._depth:
                    yield from self._object(brace + 1)
        if not self._depth:
            yield from self._between(self._position)

    def give_up(self, longest: int) -> Iterator[Piece | Flaw]:
        """Do without the object under way if it is longer than that, and look for the next one."""
        while self._depth and not self._is_lost and len(self._buffer) - self._start > longest:
            yield Flaw(self._line, "$", _TOO_LARGE if longest else _NO_END)
            following = _NEXT.search(self._buffer, self._start)
            self._trials += 1
            if following is None or self._trials > _MOST_TRIALS:
                self._is_lost = True
                return
            self._move(following.end())
            self._position = self._start
            self._depth, self._in_string = 0, False
            yield from self.scan()

    def _next_brace(self) -> int:
        """The place of the next brace outside strings; -1 if there is none yet."""
        while not self._in_string or self._end_string():
            found = _BRACE.match(self._buffer, self._position) or _QUOTE.match(self._buffer, self._position)
            self._position = found.end() if found else len(self._buffer)
            if found is None:
                break
            if found.re is _BRACE:
                return found.end() - 1
            self._in_string = True
        return -1

    def _end_string(self) -> bool:
        found = _INSIDE.match(self._buffer, self._position)
        end = found.end() if found else self._position
        self._in_string = self._buffer[end : end + 1] != b'"'
        self._position = end if self._in_string else end + 1
        return not self._in_string

    def _between(self, end: int) -> Iterator[Flaw]:
        if self._buffer[self._start : end].strip(_BETWEEN):
            yield Flaw(self._line, "$", "text that belongs to no object")
        self._move(end)

    def _object(self, end: int) -> Iterator[Piece]:
        if not self._is_lost:
            yield Piece(self._line, self._buffer[self._start : end])
        self._is_lost = False
        self._move(end)

    def _move(self, start: int) -> None:
        self._line += self._buffer.count(b"\n", self._start, start)
        self._start = start
