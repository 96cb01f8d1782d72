"""The hosts of the platform's service: each is restarted once a day, and one crashes in an outage."""

from typing import Literal

from msgspec import Struct

from footfall.demo.schedule import DAY_MS, HOUR_MS, Outage

COUNT = 3

_MINUTE_MS = 60_000
_AWAY_MS = 90_000
_GRACE_MS = 60_000  # what a host began before it stops is done by then
_CRASH_AFTER_MS = 40 * _MINUTE_MS
_CRASHING = 2


class Change(Struct, frozen=True):
    """A host is ready for requests, or stops taking them; epoch milliseconds."""

    at_ms: int
    host: int
    state: Literal["Ready", "Stopped"]


class Hosts:
    """When which host is there. The first time, they are ready one after the other at `since_ms`, if that is given."""

    def __init__(self, since_ms: int | None = None, outage: Outage | None = None) -> None:
        self._since_ms = since_ms
        self._crash_ms = None if outage is None else outage.begin_ms + _CRASH_AFTER_MS
        if self._crash_ms is not None and not self._is_quiet(self._crash_ms):
            self._crash_ms = None

    def changes(self, begin_ms: int, end_ms: int) -> list[Change]:
        """What changes in a span of time, in no order."""
        found = [] if self._since_ms is None else [Change(self._since_ms + n, n, "Ready") for n in range(COUNT)]
        for host in range(COUNT):
            for day_ms in range(begin_ms // DAY_MS * DAY_MS - DAY_MS, end_ms, DAY_MS):
                stops_ms = day_ms + _of_day(host)
                if self._since_ms is None or stops_ms > self._since_ms + COUNT:
                    found += [Change(stops_ms, host, "Stopped"), Change(stops_ms + _AWAY_MS, host, "Ready")]
        if self._crash_ms is not None:
            found.append(Change(self._crash_ms, _CRASHING, "Ready"))
        return [change for change in found if begin_ms <= change.at_ms < end_ms]

    def up(self, ms: int) -> list[int]:
        """The hosts that take requests at a moment, and will have answered them before they stop."""
        return [host for host in range(COUNT) if self._is_up(host, ms)]

    def _is_up(self, host: int, ms: int) -> bool:
        if self._since_ms is not None and ms <= self._since_ms + host:
            return False
        if host == _CRASHING and self._crash_ms is not None and 0 <= self._crash_ms - ms <= _AWAY_MS + _GRACE_MS:
            return False
        return not -_GRACE_MS <= (ms % DAY_MS) - _of_day(host) <= _AWAY_MS

    def _is_quiet(self, ms: int) -> bool:
        return abs((ms % DAY_MS) - _of_day(_CRASHING)) > 10 * _MINUTE_MS


def _of_day(host: int) -> int:
    """When a host stops, in milliseconds of the day, UTC: in the small hours where the schools are."""
    return 3 * HOUR_MS + host * 10 * _MINUTE_MS
