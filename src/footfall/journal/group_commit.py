"""Group commit: what many requests append while one sync is under way is written and synced together."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread

from footfall.journal.base import JournalFullError, LogWriter, WriteFailedError
from footfall.journal.frame import FRAME_SIZE

_GROUP_BYTES = 8 << 20
_GROUP_RECORDS = 512

Waiting = asyncio.Future[int]
Entries = list[tuple[bytes, Waiting]]
Outcome = int | JournalFullError | WriteFailedError


class GroupCommit:
    """Appends to a journal from an event loop; a thread writes and syncs. Owns the writer from then on."""

    def __init__(self, writer: LogWriter, loop: asyncio.AbstractEventLoop) -> None:
        self._writer = writer
        self._loop = loop
        # Its `put` wakes the thread only when that sleeps, and costs a fifth of a Condition's `notify`.
        self._queue: SimpleQueue[Entries | None] = SimpleQueue()
        self._gathered: Entries = []
        self._taken: deque[tuple[bytes, Waiting]] = deque()
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
        # Handed over once for all requests of one turn of the loop: waking the thread costs more than the rest.
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((record, done))
        return done

    def close(self) -> None:
        """Wait until what is queued is written, then close the writer; the futures are told as the loop goes on."""
        self._hand_over()
        self._closed = True
        self._queue.put(None)
        self._thread.join()
        self._writer.close()

    def _hand_over(self) -> None:
        entries, self._gathered = self._gathered, []
        if self._closed:
            self._refuse(entries)
        elif entries:
            self._queue.put(entries)

    def _run(self) -> None:
        try:
            while self._receive():
                self._commit()
        finally:
            self._tell(self._end)

    def _receive(self) -> bool:
        """Wait for something to write; False when there will be no more."""
        if self._taken:
            return True
        entries = self._queue.get()
        with contextlib.suppress(Empty):
            while entries is not None:
                self._taken.extend(entries)
                entries = self._queue.get_nowait()
            self._queue.put(None)  # to be found again behind what came before it
        return bool(self._taken)

    def _commit(self) -> None:
        """Write what was received, within limits."""
        records: list[bytes] = []
        waiting: list[Waiting] = []
        size = 0
        while self._taken and size < _GROUP_BYTES and len(records) < _GROUP_RECORDS:
            record, done = self._taken.popleft()
            records.append(record)
            waiting.append(done)
            size += len(record)
        self._append(records, waiting)

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
        self._refuse(list(self._taken))
        while not self._queue.empty():
            self._refuse(self._queue.get_nowait() or [])

    def _refuse(self, entries: Entries) -> None:
        for record, done in entries:
            self._settle([done], FRAME_SIZE + len(record), WriteFailedError("the journal is closed"))
