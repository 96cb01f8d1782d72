"""Reading what people write in documents instead of JSON, in linear time, and saying what a strict reader refuses.

A value is not decoded here but written again as JSON, token by token: of JSON itself not a byte changes, line breaks
stay where they are, and what else may be wrong with the value is for the strict reader to find.
"""

import re
from collections.abc import Callable
from enum import IntEnum, auto
from typing import ClassVar

from msgspec import Struct, field

_DEEPEST = 1000
_MOST_REPAIRS = 100
_LONGEST_COMMENT = 1 << 16
_KEY_LENGTH = 100
_TRACED_DEPTH = 20

_TOKEN = re.compile(
    rb"""
      (?P<space>[ \t\r\n]++)
    | (?P<text>"(?:[^"\\\x00-\x1f]++|\\[^\x00-\x1f])*+")
    | (?P<sign>[{}\[\]:,])
    | (?P<number>[-+.]?[0-9][0-9A-Za-z_.+-]*+)
    | (?P<blank><[^<>"'\n]{1,200}+>|\$\{[^{}"'\n]{1,200}+\})
    | (?P<word>[A-Za-z_$][A-Za-z0-9_$.-]*+)
    | (?P<loose>"(?:[^"\\\n]++|\\[^\x00-\x1f])*+")
    | (?P<single>'(?:[^'\\\n]++|\\[^\x00-\x1f])*+')
    | (?P<curly>\xe2\x80[\x9c-\x9f](?:[^"\\\n\xe2]++|\xe2(?!\x80[\x9c\x9d])|\\[^\x00-\x1f])*+(?:\xe2\x80[\x9c\x9d]|"))
    | (?P<curled>\xe2\x80[\x98-\x9b](?:[^"\\\n\xe2]++|\xe2(?!\x80[\x98\x99])|\\[^\x00-\x1f])*+\xe2\x80[\x98\x99])
    | (?P<line>//[^\n]*+|\#[^\n]*+)
    | (?P<block>/\*)
    | (?P<dots>\.\.\.|\xe2\x80\xa6)
    | (?P<odd>\xc2\xa0|\xe2\x80[\x8b\xa8\xa9]|\xef\xbb\xbf|[\x0b\x0c])
    """,
    re.VERBOSE,
)
_NOT_AS_IS = re.compile(rb"\\.|[\x00-\x1f\"]")
_CONTROL = re.compile(rb"[\x00-\x1f]")
_VISIBLE = re.compile(rb"[^\n]")

_LITERALS = frozenset({b"true", b"false", b"null"})
_PYTHON = {b"True": b"true", b"False": b"false", b"None": b"null"}
_AGENT = b'{"agent":"<agent>","ver":"<ver>","system":"<system>","platform":"<platform>","raw":"<raw>"}'
_KNOWN_PLACEHOLDERS = {b"UASPEC": _AGENT}


class Repair(Struct, frozen=True):
    """Something that was read although it is not JSON: its code, where it stands, and the path it is about."""

    code: str
    offset: int
    path: str


class Reading(Struct, frozen=True):
    """A value as JSON, and where it ended. `places` has the offset of every path, where they were asked for."""

    end: int
    text: bytes
    repairs: list[Repair]
    places: dict[str, int]


class BrokenError(ValueError):
    """What stands at `offset` cannot be understood; `is_cut` if the text only ends too soon."""

    def __init__(self, detail: str, offset: int, *, is_cut: bool = False) -> None:
        super().__init__(detail)
        self.offset = offset
        self.is_cut = is_cut


def read_loosely(text: bytes, start: int = 0, end: int | None = None, *, traced: bool = False) -> Reading:
    """Read the one value that begins at `start`, looking no further than `end`; raises BrokenError."""
    return _Reader(text, start, len(text) if end is None else end, traced).read()


def skip_space(text: bytes, start: int, *, is_last: bool) -> tuple[int, list[Repair]]:
    """Where what is no value ends that begins here: white space, comments and the like.

    Unless the text `is_last`, a comment at its end may go on, and is not passed.
    """
    repairs: list[Repair] = []
    while found := _TOKEN.match(text, start):
        code = _AS_SPACE.get(found.lastgroup or "")
        end = _comment_end(text, start, len(text)) if found.lastgroup == "block" else found.end()
        if code is None or end < 0 or (code and end == len(text) and not is_last):
            break
        if code and len(repairs) < _MOST_REPAIRS:
            repairs.append(Repair(code, start, "$"))
        start = end
    return start, repairs


