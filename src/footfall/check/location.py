"""Where events, and the parts of an event, stand in a file."""

import re

import msgspec

from footfall.check.chunk import Chunk, Piece, Place
from footfall.check.lenient_json import BrokenError, read_loosely

_items = msgspec.json.Decoder(list[msgspec.Raw])
_values = msgspec.json.Decoder(msgspec.Raw)
_BETWEEN = re.compile(rb"[ \t\r\n,]*+")
_LAST_STEP = re.compile(r"(\.[^.\[]*|\[\d+\])\Z")


class Layout:
    """The events of a chunk one by one, each exactly as it was sent, and where it stands."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._lines = _lines(chunk)
        self._spans = [] if self._lines else _spans(chunk)
        self._at, self._place = 0, chunk.place

    def text(self, number: int) -> bytes:
        """The text of an event of a bulk."""
        if self._lines:
            return self._lines[number][1]
        start, end = self._spans[number]
        return self._chunk.bulk[start:end]

    def line(self, number: int) -> int:
        """The line on which an event of a bulk begins; to be asked for in order."""
        return self._lines[number][0] if self._lines else self._place_of(number).line

    def piece(self, number: int) -> Piece:
        """An event; to be asked for in order."""
        if self._chunk.pieces:
            return self._chunk.pieces[number]
        return Piece(self.text(number), self._place_of(number), is_json=True)

    def _place_of(self, number: int) -> Place:
        if self._lines:
            return Place(self._lines[number][0], 1 if number else self._chunk.place.column)
        start = self._spans[number][0]
        self._place = self._place.after(self._chunk.bulk[self._at : start])
        self._at = start
        return self._place


def _lines(chunk: Chunk) -> list[tuple[int, bytes]]:
    """The events of a bulk and their lines, if each stands in a line of its own."""
    if chunk.is_array or not chunk.bulk:
        return []
    lines = enumerate(chunk.bulk.split(b"\n"), chunk.place.line)
    filled = [(number, line) for number, line in lines if line and not line.isspace()]
    is_plain = len(filled) == chunk.count and all(map(_is_whole, filled))
    return filled if is_plain else []


def _is_whole(line: tuple[int, bytes]) -> bool:
    """Whether a line of well-formed objects ends none that began before it, and begins none that ends after it."""
    return line[1][:1] == b"{" and line[1].rstrip()[-1:] == b"}"


def _spans(chunk: Chunk) -> list[tuple[int, int]]:
    """Where the events of a bulk begin and end."""
    raws = _items.decode(b"[%b]" % chunk.bulk) if chunk.is_array else _values.decode_lines(chunk.bulk)
    spans, end = [], 0
    for raw in raws:
        between = _BETWEEN.match(chunk.bulk, end)
        start = between.end() if between else end
        end = start + memoryview(raw).nbytes
        spans.append((start, end))
    return spans


class Locations:
    """The places of an event's parts by their paths; those of an event in one line are all where it begins."""

    def __init__(self, piece: Piece) -> None:
        self._piece = piece
        self._offsets: dict[str, int] = {}
        if b"\n" in piece.text:
            try:
                self._offsets = read_loosely(piece.text, traced=True).places
            except BrokenError:
                return

    def of(self, path: str) -> Place:
        """Where a part stands, or else what should hold it."""
        while path and path not in self._offsets:
            path, cut = _LAST_STEP.subn("", path)
            if not cut:
                return self._piece.place
        return self.at(self._offsets[path]) if path else self._piece.place

    def at(self, offset: int) -> Place:
        """The place of an offset in the event's text."""
        return self._piece.place.after(self._piece.text[:offset])
