"""The reading side of a journal folder; may live in another process than the writer."""

import os
from pathlib import Path

from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE, Frame, announced_size, frame_at
from footfall.journal.log import Damage, Record
from footfall.journal.segments import DurableMark, Segment, identify, segments, sync_folder


class SegmentReader:
    """The reader of a journal folder; see `LogReader` for the contract."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.id = identify(folder).id
        self._mark = DurableMark(folder, create=True)
        self._segments: list[Segment] = []
        self._open: tuple[Segment, int] | None = None

    @property
    def end(self) -> int:
        """Position after the last durable record."""
        return self._mark.get()

    @property
    def start(self) -> int:
        """Position of the oldest record that is still there."""
        return min((segment.base for segment in segments(self._folder)), default=0)

    def read(self, position: int, max_bytes: int) -> list[Record | Damage]:
        """The records from a position on: as many as fit in `max_bytes`, but at least one if there is one."""
        end = self.end
        if position >= end:
            return []
        found = self._find(position)
        if found is None:
            return [Damage(position, self.start, "the journal no longer holds these records")]
        segment, stop = found
        return self._read_segment(segment, position, min(stop, end), max_bytes)

    def truncate(self, before: int) -> int:
        """Drop whole segments that end at or before the position; return the bytes freed."""
        known = segments(self._folder)
        freed = 0
        for segment, following in zip(known, known[1:], strict=False):
            if following.base > before:
                break
            self._forget(segment)
            segment.path.unlink()
            freed += following.base - segment.base
        if freed:
            sync_folder(self._folder)
            self._segments = []
        return freed

    def close(self) -> None:
        """Close open files."""
        if self._open is not None:
            os.close(self._open[1])
            self._open = None
        self._mark.close()

    def _find(self, position: int) -> tuple[Segment, int] | None:
        """The segment that holds a position, and the position where it ends."""
        for fresh in (False, True):
            if fresh or not self._segments:
                self._segments = segments(self._folder)
            for segment, following in zip(self._segments, [*self._segments[1:], None], strict=True):
                if following is None and not fresh:
                    break  # a segment may have been started since
                stop = following.base if following else self.end
                if segment.base <= position < stop:
                    return segment, stop
        return None

    def _file(self, segment: Segment) -> int:
        if self._open is None or self._open[0] != segment:
            if self._open is not None:
                os.close(self._open[1])
            self._open = (segment, os.open(segment.path, os.O_RDONLY))
        return self._open[1]

    def _forget(self, segment: Segment) -> None:
        if self._open is not None and self._open[0] == segment:
            os.close(self._open[1])
            self._open = None

    def _read_segment(self, segment: Segment, position: int, stop: int, max_bytes: int) -> list[Record | Damage]:
        size = min(max_bytes, stop - position)
        data = self._bytes(segment, position, size)
        if announced_size(data, 0) > len(data) and size < stop - position:
            data = self._bytes(segment, position, min(announced_size(data, 0), stop - position))
        records: list[Record | Damage] = []
        at = 0
        while (found := frame_at(data, at)) is not None:
            records.append(Record(found.number, found.payload, position + found.end))
            at = found.end
        return records or [self._damage(segment, position, stop)]

    def _bytes(self, segment: Segment, position: int, size: int) -> bytes:
        """The bytes from a position on, at least a frame header's worth."""
        return os.pread(self._file(segment), max(size, FRAME_SIZE), HEADER_SIZE + position - segment.base)

    def _damage(self, segment: Segment, position: int, stop: int) -> Damage:
        """What cannot be read at a position: up to the next readable record of the segment, or to its end."""
        shift = segment.base - HEADER_SIZE
        for piece in segment.scan(stop):
            if isinstance(piece, Frame) and piece.start + shift > position:
                return Damage(position, piece.start + shift, f"unreadable bytes in {segment.path.name}")
        return Damage(position, stop, f"unreadable bytes in {segment.path.name}")