_AS_SPACE = {"space": "", "line": "comment", "block": "comment", "odd": "odd_space"}


def _comment_end(text: bytes, start: int, end: int) -> int:
    at = text.find(b"*/", start + 2, min(end, start + _LONGEST_COMMENT))
    return at if at < 0 else at + 2


class _State(IntEnum):
    VALUE = auto()
    ITEM = auto()
    NEXT_ITEM = auto()
    KEY = auto()
    NEXT_KEY = auto()
    COLON = auto()
    MORE = auto()
    DONE = auto()


_TAKES_VALUE = frozenset({_State.VALUE, _State.ITEM, _State.NEXT_ITEM})
_TAKES_KEY = frozenset({_State.KEY, _State.NEXT_KEY})
_CLOSES = {
    b"}": frozenset({_State.KEY, _State.NEXT_KEY, _State.MORE}),
    b"]": frozenset({_State.ITEM, _State.NEXT_ITEM, _State.MORE}),
}
_AFTER_COMMA = frozenset({_State.NEXT_KEY, _State.NEXT_ITEM})
_TAKES_COMMA = _AFTER_COMMA | {_State.MORE, _State.KEY, _State.ITEM}
_TAKES_COLON = frozenset({_State.COLON})


class _Frame(Struct, gc=False):
    """An object or array that is open; `comma` is where in the output its last comma stands."""

    closer: bytes
    key: bytes = b""
    index: int = 0
    comma: int = -1
    comma_offset: int = -1

    def step(self) -> str:
        if self.closer == b"]":
            return f"[{self.index}]"
        return "." + self.key[1 : 1 + _KEY_LENGTH].removesuffix(b'"').decode("utf-8", "replace")


