"""The reading side of a journal folder; may live in another process than the writer."""

import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path

from footfall.journal.base import Damage, ReadFailedError, Record, WriteFailedError
from footfall.journal.frame import FRAME_SIZE, unpack_head, unpack_records
from footfall.journal.scan import view
from footfall.journal.segments import (
    DURABLE,
    RELEASED,
    Place,
    Segment,
    identify,
    read_mark,
    segments,
    write_mark,
)


class SegmentReader:
    """The reader of a journal folder; see `LogReader` for the contract. Raises JournalFormatError or ReadFailedError.

    While no writer has opened the journal since the machine went down, `end` may be before what the disk holds.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._reading():
            identity = identify(folder)
            self._released = (read_mark(folder / RELEASED) or Place()).position
        self.id = identity.id
        self._key = identity.key
        self._end = 0
        self._segments: list[Segment] = []
        self._known_end = 0
        self._open: tuple[Segment, int] | None = None

    @property
    def end(self) -> int:
        """Position after the last durable record."""
        with self._reading():
            mark = read_mark(self._folder / DURABLE)
        if mark is not None:
            self._end = max(self._end, mark.position)
        return self._end

    @property
    def start(self) -> int:
        """Position of the oldest record that is still there."""
        with self._reading():
            return min((segment.base for segment in segments(self._folder)), default=self.end)

    def read(self, position: int, max_bytes: int) -> list[Record | Damage]:
        """The records from a position on: as many as fit in `max_bytes`, but at least one if there is one."""
        end = self.end
        if position >= end:
            return []
        with self._reading():
            try:
                return self._read(position, end, max_bytes)
            except FileNotFoundError:  # dropped since the folder was listed
                self._segments = []
                return self._read(position, end, max_bytes)

    def truncate(self, before: int) -> int:
        """Say that nothing before the position is needed any more; return the bytes that could be freed.

        Whole segments are dropped, and never the one that is written to. Raises WriteFailedError.
        """
        try:
            return self._truncate(before)
        except OSError as error:
            raise WriteFailedError(f"the journal in {self._folder} cannot be truncated: {error.strerror}") from error

    def close(self) -> None:
        """Close open files."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ReadFailedError(f"the journal in {self._folder} cannot be read: {error.strerror}") from error

    def _truncate(self, before: int) -> int:
        if before > self._released:
            with suppress(OSError):  # a disk too full for the mark needs the segments dropped all the more
                write_mark(self._folder / RELEASED, Place(before))
                self._released = before
        known = segments(self._folder)
        freed = 0
        for segment, following in pairwise(known):
            if following.base > before or following.base >= self.end:
                break
            segment.remove()
            freed += following.base - segment.base
        if freed:
            self.close()
            self._segments = []
        return freed

    def _read(self, position: int, end: int, max_bytes: int) -> list[Record | Damage]:
        if position >= self._known_end or not self._segments:
            # A segment that begins behind the end may be withdrawn again by a writer that cannot fill it.
            self._segments = [segment for segment in segments(self._folder) if segment.base < end]
            self._known_end = end
        index = bisect_right(self._segments, position, key=lambda segment: segment.base)
        if index == 0:
            start = self._segments[0].base if self._segments else end
            return [Damage(position, start, "the journal no longer holds these records")]
        stop = self._segments[index].base if index < len(self._segments) else self._known_end
        return self._read_segment(self._segments[index - 1], position, stop, max_bytes)

    def _read_segment(self, segment: Segment, position: int, stop: int, max_bytes: int) -> list[Record | Damage]:
        rest = stop - position
        data = self._bytes(segment, position, min(max(max_bytes, FRAME_SIZE), rest))
        records = unpack_records(data, position, self._key)
        if not records:
            head = unpack_head(data[:FRAME_SIZE], self._key ^ position)
            if head is not None and len(data) < FRAME_SIZE + head.length <= rest:
                data = self._bytes(segment, position, FRAME_SIZE + head.length)
                records = unpack_records(data, position, self._key)
        return records or [self._damage(segment, position, stop)]

    def _bytes(self, segment: Segment, position: int, size: int) -> bytes:
        if self._open is None or self._open[0] != segment:
            self.close()
            self._open = (segment, os.open(segment.path, os.O_RDONLY))
        return os.pread(self._open[1], size, segment.offset(position))

    def _damage(self, segment: Segment, position: int, stop: int) -> Damage:
        """What cannot be read at a position: up to the next readable record of the segment, or to its end."""
        with view(segment, self._key, stop) as seen:
            found = next(seen.frames(position + 1), None)
        return Damage(position, found.start if found else stop, f"unreadable bytes in {segment.path.name}")
