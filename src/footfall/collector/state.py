"""What all connections of one collector share: the service, the journal, and the limits on what they may hold."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from footfall.collector.connections import Connections
from footfall.collector.service import Service
from footfall.collector.time_slices import TimeSlices
from footfall.peer import TrustedProxies
from footfall.settings import Settings

_SWEEP_SECONDS = 0.5


class Journal(Protocol):
    """Where records go; `footfall.journal.group_commit.GroupCommit` is one."""

    def append(self, record: bytes) -> "asyncio.Future[int]":
        """Queue a record; raises JournalFullError or WriteFailedError, at once or through the future."""


class TimedConnection(Protocol):
    """A connection, as the sweep sees it; `deadline` is in the loop's time."""

    deadline: float

    def expire(self) -> None:
        """Do what is to be done when the deadline has passed."""


class SharedState:
    """The shared state of all connections; `held` is how many bytes they hold that are not answered yet."""

    def __init__(self, settings: Settings, service: Service, journal: Journal) -> None:
        self.settings = settings
        self.service = service
        self.journal = journal
        self.slices = TimeSlices(service, asyncio.get_running_loop())
        self.connections = Connections(
            settings.max_connections, settings.max_address_connections, TrustedProxies(settings.proxies)
        )
        self.held = 0
        self._max_held = settings.max_inflight_bytes
        self._held_by: dict[str, int] = {}
        self.draining = asyncio.Event()

    def hold(self, channel: str, size: int) -> None:
        """Count bytes that are held for a channel; empty for nobody's."""
        self.held += size
        self._held_by[channel] = self._held_by.get(channel, 0) + size

    def let_go(self, channel: str, size: int) -> None:
        """Count them no more."""
        self.held -= size
        left = self._held_by[channel] - size
        if left:
            self._held_by[channel] = left
        else:
            del self._held_by[channel]

    def has_room(self, channel: str, more: int = 0) -> bool:
        """Whether so many bytes more may be held for a channel.

        It may hold half of all while others hold any, and never the last part, so that it cannot keep others out.
        """
        own = self._held_by.get(channel, 0)
        most = self._max_held // 2 if own < self.held else self._max_held - self._max_held // 16
        return self.held + more <= self._max_held and own + more <= most

    async def sweep(self, open_connections: Callable[[], Iterable[TimedConnection]]) -> None:
        """Go round all connections twice a second, for ever, and end those whose time is up."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = loop.time()
            for connection in [connection for connection in open_connections() if connection.deadline < now]:
                connection.expire()
