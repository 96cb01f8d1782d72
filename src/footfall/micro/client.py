"""What came in, asked from a test: a typed client of a running `footfall micro`."""

from collections import Counter
from http.client import HTTPConnection
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from footfall.errors import TerminalError
from footfall.micro.schemas import Bad, Good, Totals

_ANSWER_SECONDS = 30.0
_LONGEST_WAIT = 60.0
_LISTED_AT_MOST = 10

Seen = TypeVar("Seen", Good, Bad)


class NotSeenError(AssertionError):
    """The events that a test waited for did not come; says what came instead."""


class Micro:
    """A running `footfall micro`. Calls raise OSError when it cannot be reached, TerminalError when it refuses."""

    def __init__(self, url: str) -> None:
        self.url = url

    def all(self) -> Totals:
        """How many events came since the last reset."""
        return msgspec.json.decode(self._call("GET", "/micro/all"), type=Totals)

    def good(self, eid: str | None = None, *, mid: str | None = None, channel: str | None = None) -> list[Good]:
        """The accepted events, oldest first."""
        return self._list(Good, "/micro/good", eid=eid, mid=mid, channel=channel)

    def bad(self, eid: str | None = None, *, mid: str | None = None, channel: str | None = None) -> list[Bad]:
        """The rejected events, oldest first."""
        return self._list(Bad, "/micro/bad", eid=eid, mid=mid, channel=channel)

    def wait_for(self, count: int, eid: str | None = None, timeout: float = 5.0) -> list[Good]:
        """The accepted events, as soon as there are `count`; raises NotSeenError after `timeout` (60 s at most)."""
        return self._wait(Good, "/micro/good", "accepted", count, eid, timeout)

    def wait_for_bad(self, count: int, eid: str | None = None, timeout: float = 5.0) -> list[Bad]:
        """The rejected events, as soon as there are `count`; raises NotSeenError after `timeout` (60 s at most)."""
        return self._wait(Bad, "/micro/bad", "rejected", count, eid, timeout)

    def reset(self) -> None:
        """Forget everything that came, resends too."""
        self._call("POST", "/micro/reset")

    def _wait(self, kind: type[Seen], path: str, fate: str, count: int, eid: str | None, timeout: float) -> list[Seen]:
        seen = self._list(kind, path, eid=eid, count=count, timeout=min(max(timeout, 0.0), _LONGEST_WAIT))
        if len(seen) < count:
            wanted = f"{count} {fate} {eid or 'events'}"
            raise NotSeenError(f"waited {timeout:g} s for {wanted}, saw {len(seen)}; {self._story()}")
        return seen

    def _story(self) -> str:
        """What came, in a sentence: never what the events say."""
        totals = self.all()
        good = Counter(event.eid for event in self.good())
        bad = Counter(
            f"{event.eid or 'event'}, {found.code} at {found.path}" for event in self.bad() for found in event.findings
        )
        parts = {"accepted": good, "rejected": bad, "refused requests": Counter(totals.refused)}
        told = [f"{name}: {_listed(found)}" for name, found in parts.items() if found]
        told += [f"duplicate: {totals.duplicate}"] if totals.duplicate else []
        return "; ".join(told) or "nothing came"

    def _list(self, kind: type[Seen], path: str, **asked: object) -> list[Seen]:
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        return msgspec.json.decode(self._call("GET", f"{path}?{query}"), type=list[kind])  # type: ignore[valid-type]

    def _call(self, method: str, target: str) -> bytes:
        # Not by urllib: a test run's proxy settings are not meant for this.
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=_LONGEST_WAIT + _ANSWER_SECONDS)
        try:
            connection.request(method, target)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != 200:
            raise TerminalError(f"{target} was answered with {response.status}")
        return body


def _listed(found: Counter[str]) -> str:
    more = ", …" if len(found) > _LISTED_AT_MOST else ""
    return ", ".join(f"{number} {what}" for what, number in found.most_common(_LISTED_AT_MOST)) + more
