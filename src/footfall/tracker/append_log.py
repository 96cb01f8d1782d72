"""The file that events are appended to as they are made, until the sender moves them to the outbox's database.

Once `append` has returned, the event outlives its process, at a fraction of what a database's commit costs. An event is
twelve bytes (big-endian: length of the mid, length of the event, CRC-32 of both), the mid in UTF-8, and the event.
"""

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from zlib import crc32

_HEAD = Struct(">III")


class AppendLog:
    """An intake of this process alone; `size` is where the next event begins. One call at a time may write."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self.size = 0

    def append(self, mid: str, event: bytes) -> None:
        """Keep an event. Raises OSError, and then the next one is written over what there is of this one."""
        name = mid.encode()
        entry = _HEAD.pack(len(name), len(event), crc32(event, crc32(name))) + name + event
        if os.pwrite(self._file, entry, self.size) < len(entry):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.size += len(entry)

    def between(self, begin: int, end: int) -> Iterator[tuple[str, bytes]]:
        """The events between two places, as mid and JSON text."""
        return _events(os.pread(self._file, end - begin, begin))

    def clear(self) -> None:
        """Begin anew with an empty file."""
        os.ftruncate(self._file, 0)
        self.size = 0

    def close(self) -> None:
        """Let go of the file; nothing can be appended any more."""
        os.close(self._file)
        self._file = -1


def left(path: Path, place: int) -> list[tuple[str, bytes]]:
    """The events that a dead process left from a place on, or all of them where the file ends before that.

    What is cut off at the end is the event of a call that never returned.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return []
    return list(_events(data[place if place <= len(data) else 0 :]))


def _events(data: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at + _HEAD.size <= len(data):
        name_size, event_size, checksum = _HEAD.unpack_from(data, at)
        begin = at + _HEAD.size
        at = begin + name_size + event_size
        if not name_size or at > len(data) or crc32(data[begin:at]) != checksum:
            return
        yield data[begin : begin + name_size].decode(), data[begin + name_size : at]
