"""Finding the events in a text: one value after the other, in arrays and in batch envelopes, in bounded memory.

Where a whole stretch of events cannot be read at once, values are read one by one, and what is malformed ends where
the next event seems to begin, so that it takes none with it.
"""

import re
from collections.abc import Callable, Iterator
from typing import ClassVar

import msgspec

from footfall.check.buffer import SIZE, Buffer, Landmark
from footfall.check.chunk import Chunk, Piece, Place, Stray
from footfall.check.lenient_json import BrokenError, Repair, read_loosely, skip_space
from footfall.check.scan import BATCH, items_at_once, lines_at_once, values_at_once
from footfall.check.values import TextSpan, Values
from footfall.schema.json_text import JSON_ERRORS
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

_SINGLY = 512  # values read one by one after a stretch could not be read at once
_PIECES = 500
_PIECE_BYTES = 1 << 20
_SKIPPED = 256  # bytes kept when a text is skipped, in which an event may begin
_COMMENT = 1 << 17

_text = msgspec.json.Decoder(str)
_SPACE = re.compile(rb"[ \t\r\n]*+")
_MEMBER = re.compile(rb'("(?:[^"\\\n]++|\\.)*+"|\'[^\'\\\n]*+\'|[A-Za-z_]\w*+)[ \t\r\n]*+:[ \t\r\n]*+')
_TOP, _ARRAY, _ENVELOPE = b"", b"]", b"}"


