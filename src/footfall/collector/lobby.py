"""What all connections of one collector share: the door, the journal, and the limits on what they may hold."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from footfall.collector.door import Door
from footfall.settings import Settings

_SWEEP_SECONDS = 0.5


class Journal(Protocol):
    """Where records go; `footfall.journal.group.GroupCommit` is one."""

    def append(self, record: bytes) -> "asyncio.Future[int]":
        """Queue a record; raises JournalFullError or WriteFailedError, at once or through the future."""


class Guest(Protocol):
    """A connection, as the sweep sees it; `deadline` is in the loop's time."""

    deadline: float

    def expire(self) -> None:
        """Do what is to be done when the deadline has passed."""


class Lobby:
    """The shared state of all connections; `held` is how many bytes they hold that are not answered yet."""

    def __init__(self, settings: Settings, door: Door, journal: Journal) -> None:
        self.settings = settings
        self.door = door
        self.journal = journal
        self.held = 0
        self.max_held = settings.max_inflight_bytes
        self.draining = asyncio.Event()

    async def sweep(self, guests: Callable[[], Iterable[Guest]]) -> None:
        """Go round all connections twice a second, for ever, and end those whose time is up."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = loop.time()
            for guest in [guest for guest in guests() if guest.deadline < now]:
                guest.expire()
