"""Keycloak's event store by way of its Admin REST API.

Servers differ: newer ones take a time in milliseconds and an order, older ones a date only, and give the newest first.
Both are read, and told apart by what they answer.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Raw, Struct

from footfall.dialects.keycloak.event import KeycloakEvent, ReadError
from footfall.dialects.keycloak.representations import read_object
from footfall.errors import TerminalError
from footfall.importers.keycloak.connection import Connection, Reply
from footfall.importers.keycloak.token import Tokens

Kind = Literal["events", "admin-events"]
KINDS: tuple[Kind, ...] = ("events", "admin-events")
PAGE = 500
_DAY_MS = 86_400_000

_array = msgspec.json.Decoder(list[Raw])


class Fault(Struct, frozen=True):
    """An event of a page that cannot be read; `path` is a JSON path in the answer, `digest` tells it from others."""

    path: str
    message: str
    digest: str


class Page(Struct, frozen=True):
    """Some events; `is_rising` says that later pages hold later events. `now` is Keycloak's clock (epoch ms)."""

    events: list[KeycloakEvent]
    faults: list[Fault]
    now: int
    is_rising: bool


class EventStore:
    """The events of one realm."""

    def __init__(self, connection: Connection, realm: str, tokens: Tokens, page: int = PAGE) -> None:
        self._connection = connection
        self._tokens = tokens
        self._realm = realm
        self._page = page
        self._takes_times = True

    def pages(self, kind: Kind, since: int) -> Iterator[Page]:
        """All events from a time (epoch ms) on; an event may come twice. Raises TerminalError or AwayError.

        In a rising order the next page begins with the newest time of the last one, so that it does not matter what is
        deleted meanwhile; in a falling order new events move the others back, and some come twice.
        """
        first, begin = 0, since
        while True:
            page, count = self._fetch(kind, begin, first)
            if not count:
                return
            yield page
            times = [event.at for event in page.events]
            if times and self._takes_times and times[0] < times[-1] == max(times):
                first, begin = 0, times[-1]
            elif times and not page.is_rising and times[-1] < since:
                return
            else:
                first += count

    def _fetch(self, kind: Kind, begin: int, first: int) -> tuple[Page, int]:
        reply = self._ask(kind, begin, first)
        try:
            items = _array.decode(reply.expect(f"its {kind}"))
        except msgspec.MsgspecError as error:
            raise TerminalError(f"what Keycloak gives for its {kind} is no list: is the address right?") from error
        events: list[KeycloakEvent] = []
        faults: list[Fault] = []
        for index, item in enumerate(items):
            try:
                if found := read_object(bytes(item)):
                    events.append(found)
            except ReadError as error:
                path = f"$[{index}]{error.path.removeprefix('$')}"
                faults.append(Fault(path, str(error), hashlib.sha256(item).hexdigest()))
        is_rising = not events or events[0].at <= events[-1].at
        return Page(events, faults, reply.now, is_rising), len(items)

    def _ask(self, kind: Kind, begin: int, first: int) -> Reply:
        reply = self._get(kind, begin, first)
        if reply.status == 401:
            self._tokens.forget()
            reply = self._get(kind, begin, first)
        if reply.status == 400 and begin and self._takes_times:
            self._takes_times = False
            reply = self._get(kind, begin, first)
        if reply.status in (401, 403):
            raise TerminalError(
                f"Keycloak does not show its {kind} (HTTP {reply.status}): the service account needs the role "
                "view-events of the client realm-management"
            )
        if reply.status == 404:
            raise TerminalError(f"Keycloak knows no realm {self._realm!r} at {self._connection.base} (HTTP 404)")
        return reply

    def _get(self, kind: Kind, begin: int, first: int) -> Reply:
        query: dict[str, str | int] = {"first": first, "max": self._page, "direction": "asc"}
        if begin:
            query["dateFrom"] = begin if self._takes_times else _date_before(begin)
        path = f"/admin/realms/{quote(self._realm, safe='')}/{kind}?{urlencode(query)}"
        headers = {"Authorization": f"Bearer {self._tokens.current()}", "Accept": "application/json"}
        return self._connection.ask("GET", path, headers)


def _date_before(moment: int) -> str:
    """The day before a time, as nobody knows by which clock the server counts its days."""
    return datetime.fromtimestamp((moment - _DAY_MS) / 1000, UTC).strftime("%Y-%m-%d")