class Reader:
    """Reads the events of one text as chunks; `loosely`, comments and the like are no faults."""

    def __init__(
        self,
        file: str,
        blocks: Iterator[bytes],
        *,
        loosely: bool,
        place: Place | None = None,
        index: int = 0,
        singly: bool = False,
    ) -> None:
        self.index = index
        self._file = file
        self._loosely = loosely
        self._always_singly = singly
        self._window = Buffer(blocks, place or Place())
        self._values = Values(self._window)
        self._batches = Landmark(self._window, BATCH)
        self._open: list[bytes] = []
        self._pieces: list[Piece] = []
        self._held = 0
        self._strays: list[Stray] = []
        self._comma_due = False
        self._after_comma = False
        self._singly = 0

    def chunks(self) -> Iterator[Chunk]:
        """All events in order, each once; what stands where an event belongs is a piece too."""
        while self._more():
            bulk = self._bulk() if self._singly == 0 and self._may_begin_bulk() else None
            if bulk is not None:
                yield from self._flush()
                yield bulk
                continue
            self._singly = max(0, self._singly - 1)
            self._STEPS[self._level()](self)
            if len(self._pieces) >= _PIECES or self._held >= _PIECE_BYTES:
                yield from self._flush()
        if self._open:
            self._fault(f"the text ends too soon, {self._open[-1].decode()} is missing")
        self._leave_strays()
        yield from self._flush()

    def _level(self) -> bytes:
        return self._open[-1] if self._open else _TOP

    def _sign(self) -> bytes:
        return self._window.text[self._window.at : self._window.at + 1]

    def _more(self) -> bool:
        """Go on to what comes next; False at the end of the text."""
        window = self._window
        while True:
            window.fill(SIZE)
            end, repairs = self._space(window.at)
            self._strays += [Stray(one.code, window.place_of(one.offset)) for one in repairs]
            window.advance(end)
            if window.left > (0 if window.is_last else _COMMENT):
                return True
            if not window.fill(max(SIZE, 2 * window.left)):
                return window.left > 0

    def _space(self, start: int) -> tuple[int, list[Repair]]:
        window = self._window
        if self._loosely:
            return skip_space(window.text, start, is_last=window.is_last)
        found = _SPACE.match(window.text, start)
        return (found.end() if found else start), []

    def _may_begin_bulk(self) -> bool:
        if self._always_singly or self._comma_due or self._strays:
            return False
        return self._sign() == b"{" and self._level() != _ENVELOPE

    def _bulk(self) -> Chunk | None:
        """The stretch of events at hand; if there is none, there will be no further try for some time."""
        window = self._window
        is_array = self._level() == _ARRAY
        lines = lines_at_once(window) if not (is_array or self._loosely) else None
        found = lines or (items_at_once(window) if is_array else values_at_once(window))
        if found is None:
            self._singly = _SINGLY
            return None
        end, count = found
        place, offset = window.place, window.read
        chunk = Chunk(self._file, self.index, count, [], window.advance(end), is_array, place, lines is None, 0, offset)
        self.index += count
        self._comma_due, self._after_comma = is_array, False
        return chunk

    # One thing after the other.

    def _at_top(self) -> None:
        sign = self._sign()
        if sign == b"[":
            self._enter(_ARRAY, self._window.at + 1)
        elif sign == b"{":
            if not self._enter_batch():
                self._take(self._values.span(in_array=False))
        elif sign == b"," and self._loosely:
            self._strays.append(Stray("stray_comma", self._window.place))
            self._window.advance(self._window.at + 1)
        else:
            self._take(self._values.line())

    def _in_array(self) -> None:
        sign = self._sign()
        if sign == b",":
            self._comma()
        elif sign == b"]":
            if self._after_comma:
                self._stray("trailing_comma", "a trailing comma")
            self._leave()
        else:
            self._item(sign)

    def _comma(self) -> None:
        if not self._comma_due:
            self._stray("stray_comma", "a value is missing")
        self._comma_due, self._after_comma = False, True
        self._window.advance(self._window.at + 1)

    def _item(self, sign: bytes) -> None:
        if self._comma_due:
            self._fault("a comma is missing")
        if sign == b"{" and self._enter_batch():
            return
        self._take(self._without_comma(self._values.span(in_array=True)))
        self._comma_due, self._after_comma = True, False

    def _without_comma(self, span: TextSpan) -> TextSpan:
        """What is malformed ends where the next item begins, before which there is a comma."""
        window = self._window
        text = window.text[window.at : span.end].rstrip() if not span.is_json else b""
        return TextSpan(window.at + len(text) - 1) if len(text) > 1 and text.endswith(b",") else span

    def _in_batch(self) -> None:
        """What stands behind the events of a batch, and says nothing about them."""
        window = self._window
        sign = self._sign()
        if sign == b"}":
            self._leave()
        elif sign == b",":
            window.advance(window.at + 1)
        elif member := _MEMBER.match(window.text, window.at):
            self._pass_member(_name(member.group(1)), member.end())
        else:
            self._open.clear()
            self._take(self._values.line())

    def _pass_member(self, name: str, start: int) -> None:
        window = self._window
        if name == "events" and window.text[start : start + 1] == b"[":
            self._fault("The batch names events twice.", Reason.NOT_A_BATCH)
            self._enter(_ARRAY, start + 1)
            return
        window.advance(start)
        span = self._values.span(in_array=False)
        if span.is_json or self._loosely:
            window.advance(span.end)
        else:
            self._take(span)

    def _enter_batch(self) -> bool:
        """Go into a batch, up to its first event; False if the object at hand is none."""
        window = self._window
        if self._batches.next(window.at) < 0:
            return False
        at = self._space(window.at + 1)[0]
        while member := _MEMBER.match(window.text, at):
            name = _name(member.group(1))
            if name == "events" and window.text[member.end() : member.end() + 1] == b"[":
                self._open.append(_ENVELOPE)
                self._enter(_ARRAY, member.end() + 1)
                return True
            end = self._value_end(member.end()) if name != "eid" else -1
            at = self._space(end)[0] if end > 0 else len(window.text)
            if window.text[at : at + 1] != b",":
                return False
            at = self._space(at + 1)[0]
        return False

    def _value_end(self, start: int) -> int:
        end = self._values.strict_end(start)
        if end > 0 or not self._loosely:
            return end
        try:
            return read_loosely(self._window.text, start).end
        except BrokenError:
            return -1

    def _enter(self, closer: bytes, start: int) -> None:
        self._window.advance(start)
        self._open.append(closer)
        self._comma_due = self._after_comma = False
        self._singly = 0

    def _leave(self) -> None:
        self._leave_strays()
        self._window.advance(self._window.at + 1)
        self._open.pop()
        self._comma_due, self._after_comma = self._level() == _ARRAY, False

    _STEPS: ClassVar[dict[bytes, Callable[["Reader"], None]]] = {
        _TOP: _at_top,
        _ARRAY: _in_array,
        _ENVELOPE: _in_batch,
    }

    # What was found.

    def _take(self, span: TextSpan) -> None:
        """The value at hand is an event, or stands where one belongs."""
        window = self._window
        place = window.place
        text = window.advance(max(span.end, window.at + 1)).rstrip()
        if span.problem is not None:
            text = b""
            self._skip()
        self._add(Piece(text, place, span.is_json, span.problem, tuple(self._strays)))
        self._strays = []

    def _skip(self) -> None:
        """Pass what is too large to be held, up to the next event."""
        window = self._window
        while (end := self._values.beginning()) < 0 and not window.is_last:
            window.advance(max(window.at, len(window.text) - _SKIPPED))
            window.fill(SIZE)
        window.advance(end if end >= 0 else len(window.text))

    def _stray(self, code: str, fault: str) -> None:
        """Something that only a reader of documents passes over."""
        if self._loosely:
            self._strays.append(Stray(code, self._window.place))
        else:
            self._fault(fault)

    def _fault(self, said: str, reason: Reason = Reason.MALFORMED_JSON) -> None:
        """Something wrong between events."""
        self._add(Piece(b"", self._window.place, problem=Finding.make(reason, message=said)))

    def _add(self, piece: Piece) -> None:
        self._pieces.append(piece)
        self._held += len(piece.text)

    def _leave_strays(self) -> None:
        """Whatever was passed over after the last event belongs to it."""
        if self._pieces and self._strays:
            last = self._pieces.pop()
            self._pieces.append(msgspec.structs.replace(last, strays=(*last.strays, *self._strays)))
            self._strays = []

    def _flush(self) -> Iterator[Chunk]:
        pieces, self._pieces, self._held = self._pieces, [], 0
        if pieces:
            yield Chunk(self._file, self.index, len(pieces), pieces)
            self.index += len(pieces)


def _name(key: bytes) -> str:
    if not key.startswith(b'"'):
        return key.strip(b"'").decode()
    try:
        return _text.decode(key)
    except JSON_ERRORS:
        return ""
