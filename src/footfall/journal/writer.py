"""The writing side of a journal folder."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE, Gap, SegmentHeader, announced_size, pack_frame
from footfall.journal.log import JournalFullError, JournalLockedError, WriteFailedError
from footfall.journal.segments import (
    SUFFIX,
    DurableMark,
    Identity,
    Recovery,
    Segment,
    identify,
    segments,
    sync_folder,
)

_IOV_MAX = 1000


class SegmentWriter:
    """The writer of a journal folder; see `LogWriter` for the contract.

    `sync` is os.fdatasync; tests pass another to see what a crash would leave. Raises JournalLockedError when another
    process writes here, JournalFormatError when the folder holds something else.
    """

    def __init__(
        self,
        folder: Path,
        *,
        segment_bytes: int = 64 << 20,
        max_bytes: int = 4 << 30,
        sync: Callable[[int], None] = os.fdatasync,
    ) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._sync = sync
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = self._take_lock()
        self.id = self._open_identity()
        self._mark = DurableMark(folder, create=True)
        self._file = -1
        self._base = self._oldest = self._end = self._number = 0
        self.recovery = self._recover()
        self._write_end, self._write_number = self._end, self._number
        self._mark.set(self._end)

    @property
    def end(self) -> int:
        """Position after the last durable record."""
        return self._end

    def check_room(self, size: int) -> None:
        """Raise JournalFullError if `size` more bytes would pass the budget."""
        if self._end + size - self._oldest <= self._max_bytes:
            return
        self._oldest = min((segment.base for segment in segments(self._folder)), default=self._end)
        if self._end + size - self._oldest > self._max_bytes:
            raise JournalFullError(f"the journal holds {self._end - self._oldest} bytes of {self._max_bytes}")

    def append(self, records: Sequence[bytes]) -> int:
        """Write records and return the position after them, once they are durable."""
        written = 0
        try:
            while written < len(records):
                written = self._append_to_segment(records, written)
            self._sync(self._file)
        except OSError as error:
            self._rewind()
            raise WriteFailedError(f"the journal could not write: {error.strerror}") from error
        self._end, self._number = self._write_end, self._write_number
        self._mark.set(self._end)
        return self._end

    def close(self) -> None:
        """Cut the unused rest of the segment off and release the journal."""
        if self._file >= 0:
            os.ftruncate(self._file, HEADER_SIZE + self._end - self._base)
            os.fsync(self._file)
            self._close_segment()
        self._mark.close()
        os.close(self._lock)

    def _take_lock(self) -> int:
        lock = os.open(self._folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise JournalLockedError(f"another process writes to the journal in {self._folder}") from error
        return lock

    def _open_identity(self) -> str:
        path = self._folder / "journal.json"
        if not path.exists():
            temporary = path.with_suffix(".new")
            temporary.write_bytes(msgspec.json.encode(Identity(secrets.token_hex(8))))
            temporary.replace(path)
            sync_folder(self._folder)
        return identify(self._folder).id

    def _recover(self) -> Recovery:
        """Find the end of the last segment, cut what was torn, and go on behind it."""
        found = segments(self._folder)
        self._oldest = found[0].base if found else 0
        if not found:
            return Recovery()
        last = found[-1]
        end = HEADER_SIZE
        damaged = 0
        number = self._first_number(last)
        for piece in last.scan(self._mark.get()):
            end = piece.end
            if isinstance(piece, Gap):
                damaged += piece.end - piece.start
                # Nobody knows how many records the gap held; skip all the numbers it can have held, so that an audit
                # sees them missing.
                number += (piece.end - piece.start) // FRAME_SIZE + 1
            else:
                number = piece.number + 1
        cut = self._cut_size(last, end)
        self._end, self._number = last.base + end - HEADER_SIZE, number
        self._reopen_segment(last, end)
        return Recovery(cut, damaged)

    @staticmethod
    def _first_number(segment: Segment) -> int:
        with segment.mapped() as data:
            header = SegmentHeader.unpack(data)
        return header.number if header else segment.base // FRAME_SIZE

    @staticmethod
    def _cut_size(segment: Segment, end: int) -> int:
        with segment.mapped() as data:
            return min(announced_size(data, end), len(data) - end)

    def _reopen_segment(self, segment: Segment, used: int) -> None:
        self._file = os.open(segment.path, os.O_RDWR)
        self._base = segment.base
        os.ftruncate(self._file, used)
        with contextlib.suppress(OSError):  # a full disk must not keep the journal from opening
            os.posix_fallocate(self._file, 0, max(self._segment_bytes, used))
        os.fsync(self._file)

    def _start_segment(self) -> None:
        """Begin a segment at the write position; the full one is synced first."""
        if self._file >= 0:
            self._sync(self._file)
            self._close_segment()
        for stale in segments(self._folder):
            if stale.base >= self._write_end:
                stale.path.unlink()
        path = self._folder / f"{self._write_end:020d}{SUFFIX}"
        file = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_RDWR, 0o600)
        try:
            os.posix_fallocate(file, 0, self._segment_bytes)
            os.pwrite(file, SegmentHeader(self._write_end, self._write_number).pack(), 0)
            os.fsync(file)
            sync_folder(self._folder)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self._file, self._base = file, self._write_end

    def _append_to_segment(self, records: Sequence[bytes], index: int) -> int:
        """Write as many records as the segment takes, but at least one; return the index of the next."""
        if self._file < 0 or (self._room() < FRAME_SIZE + len(records[index]) and self._write_end > self._base):
            self._start_segment()
        room = self._room()
        buffers: list[bytes] = []
        size = 0
        while index < len(records) and len(buffers) < _IOV_MAX:
            taken = FRAME_SIZE + len(records[index])
            if buffers and size + taken > room:
                break
            buffers += pack_frame(self._write_number, self._end, records[index])
            size += taken
            self._write_number += 1
            index += 1
        self._write(buffers, size)
        return index

    def _room(self) -> int:
        return self._segment_bytes - HEADER_SIZE - (self._write_end - self._base)

    def _write(self, buffers: list[bytes], size: int) -> None:
        at = HEADER_SIZE + self._write_end - self._base
        done = os.pwritev(self._file, buffers, at)
        if done < size:
            rest = b"".join(buffers)
            while done < size:
                done += os.pwrite(self._file, rest[done:], at + done)
        self._write_end += size

    def _rewind(self) -> None:
        """After a failed write or sync: forget what came since the last sync, and never trust this segment again.

        A failed sync may have dropped pages that later syncs would call clean, so the next append starts a segment.
        """
        self._write_end, self._write_number = self._end, self._number
        if self._file < 0:
            return
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, HEADER_SIZE + max(0, self._end - self._base))
        self._close_segment()

    def _close_segment(self) -> None:
        os.close(self._file)
        self._file = -1
