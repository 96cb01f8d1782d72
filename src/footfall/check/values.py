"""Where a value ends: by msgspec, which is fast; by the reader of documents; or where the next event seems to begin.

What is read in vain is counted. Nobody reads much more than what there is, even of a text made to be read in vain.
"""

import re

import msgspec
from msgspec import Struct

from footfall.check.buffer import SIZE, Buffer, Landmark
from footfall.check.lenient_json import BrokenError, read_loosely
from footfall.schema.json_text import JSON_ERRORS
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

LARGEST = 1 << 24
_PATIENCE = 1 << 24  # bytes read in vain, besides four for each that was read for good
_DEEP = 1 << 14  # about as far as msgspec came when it met too many brackets

_raw = msgspec.json.Decoder(msgspec.Raw)
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_AT_BYTE = re.compile(r"\(byte (\d+)\)")
_KEYS = rb"eid|ets|mid|ver|actor|context|edata|syncts|flags|dataset|@timestamp|@version"
_BEGINNING = re.compile(rb"(?<=\n)[{\[]|\{[ \t\r\n]*+[\"']?(?:" + _KEYS + rb")[\"']?[ \t\r\n]*+:")
_NEXT_ITEM = re.compile(rb"\}[ \t\r\n]*+,[ \t\r\n]*+(?=\{)")
_END_OF_ARRAY = re.compile(rb"[ \t\r\n]*+\][\] \t\r\n}]*+\Z")
_TAIL = 1024


class TextSpan(Struct, frozen=True):
    """Where the value at hand ends, and whether it is JSON. A value too large to be held ends with `problem`."""

    end: int
    is_json: bool = False
    problem: Finding | None = None


class Values:
    """Finds the ends of values in a window."""

    def __init__(self, window: Buffer) -> None:
        self._window = window
        self._beginnings = Landmark(window, _BEGINNING)
        self._lines = Landmark(window, re.compile(rb"\n"))
        self._wasted = 0

    def span(self, *, in_array: bool) -> TextSpan:
        """The value that begins where the window stands."""
        while True:
            end = self.strict_end(self._window.at)
            if end > 0:
                return TextSpan(end, is_json=True)
            if end < 0 or not self._grow():
                break
        return self._loose_span() or self._broken(in_array=in_array)

    def line(self) -> TextSpan:
        """What stands between events, to the end of the line or to what seems to be an event."""
        window = self._window
        while (end := self._lines.next(window.at)) < 0 and self._grow():
            pass
        ends = [offset for offset in (end, self.beginning()) if offset >= 0]
        return TextSpan(min(ends)) if ends else self._broken(in_array=False)

    def beginning(self) -> int:
        """Where the next event seems to begin, -1 if nowhere in memory."""
        return self._beginnings.next(self._window.at + 1)

    def strict_end(self, start: int) -> int:
        """The end of the JSON value that begins at an offset; 0 if the text ends too soon, -1 if it is none."""
        window = self._window
        view = memoryview(window.text)[start:]
        if self._is_impatient() and (bound := self.beginning()) >= 0:
            view = view[: max(0, bound - start)]
        try:
            _raw.decode(view)
        except RecursionError:
            self._wasted += min(_DEEP, len(view))
            return -1
        except JSON_ERRORS as error:
            return self._end_by(str(error), start, len(view))
        return start + len(view)

    def _end_by(self, error: str, start: int, size: int) -> int:
        trailing = _TRAILING.search(error)
        if trailing:
            return start + int(trailing[1]) - 1
        place = _AT_BYTE.search(error)
        self._wasted += int(place[1]) if place else size
        return -1 if place else 0

    def _loose_span(self) -> TextSpan | None:
        window = self._window
        while True:
            bound = self.beginning()
            try:
                return TextSpan(read_loosely(window.text, window.at, bound if bound >= 0 else None).end)
            except BrokenError as error:
                if not error.is_cut:
                    return None
            if bound >= 0:
                return self._look_beyond(bound)
            if not self._grow():
                return None

    def _look_beyond(self, bound: int) -> TextSpan | None:
        """A value in which an event seems to begin: in a comment, or without indentation."""
        window = self._window
        origin = window.origin
        while not self._is_impatient():
            try:
                return TextSpan(read_loosely(window.text, window.at).end)
            except BrokenError as error:
                self._wasted += 16 * max(0, error.offset - (bound + origin - window.origin))
                if not error.is_cut or not self._grow():
                    break
        return None

    def _broken(self, *, in_array: bool) -> TextSpan:
        window = self._window
        while (end := self.beginning()) < 0 and not window.is_last and self._grow():
            pass
        if end < 0 and in_array:
            end = self._next_in_array()
        if end >= 0 or window.is_last:
            return TextSpan(end if end >= 0 else len(window.text))
        return TextSpan(len(window.text), problem=Finding.make(Reason.EVENT_TOO_LARGE))

    def _next_in_array(self) -> int:
        window = self._window
        found = _NEXT_ITEM.search(window.text, window.at)
        if found:
            return found.end()
        if not window.is_last:
            return -1
        closing = _END_OF_ARRAY.search(window.text, max(window.at + 1, len(window.text) - _TAIL))
        return closing.start() if closing else -1

    def _grow(self) -> bool:
        window = self._window
        return window.left < LARGEST and window.fill(min(LARGEST, max(2 * window.left, SIZE)))

    def _is_impatient(self) -> bool:
        return self._wasted > _PATIENCE + 4 * self._window.read
