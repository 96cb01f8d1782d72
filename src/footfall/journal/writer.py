"""The writing side of a journal folder."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from footfall.journal.base import JournalFullError, JournalLockedError, WriteFailedError
from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE, MAX_RECORD, SegmentHeader, pack_frame
from footfall.journal.recovery import Recovery, Tail, open_identity, recover
from footfall.journal.segments import (
    DURABLE,
    DurableMark,
    Place,
    Segment,
    allocate,
    make_folder,
    segment_path,
    segments,
    sync_folder,
)

_MAX_BUFFERS = 1000  # the system takes 1024 in one call


class SegmentWriter:
    """The writer of a journal folder; see `LogWriter` for the contract.

    Sizes are bytes; a segment is at most half of `max_bytes`, so that there is always one to drop. `sync` is called
    with an open file whose bytes must be on disk when it returns, `sync_names` with an open folder whose names must be.
    `recovery` tells what opening found. Raises JournalLockedError when another process writes here, JournalFormatError
    when the folder holds something else, WriteFailedError when the system does not let it be opened.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = 64 << 20,
        max_bytes: int = 4 << 30,
        sync: Callable[[int], None] = os.fdatasync,
        sync_names: Callable[[int], None] = os.fsync,
    ) -> None:
        self._folder = folder
        self._segment_bytes = min(segment_bytes, max_bytes // 2)
        self._max_bytes = max_bytes
        self._sync = sync
        self._sync_names = sync_names
        self._file = -1
        self._base = self._oldest = 0
        with contextlib.ExitStack() as undo:
            try:
                self._lock = _take_lock(folder)
                undo.callback(os.close, self._lock)
                undo.callback(self._close_segment)
                self.recovery = self._open()
            except OSError as error:
                raise WriteFailedError(f"the journal in {folder} cannot be opened: {error.strerror}") from error
            undo.pop_all()

    @property
    def end(self) -> int:
        """Position after the last durable record."""
        return self._end.position

    def check_room(self, size: int) -> None:
        """Raise JournalFullError if `size` more bytes would pass the budget."""
        if self._end.position - self._oldest + size <= self._max_bytes:
            return
        if not segment_path(self._folder, self._oldest).exists():
            self._oldest = self._find_oldest()
        used = self._end.position - self._oldest
        if used + size > self._max_bytes:
            raise JournalFullError(f"the journal holds {used} bytes of {self._max_bytes}")

    def append(self, records: Sequence[bytes]) -> int:
        """Write records and return the position after them, once they are durable."""
        if not records:
            return self.end
        if not all(0 < len(record) <= MAX_RECORD for record in records):
            raise ValueError(f"a record has between 1 and {MAX_RECORD} bytes")
        self.check_room(sum(map(len, records)) + FRAME_SIZE * len(records))
        try:
            self._write_all(records)
            self._sync(self._file)
        except OSError as error:
            self._forget_unsynced()
            raise WriteFailedError(f"the journal cannot be written: {error.strerror}") from error
        self._end = self._next
        self._mark.set(self._end)
        return self.end

    def close(self) -> None:
        """Cut the unused rest of the segment off and release the journal."""
        if self._lock < 0:
            return
        with contextlib.suppress(OSError):  # nothing that was acknowledged hangs on this
            if self._file >= 0:
                os.ftruncate(self._file, HEADER_SIZE + self.end - self._base)
                self._sync(self._file)
            self._mark.close()
        self._close_segment()
        os.close(self._lock)
        self._lock = -1

    def _open(self) -> Recovery:
        identity = open_identity(self._folder)
        self.id, self._key = identity.id, identity.key
        tail = recover(self._folder, self._key)
        self._end = self._next = tail.end
        self._oldest = self._find_oldest()
        self._go_on(tail)
        self._mark = DurableMark(self._folder / DURABLE)
        self._mark.set(self._end)
        return tail.recovery

    def _find_oldest(self) -> int:
        try:
            return min((segment.base for segment in segments(self._folder)), default=self.end)
        except OSError as error:
            raise WriteFailedError(f"the journal cannot be listed: {error.strerror}") from error

    def _go_on(self, tail: Tail) -> None:
        """Prepare the segment to write to; a full disk does not keep a journal from opening."""
        if tail.segment is not None:
            self._reopen(tail.segment)
        elif tail.end.position > 0:
            with contextlib.suppress(OSError):
                self._start_segment()

    def _reopen(self, segment: Segment) -> None:
        self._file, self._base = os.open(segment.path, os.O_RDWR), segment.base
        used = segment.offset(self.end)
        os.ftruncate(self._file, used)
        with contextlib.suppress(OSError):
            allocate(self._file, max(self._segment_bytes, used))
        self._sync(self._file)

    def _start_segment(self) -> None:
        """Begin a segment where the next frame goes; the one before is synced first, so that its end is known."""
        if self._file >= 0:
            self._sync(self._file)
            self._close_segment()
        self._cut(self._next.position)
        path = segment_path(self._folder, self._next.position)
        file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        try:
            allocate(file, self._segment_bytes)
            os.pwrite(file, SegmentHeader(self._key, self._next.position, self._next.number).pack(), 0)
            self._sync(file)
            sync_folder(self._folder, self._sync_names)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._file, self._base = file, self._next.position

    def _cut(self, position: int) -> None:
        """Remove what stands in segments behind a position; never so that a crash leaves a hole before a later one."""
        known = segments(self._folder)
        behind = [segment for segment in known if segment.base >= position]
        for segment in reversed(behind):
            segment.remove()
        if behind:
            sync_folder(self._folder, self._sync_names)
        before = known[: len(known) - len(behind)]
        for segment in before[-2:-1]:
            # Kept only for a reader near the end: a journal that piles up would drive all else from the cache, and
            # memory that was in use a moment ago costs a third of what new memory does.
            segment.uncache()
        for segment in before[-1:]:
            used = segment.offset(position)
            if segment.path.stat().st_size > used:
                os.truncate(segment.path, used)

    def _write_all(self, records: Sequence[bytes]) -> None:
        index = 0
        while index < len(records):
            if self._file < 0 or (self._room() < FRAME_SIZE + len(records[index]) and self._next.position > self._base):
                self._start_segment()
            index = self._write_some(records, index)

    def _write_some(self, records: Sequence[bytes], index: int) -> int:
        """Write as many records as the segment takes, but at least one; return the index of the next."""
        room = self._room()
        start, number = self._next.position, self._next.number
        end = start
        buffers: list[bytes] = []
        while index < len(records) and len(buffers) < _MAX_BUFFERS:
            size = FRAME_SIZE + len(records[index])
            if buffers and end - start + size > room:
                break
            buffers += pack_frame(self._key ^ end, number, self._end.position, records[index])
            end, number, index = end + size, number + 1, index + 1
        self._write(buffers, end - start)
        self._next = Place(end, number)
        return index

    def _room(self) -> int:
        return self._segment_bytes - HEADER_SIZE - (self._next.position - self._base)

    def _write(self, buffers: list[bytes], size: int) -> None:
        at = HEADER_SIZE + self._next.position - self._base
        done = os.pwritev(self._file, buffers, at)
        if done < size:
            rest = memoryview(b"".join(buffers))
            while done < size:
                done += os.pwrite(self._file, rest[done:], at + done)

    def _forget_unsynced(self) -> None:
        """After a failed write or sync: remove what came since the last sync, and never write to this segment again.

        A failed sync may have dropped pages that later syncs would call clean, so the next append starts a segment.
        """
        self._next = self._end
        self._close_segment()
        with contextlib.suppress(OSError):
            self._cut(self.end)

    def _close_segment(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _take_lock(folder: Path) -> int:
    make_folder(folder)
    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(lock)
        raise JournalLockedError(f"another process writes to the journal in {folder}") from error
    return lock
