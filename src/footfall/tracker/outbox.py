"""Where events wait to be sent: the contract, and the outbox in memory."""

from collections import deque
from collections.abc import Sequence
from threading import Lock
from typing import Protocol
from uuid import uuid4

from msgspec import Struct

MAX_BYTES = 64 << 20


class Waiting(Struct, frozen=True):
    """An event in the outbox; `event` is its JSON text."""

    number: int
    mid: str
    event: bytes


class Batch(Struct, frozen=True):
    """Events that are sent together, in order, and always under the same msgid."""

    msgid: str
    events: list[Waiting]


class Aside(Struct, frozen=True):
    """An event that was judged wrong, and why; it is not sent again."""

    mid: str
    event: bytes
    code: str
    message: str
    path: str = ""


class OutboxError(Exception):
    """The outbox cannot be written or read."""


class Outbox(Protocol):
    """Keeps events in order until they are sent. Every method may be called from any thread."""

    def put(self, mid: str, event: bytes) -> int:
        """Keep an event; returns how many older ones made way for it. Raises OutboxError."""

    def take(self, events: int, size: int) -> Batch | None:
        """The oldest events, at most so many and of so many bytes but at least one; None when there are none.

        Until `done` is called, the same batch is returned again, also after a restart. Raises OutboxError.
        """

    def split(self, batch: Batch) -> None:
        """Let the events of a batch be taken again in smaller ones."""

    def done(self, batch: Batch, aside: Sequence[Aside] = ()) -> None:
        """Forget the events of a batch, and put aside those that were judged wrong."""

    def aside(self) -> list[Aside]:
        """What was put aside, oldest first."""

    def waiting(self) -> tuple[int, int]:
        """How many events wait, and how many bytes they have."""

    def close(self) -> None:
        """Let go of what the system lent."""


class MemoryOutbox:
    """An outbox that ends with the process.

    When `max_bytes` is full the oldest events make way, as the newest say more about what is wrong.
    """

    def __init__(self, max_bytes: int = MAX_BYTES, max_aside: int = 1000) -> None:
        self._lock = Lock()
        self._max_bytes = max_bytes
        self._events: deque[Waiting] = deque()
        self._aside: deque[Aside] = deque(maxlen=max_aside)
        self._batch: Batch | None = None
        self._limit = 0
        self._bytes = 0
        self._number = 0

    def put(self, mid: str, event: bytes) -> int:
        """Keep an event; see Outbox."""
        with self._lock:
            self._number += 1
            self._events.append(Waiting(self._number, mid, event))
            self._bytes += len(event)
            dropped = 0
            under_way = len(self._batch.events) if self._batch else 0
            while self._bytes > self._max_bytes and len(self._events) > under_way + 1:
                self._bytes -= len(self._events[under_way].event)
                del self._events[under_way]
                dropped += 1
            return dropped

    def take(self, events: int, size: int) -> Batch | None:
        """The oldest events; see Outbox."""
        with self._lock:
            if self._batch is None and self._events:
                self._batch = Batch(uuid4().hex, within(self._events, min(events, self._limit or events), size))
                self._limit = 0
            return self._batch

    def split(self, batch: Batch) -> None:
        """Let the events be taken in smaller batches; see Outbox."""
        with self._lock:
            self._limit = max(1, len(batch.events) // 2)
            self._batch = None

    def done(self, batch: Batch, aside: Sequence[Aside] = ()) -> None:
        """Forget a batch; see Outbox."""
        with self._lock:
            for _ in batch.events:
                self._bytes -= len(self._events.popleft().event)
            self._aside.extend(aside)
            self._batch = None

    def aside(self) -> list[Aside]:
        """What was put aside; see Outbox."""
        with self._lock:
            return list(self._aside)

    def waiting(self) -> tuple[int, int]:
        """Events and bytes; see Outbox."""
        return len(self._events), self._bytes

    def close(self) -> None:
        """Nothing to let go."""


def within(events: "deque[Waiting] | list[Waiting]", number: int, size: int) -> list[Waiting]:
    """The first events, at most so many and of so many bytes, but at least one."""
    found: list[Waiting] = []
    total = 0
    for waiting in events:
        total += len(waiting.event) + 1
        if found and (len(found) >= number or total > size):
            break
        found.append(waiting)
    return found
