"""Journal folders as the tests need them."""

import os
import shutil
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from msgspec import Struct

from footfall.journal.base import Damage, LogReader, Record
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import DURABLE, DurableMark, Place, segments
from footfall.journal.writer import SegmentWriter

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Content(Struct):
    """Everything that a reader gives, from a position to the end."""

    records: list[Record]
    damage: list[Damage]

    @property
    def payloads(self) -> list[bytes]:
        return [record.payload for record in self.records]

    @property
    def numbers(self) -> list[int]:
        return [record.number for record in self.records]


def read_all(reader: LogReader, position: int = 0, max_bytes: int = 1 << 20) -> Content:
    content = Content([], [])
    while pieces := reader.read(position, max_bytes):
        for piece in pieces:
            assert piece.next > position
            position = piece.next
            if isinstance(piece, Record):
                content.records.append(piece)
            else:
                content.damage.append(piece)
    assert position >= reader.end
    return content


def read_folder(folder: Path, position: int = 0) -> Content:
    reader = SegmentReader(folder)
    try:
        return read_all(reader, position)
    finally:
        reader.close()


def open_writer(folder: Path) -> SegmentWriter:
    """A writer whose segments are small, so that it opens fast."""
    return SegmentWriter(folder, segment_bytes=1 << 16)


def write(folder: Path, groups: Iterable[Sequence[bytes]], *, segment_bytes: int = 1 << 16) -> list[int]:
    """Append groups of records to a journal and return the position after each; the writer ends without closing."""
    writer = SegmentWriter(folder, segment_bytes=segment_bytes)
    return [writer.append(group) for group in groups]


_copies = count()


def copy(folder: Path) -> Path:
    """What a process that dies now leaves in the folder."""
    target = folder.with_name(f"{folder.name}-{next(_copies)}")
    shutil.copytree(folder, target)
    return target


def last_segment(folder: Path) -> Path:
    return segments(folder)[-1].path


def set_mark(folder: Path, position: int, number: int) -> None:
    mark = DurableMark(folder / DURABLE)
    mark.set(Place(position, number))
    mark.close()


def overwrite(path: Path, offset: int, data: bytes) -> bytes:
    """Change bytes of a file; return what was there."""
    file = os.open(path, os.O_RDWR)
    try:
        before = os.pread(file, len(data), offset)
        os.pwrite(file, data, offset)
        return before
    finally:
        os.close(file)
