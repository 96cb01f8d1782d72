"""What is handed from the reader to those who judge: events, each with its place."""

from msgspec import Struct

from footfall.schema.verdict import Finding

_CONTINUES = bytes(range(0x80, 0xC0))


class Place(Struct, frozen=True):
    """A place in a text: line and character, both from 1."""

    line: int = 1
    column: int = 1

    def after(self, text: bytes) -> "Place":
        """The place behind some text that begins here."""
        lines = text.count(b"\n")
        last = text[text.rfind(b"\n") + 1 :]
        width = len(last) if last.isascii() else len(last.translate(None, _CONTINUES))
        return Place(self.line + lines, 1 + width if lines else self.column + width)


class Stray(Struct, frozen=True):
    """Something around an event that is no JSON, and was passed over: the code of the repair, and where it stands."""

    code: str
    place: Place


class Piece(Struct, frozen=True):
    """The text of one event, or of what stands where one belongs.

    `is_json` if it is known to be one JSON value. `problem` says what is wrong with a text that is no event at all.
    """

    text: bytes
    place: Place
    is_json: bool = False
    problem: Finding | None = None
    strays: tuple[Stray, ...] = ()


class Chunk(Struct):
    """Events of one file that stand together, the first of them the `index`-th of the file, from 0.

    Either `pieces`, or `bulk`: complete JSON values, one after the other, with commas between them if `is_array`.
    `place` is that of the bulk. If not `is_read`, it is lines that only look like events, as many as `count`.
    `ordinal` is the index among the events of all files. `offset` is where in the file the bulk stands, if it can be
    read there again; -1 if it cannot.
    """

    file: str
    index: int
    count: int
    pieces: list[Piece] = []
    bulk: bytes = b""
    is_array: bool = False
    place: Place = Place()
    is_read: bool = True
    ordinal: int = 0
    offset: int = -1
