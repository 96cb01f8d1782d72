"""Group commit: what many requests append while one sync is under way is written and synced together."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

from footfall.journal.frame import FRAME_SIZE
from footfall.journal.log import JournalFullError, LogWriter, WriteFailedError

_GROUP_BYTES = 8 << 20
_GROUP_RECORDS = 512

Waiting = asyncio.Future[int]
Outcome = int | JournalFullError | WriteFailedError


class GroupCommit:
    """Appends to a journal from an event loop; a thread writes and syncs. Owns the writer from then on."""

    def __init__(self, writer: LogWriter, loop: asyncio.AbstractEventLoop) -> None:
        self._writer = writer
        self._loop = loop
        # Its `put` wakes the thread only when that sleeps, and costs a fifth of a Condition's `notify`.
        self._queue: SimpleQueue[tuple[bytes, Waiting] | None] = SimpleQueue()
        self._pending = 0
        self._closed = False
        self._thread = Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def pending_bytes(self) -> int:
        """Bytes that were appended and are not acknowledged yet."""
        return self._pending

    def append(self, record: bytes) -> Waiting:
        """Queue a record; the future tells the position after its group once that is durable.

        To be called on the loop's thread. Raises JournalFullError or WriteFailedError at once, without queuing, where
        that is known already; else the future does. A cancelled future does not take its record back.
        """
        size = FRAME_SIZE + len(record)
        if self._closed:
            raise WriteFailedError("the journal is closed")
        if size == FRAME_SIZE:
            raise ValueError("a record has at least 1 byte")
        self._writer.check_room(self._pending + size)
        done = self._loop.create_future()
        self._pending += size
        self._queue.put((record, done))
        return done

    def close(self) -> None:
        """Wait until what is queued is written, then close the writer; the futures are told as the loop goes on."""
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._writer.close()

    def _run(self) -> None:
        try:
            while self._commit():
                pass
        finally:
            self._tell(self._end)

    def _commit(self) -> bool:
        """Write everything that is queued, within limits; False when there will be no more."""
        records, waiting, goes_on = self._take()
        if records:
            self._append(records, waiting)
        return goes_on

    def _take(self) -> tuple[list[bytes], list[Waiting], bool]:
        records: list[bytes] = []
        waiting: list[Waiting] = []
        size = 0
        entry = self._queue.get()
        with contextlib.suppress(Empty):
            while entry is not None:
                records.append(entry[0])
                waiting.append(entry[1])
                size += len(entry[0])
                if size >= _GROUP_BYTES or len(records) >= _GROUP_RECORDS:
                    break
                entry = self._queue.get_nowait()
        return records, waiting, entry is not None

    def _append(self, records: Sequence[bytes], waiting: Sequence[Waiting]) -> None:
        size = sum(map(len, records)) + FRAME_SIZE * len(records)
        outcome: Outcome = WriteFailedError("the journal's thread failed")
        try:
            outcome = self._writer.append(records)
        except (JournalFullError, WriteFailedError) as error:
            outcome = error
        finally:
            self._tell(partial(self._settle, waiting, size, outcome))

    def _tell(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(callback)

    def _settle(self, waiting: Sequence[Waiting], size: int, outcome: Outcome) -> None:
        self._pending -= size
        for done in waiting:
            if done.done():  # cancelled
                continue
            if isinstance(outcome, int):
                done.set_result(outcome)
            else:
                done.set_exception(type(outcome)(*outcome.args))

    def _end(self) -> None:
        """After the thread's end: nothing can be queued behind this, so nobody waits for ever."""
        self._closed = True
        while not self._queue.empty():
            entry = self._queue.get_nowait()
            if entry is not None:
                self._settle([entry[1]], FRAME_SIZE + len(entry[0]), WriteFailedError("the journal is closed"))
