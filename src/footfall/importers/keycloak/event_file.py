"""Keycloak's events in a file: JSON of any form, one event a line or not, or a log. One bad line takes no other along.

Reading takes time in proportion to the size, and memory for one event at a time.
"""

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

import msgspec
from msgspec import Struct

from footfall.dialects.keycloak.event import KeycloakEvent, ReadError
from footfall.dialects.keycloak.representations import read_object
from footfall.dialects.keycloak.server_log import read_line
from footfall.errors import TerminalError
from footfall.importers.keycloak.splitter import LONGEST, Flaw, cut_objects
from footfall.schema.json_text import JSON_ERRORS

_CHUNK = 1 << 18
_PEEK = 1 << 16
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_skim = msgspec.json.Decoder(msgspec.Raw)

_NO_TEXT = {
    b"\x1f\x8b": "is compressed with gzip: unpack it, or pipe it through zcat and read -",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd: unpack it, or pipe it through zstdcat and read -",
    b"PK\x03\x04": "is a zip archive: unpack it",
    b"\xff\xfe": "is UTF-16: convert it to UTF-8",
    b"\xfe\xff": "is UTF-16: convert it to UTF-8",
    b"\x00": "is no text in UTF-8",
    b"{\x00": "is UTF-16: convert it to UTF-8",
    b"[\x00": "is UTF-16: convert it to UTF-8",
}


class Form(StrEnum):
    """What a file may hold: `json` is any sequence of objects, also an array; `lines` one event a line, JSON or log."""

    AUTO = "auto"
    JSON = "json"
    LINES = "lines"


class Skipped(Struct, frozen=True):
    """A line of a log that is about something else."""


class Stream(Protocol):
    """A file opened for reading bytes, with a buffer."""

    def read(self, size: int = -1, /) -> bytes:
        """At most so many bytes."""

    def readline(self, size: int | None = -1, /) -> bytes:
        """A line with its end, or so many bytes of it."""

    def peek(self, size: int = 0, /) -> bytes:
        """What comes next, without reading on."""


def read_events(
    stream: Stream, name: str, form: Form = Form.AUTO, utc_offset: timedelta = timedelta()
) -> Iterator[KeycloakEvent | Flaw | Skipped]:
    """Every event of a file, and everything that is wrong with it, in the order of the file.

    `utc_offset` is that of the clock in a log that does not say it. Raises TerminalError where `name` is no text.
    """
    head = stream.peek(_PEEK)
    for magic, says in _NO_TEXT.items():
        if head.startswith(magic):
            raise TerminalError(f"{name} {says}")
    if head.startswith(_BOM):
        stream.read(len(_BOM))
    if form is Form.JSON or (form is Form.AUTO and _is_one_document(head.removeprefix(_BOM))):
        yield from _objects(stream)
    else:
        first = head.lstrip(_SPACE).partition(b"\n")[0]
        yield from _lines(stream, utc_offset, is_log=not first.startswith(b"{") or b'"message"' in first)


def _is_one_document(head: bytes) -> bool:
    """Whether lines cannot be read for themselves: the text is an array, or its first line is half an object."""
    text = head.lstrip(_SPACE)
    if not text.startswith(b"{"):
        return text.startswith(b"[")
    try:
        _skim.decode(text.partition(b"\n")[0])
    except JSON_ERRORS:
        return b"\n" in text and not text.partition(b"\n")[2].lstrip(_SPACE).startswith(b"{")
    return False


def _lines(stream: Stream, utc_offset: timedelta, *, is_log: bool) -> Iterator[KeycloakEvent | Flaw | Skipped]:
    """Every line; in a log, those that are no events are about something else, and nothing is wrong with them."""
    number = 0
    while line := stream.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST and not line.endswith(b"\n"):
            yield Flaw(number, "$", f"the line is longer than {LONGEST} bytes")
            _skip_line(stream)
        elif text := line.strip(_SPACE):
            found = _line(number, text, utc_offset)
            is_odd = isinstance(found, Skipped) and not is_log
            yield Flaw(number, "$", "the line is neither JSON nor an event in a log") if is_odd else found


def _skip_line(stream: Stream) -> None:
    while (rest := stream.readline(_CHUNK)) and not rest.endswith(b"\n"):
        pass


def _line(number: int, text: bytes, utc_offset: timedelta) -> KeycloakEvent | Flaw | Skipped:
    if b"\0" in text:
        return Flaw(number, "$", "the line holds a NUL byte")
    try:
        found = read_object(text.rstrip(b",")) if text.startswith(b"{") else read_line(text.decode(), utc_offset)
    except UnicodeDecodeError:
        return Flaw(number, "$", "the line holds bytes that are not UTF-8")
    except ReadError as error:
        return Flaw(number, error.path, str(error))
    return found or Skipped()


def _objects(stream: Stream) -> Iterator[KeycloakEvent | Flaw | Skipped]:
    for piece in cut_objects(stream):
        if isinstance(piece, Flaw):
            yield piece
            continue
        try:
            yield read_object(piece.text) or Skipped()
        except ReadError as error:
            yield Flaw(piece.line + error.line - 1, error.path, str(error))