class _Reader(Struct):
    """The value under way. Each kind of token has its method; the states are those of JSON's own grammar."""

    whole: bytes
    at: int
    end: int
    traced: bool
    state: _State = _State.VALUE
    frames: list[_Frame] = field(default_factory=list)
    out: list[bytes] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)

    def read(self) -> Reading:
        while self.state is not _State.DONE:
            found = _TOKEN.match(self.whole, self.at, self.end)
            if found is None:
                raise self._stuck()
            self._KINDS[found.lastgroup or ""](self, found.group())
            self.at = max(self.at, found.end())
        return Reading(self.at, b"".join(self.out), self.repairs, self.places)

    def _stuck(self) -> BrokenError:
        if self.at >= self.end:
            return BrokenError("the text ends too soon", self.end, is_cut=True)
        if self.whole[self.at : self.at + 1] in b"\"'":
            is_last = self.whole.find(b"\n", self.at, self.end) < 0
            return BrokenError("a string that does not end", self.at, is_cut=is_last)
        return BrokenError("invalid character", self.at)

    def _space(self, token: bytes) -> None:
        self.out.append(token)

    def _sign(self, token: bytes) -> None:
        if token in b"{[":
            self._open(token)
        elif token in b"}]":
            self._close(token)
        elif token == b",":
            self._comma()
        else:
            self._expect(_TAKES_COLON, "unexpected ':'")
            self.out.append(token)
            self.state = _State.VALUE

    def _open(self, token: bytes) -> None:
        self._expect(_TAKES_VALUE, "a value where none belongs")
        if len(self.frames) >= _DEEPEST:
            raise BrokenError("nested too deeply", self.at)
        self._trace()
        self.out.append(token)
        self.frames.append(_Frame(b"}" if token == b"{" else b"]"))
        self.state = _State.KEY if token == b"{" else _State.ITEM

    def _close(self, token: bytes) -> None:
        if not self.frames or self.frames[-1].closer != token:
            raise BrokenError("the wrong bracket", self.at)
        self._expect(_CLOSES[token], "a value is missing")
        frame = self.frames.pop()
        if self.state in _AFTER_COMMA:
            self.out[frame.comma] = b" "
            self._note("trailing_comma", frame.comma_offset)
        self.out.append(token)
        self._valued()

    def _comma(self) -> None:
        self._expect(_TAKES_COMMA, "a value is missing")
        frame = self.frames[-1]
        if self.state is not _State.MORE:
            self._note("stray_comma", self.at, outside=True)
            self.out.append(b" ")
            return
        frame.comma, frame.comma_offset = len(self.out), self.at
        frame.index += 1
        self.out.append(b",")
        self.state = _State.NEXT_KEY if frame.closer == b"}" else _State.NEXT_ITEM

    def _text(self, token: bytes) -> None:
        if self.state in _TAKES_KEY:
            self.frames[-1].key = token
            self._trace()
            self.out.append(token)
            self.state = _State.COLON
        else:
            self._value(token)

    def _number(self, token: bytes) -> None:
        self._value(token)

    def _word(self, token: bytes) -> None:
        if self.state in _TAKES_KEY:
            self._text(b'"%b"' % token)
            self._note("bare_key", self.at)
        elif token in _LITERALS:
            self._value(token)
        elif token in _PYTHON:
            self._value(_PYTHON[token], "python_literal")
        else:
            self._value(_KNOWN_PLACEHOLDERS.get(token, b'"%b"' % token), "bare_placeholder")

    def _blank(self, token: bytes) -> None:
        if self.state in _TAKES_KEY:
            self._text(_quoted(token))
            self._note("bare_placeholder", self.at)
        else:
            self._value(_quoted(token), "bare_placeholder")

    def _dots(self, token: bytes) -> None:
        if self.state is _State.VALUE:
            self._value(b'"..."', "ellipsis")
        else:
            self._note("ellipsis", self.at, outside=True)
            self.out.append(b" " * len(token))

    def _loose(self, token: bytes) -> None:
        self._repaired_text(_CONTROL.sub(_escaped, token), "control_character")

    def _single(self, token: bytes) -> None:
        self._repaired_text(_quoted(token[1:-1]), "single_quotes")

    def _curly(self, token: bytes) -> None:
        self._repaired_text(_quoted(token[3:-1] if token.endswith(b'"') else token[3:-3]), "smart_quotes")

    def _line(self, token: bytes) -> None:
        self._note("comment", self.at, outside=True)
        self.out.append(b" " * len(token))

    def _block(self, _: bytes) -> None:
        end = _comment_end(self.whole, self.at, self.end)
        if end < 0:
            is_last = self.end - self.at < _LONGEST_COMMENT
            raise BrokenError("a comment that does not end", self.at, is_cut=is_last)
        self._note("comment", self.at, outside=True)
        self.out.append(_VISIBLE.sub(b" ", self.whole[self.at : end]))
        self.at = end

    def _odd(self, token: bytes) -> None:
        self._note("odd_space", self.at, outside=True)
        self.out.append(b" " * len(token))

    def _repaired_text(self, text: bytes, code: str) -> None:
        self._text(text)
        self._note(code, self.at)

    def _value(self, text: bytes, code: str = "") -> None:
        self._expect(_TAKES_VALUE, "a value where none belongs" if self.frames else "no value")
        self._trace()
        if code:
            self._note(code, self.at)
        self.out.append(text)
        self._valued()

    def _valued(self) -> None:
        self.state = _State.MORE if self.frames else _State.DONE

    def _expect(self, states: frozenset[_State], detail: str) -> None:
        if self.state not in states:
            raise BrokenError(_MISSING.get(self.state, detail), self.at)

    def _note(self, code: str, offset: int, *, outside: bool = False) -> None:
        if len(self.repairs) < _MOST_REPAIRS:
            inner = outside and bool(self.frames) and self.state is not _State.VALUE
            self.repairs.append(Repair(code, offset, self._path(self.frames[:-1] if inner else self.frames)))

    def _trace(self) -> None:
        if self.traced and len(self.frames) <= _TRACED_DEPTH:
            self.places.setdefault(self._path(self.frames), self.at)

    def _path(self, frames: list[_Frame]) -> str:
        return "$" + "".join(frame.step() for frame in frames[:_TRACED_DEPTH])

    _KINDS: ClassVar[dict[str, Callable[["_Reader", bytes], None]]] = {
        "space": _space,
        "text": _text,
        "sign": _sign,
        "number": _number,
        "word": _word,
        "loose": _loose,
        "single": _single,
        "curly": _curly,
        "curled": _curly,
        "blank": _blank,
        "line": _line,
        "block": _block,
        "dots": _dots,
        "odd": _odd,
    }


_MISSING = {_State.COLON: "a colon is missing", _State.MORE: "a comma is missing"}


def _quoted(content: bytes) -> bytes:
    """The inside of some other quotes as a JSON string."""
    return b'"%b"' % _NOT_AS_IS.sub(_escaped, content)


def _escaped(found: re.Match[bytes]) -> bytes:
    part = found.group()
    if part == b"\\'":
        return b"'"
    if len(part) > 1:
        return part
    return b'\\"' if part == b'"' else b"\\t" if part == b"\t" else b"\\u%04x" % part[0]
