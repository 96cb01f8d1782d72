"""A journal in a folder of segment files.

    <folder>/journal.json   identity and format
    <folder>/lock           held by the writer
    <folder>/durable        mark: up to where records are on disk, as the writer last said; not synced
    <folder>/released       mark: up to where the reader needs nothing any more; synced
    <folder>/<position>.seg segments, named by the position of their first record, 20 digits

Positions count bytes of frames since the journal was made; segment headers do not count. Segments are allocated whole
before they are written, so that a full disk shows before a record is half written.
"""

import errno
import mmap
import os
import re
import struct
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct
from xxhash import xxh3_64_intdigest

from footfall.journal.base import JournalFormatError
from footfall.journal.frame import FORMAT, HEADER_SIZE

IDENTITY = "journal.json"
DURABLE = "durable"
RELEASED = "released"
_SEGMENT_NAME = re.compile(r"[0-9]{20}\.seg")
_LAST_POSITION = (1 << 63) - 1
_PLACE = struct.Struct("<QQ")
_CHECKSUM = struct.Struct("<Q")
_MARK_SIZE = _PLACE.size + _CHECKSUM.size
_NOT_SUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class Identity(Struct, frozen=True):
    """The content of journal.json; `check` is the checksum of id and format, in all formats."""

    id: str
    format: int
    check: str

    @classmethod
    def of(cls, id_: str, format_: int = FORMAT) -> "Identity":
        """The identity for an id: 16 hexadecimal digits."""
        return cls(id_, format_, f"{xxh3_64_intdigest(f'{id_} {format_}'.encode()):016x}")

    @property
    def key(self) -> int:
        """The id as the number that seeds every frame's checksum."""
        return int(self.id, 16)


class Place(Struct, frozen=True, gc=False):
    """A position, and the number of the record that begins there."""

    position: int = 0
    number: int = 0


class Segment(Struct, frozen=True):
    """One segment file."""

    base: int
    path: Path

    def offset(self, position: int) -> int:
        """Where a position is in the file."""
        return HEADER_SIZE + position - self.base

    def uncache(self) -> None:
        """Give the memory back in which the system keeps a copy of the file; whoever reads it reads the disk."""
        with suppress(OSError):  # removed by its reader; or a system that does not take the advice
            file = os.open(self.path, os.O_RDONLY)
            try:
                os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(file)

    def remove(self) -> None:
        """Delete the file, if it is still there."""
        self.path.unlink(missing_ok=True)


def identify(folder: Path) -> Identity:
    """Read the identity of a journal; raises JournalFormatError if there is none, or one of a newer format."""
    identity = read_identity(folder)
    if identity is None:
        raise JournalFormatError(f"{folder} is not a journal: its {IDENTITY} is missing or cannot be read")
    return identity


def read_identity(folder: Path) -> Identity | None:
    """Read who a journal is, None where that is missing or damaged; raises JournalFormatError for a newer one."""
    try:
        identity = msgspec.json.decode((folder / IDENTITY).read_bytes(), type=Identity)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    if identity != Identity.of(identity.id, identity.format):
        return None
    if identity.format != FORMAT:
        raise newer_format(folder, identity.format)
    return identity


def newer_format(folder: Path, version: int) -> JournalFormatError:
    """The error for a journal of another format than this version's."""
    return JournalFormatError(f"{folder} has journal format {version}; this version reads format {FORMAT}")


def journals(folder: Path) -> list[Path]:
    """The journals in a folder of journals, by name."""
    return sorted(path.parent for path in folder.glob(f"*/{IDENTITY}"))


def segment_path(folder: Path, base: int) -> Path:
    """The file of the segment that begins at a position."""
    return folder / f"{base:020d}.seg"


def segments(folder: Path) -> list[Segment]:
    """The segments of a journal, in order."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if _SEGMENT_NAME.fullmatch(entry.name))
    found = (Segment(int(name[:20]), folder / name) for name in names)
    return [segment for segment in found if segment.base <= _LAST_POSITION]


def extents(folder: Path) -> list[tuple[Segment, int | None]]:
    """The segments of a journal, each with the position where the next begins; None for the last."""
    known = segments(folder)
    return list(zip(known, [*(segment.base for segment in known[1:]), None], strict=False))


def sync_folder(folder: Path, sync: Callable[[int], None] = os.fsync) -> None:
    """Make names created or removed in a folder durable; they are metadata, which fdatasync need not write."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        sync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, and make their names durable."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def allocate(file: int, size: int) -> None:
    """Reserve a file's blocks; on file systems that cannot, they are taken as the file is written."""
    try:
        os.posix_fallocate(file, 0, size)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise


def pack_mark(place: Place) -> bytes:
    """The content of a mark."""
    head = _PLACE.pack(place.position, place.number)
    return head + _CHECKSUM.pack(xxh3_64_intdigest(head))


def read_mark(path: Path) -> Place | None:
    """What a mark says; None while it is being written, and for a file that is missing or holds anything else."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        data = os.pread(handle, _MARK_SIZE, 0)
    finally:
        os.close(handle)
    if len(data) < _MARK_SIZE:
        return None
    place = Place(*_PLACE.unpack_from(data))
    return place if data == pack_mark(place) and place.position <= _LAST_POSITION else None


def write_mark(path: Path, place: Place) -> None:
    """Write a mark and sync it."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        os.pwrite(handle, pack_mark(place), 0)
        os.fdatasync(handle)
    finally:
        os.close(handle)


class DurableMark:
    """The mark in which the writer tells readers in other processes how far they may read."""

    def __init__(self, path: Path) -> None:
        """Map the file. Its block is written first: storing to a page that the disk has no room for would be fatal."""
        before = read_mark(path) or Place()
        write_mark(path, before)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _MARK_SIZE)

    def set(self, place: Place) -> None:
        """Tell the readers."""
        self._map[:] = pack_mark(place)

    def close(self) -> None:
        """Unmap, and let the disk know."""
        self._map.flush()
        self._map.close()
