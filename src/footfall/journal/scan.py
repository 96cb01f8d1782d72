"""Reading a segment frame by frame, also where it is damaged, through a window of the file."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct
from xxhash import xxh3_64_intdigest

from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE, MARKER, SegmentHeader, unpack_head
from footfall.journal.segments import Segment

_WINDOW = 1 << 20


class Frame(Struct, frozen=True, gc=False):
    """A whole frame: the positions where it starts and ends, its number, and what was durable when it was written."""

    start: int
    end: int
    number: int
    durable: int


class Gap(Struct, frozen=True, gc=False):
    """Positions between which records were durable once and cannot be read."""

    start: int
    end: int


class Survey(Struct, frozen=True):
    """What a segment holds.

    `end` is the position behind the last record that counts, `following` the number that the next one must have (None
    where neither a header nor a record tells it), `torn` the bytes written behind `end`.
    """

    header: SegmentHeader | None
    first: int | None
    records: int
    end: int
    following: int | None
    gaps: list[Gap]
    allocated: int
    torn: int


class View:
    """The bytes of an open segment, by position, up to `stop` or the end of the file."""

    def __init__(self, file: int, base: int, key: int, stop: int | None = None) -> None:
        self._file = file
        self._key = key
        self._shift = HEADER_SIZE - base
        self.file_end = os.fstat(file).st_size - self._shift
        self.stop = self.file_end if stop is None else min(stop, self.file_end)
        self._window = b""
        self._start = 0

    def header(self) -> SegmentHeader | None:
        """The segment's header, if it can be read."""
        return SegmentHeader.unpack(os.pread(self._file, HEADER_SIZE, 0))

    def frames(self, start: int) -> Iterator[Frame]:
        """The whole frames from a position on; behind bytes that are not one, the next that is."""
        at: int | None = start
        while at is not None and at + FRAME_SIZE < self.stop:
            frame = self._frame(at)
            if frame is None:
                at = self._find_marker(at + 1)
            else:
                yield frame
                at = frame.end

    def last_used(self, start: int) -> int:
        """The position behind the last byte that is not zero."""
        used = at = start
        while at < self.stop:
            offset = self._reach(at, 1)
            data = self._window[offset:]
            if not data:
                break
            written = len(data.rstrip(b"\0"))
            used = at + written if written else used
            at += len(data)
        return used

    def _frame(self, at: int) -> Frame | None:
        offset = self._reach(at, FRAME_SIZE)
        head = unpack_head(self._window[offset : offset + FRAME_SIZE], self._key ^ at)
        if head is None or at + FRAME_SIZE + head.length > self.stop:
            return None
        size = FRAME_SIZE + head.length
        offset = self._reach(at, size)
        payload = memoryview(self._window)[offset + FRAME_SIZE : offset + size]
        if head.payload_checksum != xxh3_64_intdigest(payload, head.payload_seed):
            return None
        return Frame(at, at + size, head.number, head.durable)

    def _find_marker(self, at: int) -> int | None:
        while at < self.stop:
            offset = self._reach(at, len(MARKER))
            found = self._window.find(MARKER, offset)
            if found >= 0:
                return self._start + found
            following = self._start + len(self._window) - len(MARKER) + 1
            if following <= at:
                break
            at = following
        return None

    def _reach(self, at: int, size: int) -> int:
        """Move the window to hold `size` bytes at a position, if there are so many; return their offset in it."""
        if at < self._start or at + size > self._start + len(self._window):
            self._window = os.pread(self._file, min(max(size, _WINDOW), self.stop - at), at + self._shift)
            self._start = at
        return at - self._start


@contextmanager
def view(segment: Segment, key: int, stop: int | None = None) -> Iterator[View]:
    """Open a segment to look at it."""
    file = os.open(segment.path, os.O_RDONLY)
    try:
        yield View(file, segment.base, key, stop)
    finally:
        os.close(file)


def survey(segment: Segment, key: int, durable: int, stop: int | None = None) -> Survey:
    """Find what a segment holds up to `stop`, and where its records end.

    Everything before the position `durable` is known to have been on disk once. Behind it, the first bytes that cannot
    be read are a torn tail that nobody was told about, unless a later frame tells that they were durable.
    """
    with view(segment, key, stop) as seen:
        floor = durable
        if durable < seen.stop:
            floor = max((frame.durable for frame in seen.frames(segment.base)), default=0)
            floor = max(floor, durable)
        return _walk(segment, seen, durable, floor)


def _walk(segment: Segment, seen: View, durable: int, floor: int) -> Survey:
    header = seen.header()
    end, following = segment.base, header.number if header else None
    first, records, gaps = None, 0, list[Gap]()
    for frame in seen.frames(segment.base):
        if frame.start > end:
            if end >= floor:
                break
            gaps.append(Gap(end, frame.start))
        first = frame.number if first is None else first
        records += 1
        end, following = frame.end, frame.number + 1
    if end < durable:
        gaps.append(Gap(end, durable))
    allocated = seen.file_end - segment.base + HEADER_SIZE
    return Survey(header, first, records, end, following, gaps, allocated, seen.last_used(end) - end)
