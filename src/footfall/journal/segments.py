"""A journal in a folder of segment files.

    <folder>/journal.json   identity and format
    <folder>/lock           held by the writer
    <folder>/durable        position up to which records are on disk, as the writer last said (8 bytes)
    <folder>/<position>.seg segments, named by the position of their first record

Positions count bytes of frames since the journal was made; segment headers do not count. Segments are allocated whole
before they are written: a full disk shows before a record is half written, and a sync has no metadata to write.
"""

import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from footfall.journal.frame import HEADER_SIZE, Frame, Gap, SegmentHeader, scan
from footfall.journal.log import JournalFormatError

SUFFIX = ".seg"
_DURABLE = struct.Struct("<Q")


class Identity(Struct, frozen=True):
    """The content of journal.json."""

    id: str
    format: int = 1


class Recovery(Struct, frozen=True):
    """What opening a journal found, in bytes: a torn tail that was cut, and durable records that cannot be read."""

    cut: int = 0
    damaged: int = 0


def identify(folder: Path) -> Identity:
    """Read the identity of a journal; raises JournalFormatError if there is none."""
    try:
        identity = msgspec.json.decode((folder / "journal.json").read_bytes(), type=Identity)
    except (OSError, msgspec.DecodeError) as error:
        raise JournalFormatError(f"{folder} is not a journal: {error}") from error
    if identity.format != 1:
        raise JournalFormatError(f"{folder} has journal format {identity.format}; this version reads format 1")
    return identity


def sync_folder(folder: Path) -> None:
    """Make names created or removed in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class DurableMark:
    """The shared 8 bytes in which the writer tells the reader how far it may read."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        path = folder / "durable"
        if create and not path.exists():
            path.write_bytes(_DURABLE.pack(0))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _DURABLE.size)

    def get(self) -> int:
        """The position up to which records are durable."""
        (position,) = _DURABLE.unpack_from(self._map)
        return int(position)

    def set(self, position: int) -> None:
        """Tell the reader."""
        _DURABLE.pack_into(self._map, 0, position)

    def close(self) -> None:
        """Unmap."""
        self._map.close()


class Segment(Struct, frozen=True):
    """One segment file; `number` is that of its first record, None when its header cannot be read."""

    base: int
    path: Path

    @contextmanager
    def mapped(self) -> Iterator[mmap.mmap]:
        """The file's bytes, without reading them."""
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            yield data

    def scan(self, durable: int) -> Iterator[Frame | Gap]:
        """Everything in the segment from its start; see `frame.scan`. Offsets are those of the file."""
        with self.mapped() as data:
            header = SegmentHeader.unpack(data)
            number = header.number if header else 0
            yield from scan(data, HEADER_SIZE, number, shift=self.base - HEADER_SIZE, durable=durable)


def segments(folder: Path) -> list[Segment]:
    """The segments of a journal, in order."""
    paths = ((path.stem, path) for path in folder.glob(f"*{SUFFIX}"))
    return sorted((Segment(int(stem), path) for stem, path in paths if stem.isdigit()), key=lambda found: found.base)
