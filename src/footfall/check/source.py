"""Files to check: found, unpacked by what they are rather than by name, and read in blocks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from footfall.errors import TerminalError
from footfall.runtime.decompression import DAMAGE, GZIP_WINDOW, Member, Zlib, Zstd

STDIN = "-"
BLOCK = 1 << 20
_SAMPLE = 8192
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b"))
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BOM = b"\xef\xbb\xbf"
_NO_TEXT = [
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
]
_PACKED = [(b"BZh", "bzip2"), (b"\xfd7zXZ\x00", "xz"), (b"PK\x03\x04", "zip"), (b"7z\xbc\xaf\x27\x1c", "7z")]


class InputError(TerminalError):
    """An input that cannot be read, or not to its end; what came before the fault was read."""

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


class InputSource:
    """One input, read once. `size` is that of the file, 0 where nobody knows; `position` is how far it was read.

    `offset` is where in the file the text begins that `blocks` gives, -1 if the file cannot be read a second time.
    """

    def __init__(self, name: str, file: IO[bytes], size: int) -> None:
        self.name = name
        self.size = size
        self.position = 0
        self.offset = 0 if size else -1
        self._file = file

    def blocks(self) -> Iterator[bytes]:
        """The text in blocks, without a byte order mark; raises InputError where it cannot be read, or is no text."""
        blocks = self._unpacked()
        first = next(blocks, b"")
        self._check(first)
        text = first.removeprefix(_BOM)
        self.offset += len(first) - len(text) if self.offset >= 0 else 0
        yield text
        yield from blocks

    def _unpacked(self) -> Iterator[bytes]:
        first = self._read()
        if first[:4] == _ZSTD or first[:2] == _GZIP:
            self.offset = -1
        try:
            if first[:2] == _GZIP:
                yield from _gathered(_members(self._after(first), lambda: Zlib(GZIP_WINDOW, BLOCK)))
            elif first[:4] == _ZSTD:
                yield from _gathered(_members(self._after(first), Zstd))
            else:
                yield from self._after(first)
        except DAMAGE as error:
            raise InputError(self.name, f"the compressed data is damaged: {error}") from None
        except EOFError:
            raise InputError(self.name, "the compressed data ends too soon") from None

    def _after(self, first: bytes) -> Iterator[bytes]:
        while first:
            yield first
            first = self._read()

    def _read(self) -> bytes:
        try:
            block = self._file.read(BLOCK)
        except OSError as error:
            raise InputError(self.name, f"cannot be read: {error.strerror}") from None
        self.position += len(block)
        return block

    def _check(self, first: bytes) -> None:
        for start, encoding in _NO_TEXT:
            if first.startswith(start):
                raise InputError(self.name, f"is {encoding}: JSON is UTF-8; convert it with iconv")
        for start, kind in _PACKED:
            if first.startswith(start):
                raise InputError(self.name, f"is packed with {kind}: unpack it first; gzip and zstd need no unpacking")
        sample = first[:_SAMPLE]
        if len(sample) - len(sample.translate(None, _CONTROLS)) > max(1, len(sample) // 50):
            raise InputError(self.name, "is not text")


@contextmanager
def opened(name: str) -> Iterator[InputSource]:
    """A file by name, or standard input for `-`; raises InputError if there is none."""
    if name == STDIN:
        yield InputSource(name, sys.stdin.buffer, 0)
        return
    path = Path(name)
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(name, _said(error)) from None
    with file:
        yield InputSource(name, file, path.stat().st_size if path.is_file() else 0)


def _said(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return "is a folder: name the files in it" if isinstance(error, IsADirectoryError) else str(error.strerror)


def _members(blocks: Iterator[bytes], start: Callable[[], Member]) -> Iterator[bytes]:
    """What one compressed stream after the other holds; zeros that pad the end count as nothing."""
    rest = next(blocks, b"")
    while rest := _more(rest, blocks):
        member = start()
        while not member.eof:
            if not rest and not (rest := next(blocks, b"")):
                raise EOFError
            yield from member.feed(rest)
            rest = member.unused_data


def _more(rest: bytes, blocks: Iterator[bytes]) -> bytes:
    while not (rest := rest.lstrip(b"\x00")):
        following = next(blocks, None)
        if following is None:
            return b""
        rest = following
    return rest


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces in blocks that are worth handling; of damaged data, what came before the damage."""
    held: list[bytes] = []
    size = 0
    try:
        for piece in pieces:
            held.append(piece)
            size += len(piece)
            if size >= BLOCK:
                yield b"".join(held)
                held, size = [], 0
    except (*DAMAGE, EOFError):
        yield b"".join(held)
        raise
    if held:
        yield b"".join(held)
