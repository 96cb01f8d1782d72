"""What a journal is: an ordered, durable log of records between one writer and one reader.

Every implementation keeps this contract; one test suite runs over all of them.

- A record is bytes, at least one. Records are numbered from 0; a number that is missing is a record that was lost.
- `append` returns after its records are durable, in the order given. It stores all of them or raises.
- `read` returns durable records only, in order, and never the same one twice for the same position.
- `truncate` may drop records before a position; it never drops one at or after it.
- A position orders the log and fits in a signed 64-bit integer; equal positions mean the same place, also after a
  restart. No number and no position that a reader was given is ever given to another record.
"""

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from footfall.errors import TerminalError, TransientError


class Record(Struct, frozen=True, gc=False):
    """One record as read: `next` is the position after it."""

    number: int
    payload: bytes
    next: int


class Damage(Struct, frozen=True, gc=False):
    """Bytes that were written and cannot be read back; the log goes on at `next`."""

    at: int
    next: int
    detail: str


class LogWriter(Protocol):
    """The writing side of a journal; one per journal."""

    @property
    def id(self) -> str:
        """Identity of the journal; a journal made anew has another one."""

    @property
    def end(self) -> int:
        """Position after the last durable record."""

    def check_room(self, size: int) -> None:
        """Raise JournalFullError if `size` more bytes would pass the budget."""

    def append(self, records: Sequence[bytes]) -> int:
        """Write records and return the position after them, once they are durable.

        Raises JournalFullError or WriteFailedError; nothing of the call can be read then, unless the process ends
        before the next append: what was written before the failure may have reached the disk. Raises ValueError for an
        empty record.
        """

    def close(self) -> None:
        """Release the journal to another writer; closing twice does nothing."""


class LogReader(Protocol):
    """The reading side of a journal."""

    @property
    def id(self) -> str:
        """Identity of the journal."""

    @property
    def end(self) -> int:
        """Position after the last durable record."""

    def read(self, position: int, max_bytes: int) -> list[Record | Damage]:
        """The records from a position on: as many as fit in `max_bytes`, but at least one if there is one.

        An empty list means that nothing is durable there yet. Raises ReadFailedError.
        """

    def truncate(self, before: int) -> int:
        """Say that nothing before the position is needed any more; return the bytes that could be freed."""

    def close(self) -> None:
        """Close open files."""


class JournalFullError(TransientError):
    """The journal has reached its budget of bytes."""

    retry_after = 5.0


class WriteFailedError(TransientError):
    """The operating system refused a write: disk full, or a failing disk."""

    retry_after = 10.0


class ReadFailedError(TransientError):
    """The operating system refused a read: a failing disk, or no permission."""

    retry_after = 10.0


class JournalLockedError(TerminalError):
    """Another process writes to this journal."""


class JournalFormatError(TerminalError):
    """The folder does not hold a journal that this version can read."""
