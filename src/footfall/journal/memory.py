"""A journal in memory, for `footfall micro` and for tests; durable as long as the process lives."""

import secrets
from bisect import bisect_right
from collections.abc import Sequence
from threading import Lock

from footfall.journal.base import Damage, JournalFullError, Record


class MemoryLog:
    """Writer and reader of a journal in one; see `LogWriter` and `LogReader`. Positions count bytes of records."""

    def __init__(self, *, max_bytes: int = 256 << 20) -> None:
        self.id = secrets.token_hex(8)
        self._max_bytes = max_bytes
        self._records: list[Record] = []
        self._start = self._end = self._number = 0
        self._lock = Lock()

    @property
    def end(self) -> int:
        """Position after the last record."""
        return self._end

    def check_room(self, size: int) -> None:
        """Raise JournalFullError if `size` more bytes would pass the budget."""
        used = self._end - self._start
        if used + size > self._max_bytes:
            raise JournalFullError(f"the journal holds {used} bytes of {self._max_bytes}")

    def append(self, records: Sequence[bytes]) -> int:
        """Keep records and return the position after them."""
        if not all(records):
            raise ValueError("a record has at least 1 byte")
        with self._lock:
            self.check_room(sum(map(len, records)))
            for payload in records:
                self._end += len(payload)
                self._records.append(Record(self._number, payload, self._end))
                self._number += 1
            return self._end

    def read(self, position: int, max_bytes: int) -> list[Record | Damage]:
        """The records from a position on: as many as fit in `max_bytes`, but at least one if there is one."""
        with self._lock:
            if position < self._start:
                return [Damage(position, self._start, "the journal no longer holds these records")]
            first = self._behind(position)
            last = self._behind(position + max_bytes)
            return [*self._records[first : max(last, first + 1)]]

    def truncate(self, before: int) -> int:
        """Drop the records that end at or before the position; return the bytes freed."""
        with self._lock:
            dropped = self._behind(before)
            if dropped == 0:
                return 0
            start = self._records[dropped - 1].next
            freed, self._start = start - self._start, start
            del self._records[:dropped]
            return freed

    def close(self) -> None:
        """Do nothing: the records stay as long as the object."""

    def _behind(self, position: int) -> int:
        """How many of the records end at or before a position."""
        return bisect_right(self._records, position, key=lambda record: record.next)
