"""Reading simulated things back."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from footfall.demo import schedule
from footfall.demo.endpoints import Endpoint
from footfall.demo.event import chance
from footfall.demo.people import Population
from footfall.demo.visit import Visit
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

NOON = 1_795_262_400_000  # a Saturday, 2026-11-21T12:00Z
DAY_MS = 86_400_000
HOUR_MS = 3_600_000


def read(text: bytes) -> dict[str, Any]:
    event: dict[str, Any] = msgspec.json.decode(text)
    return event


def is_good(text: bytes) -> bool:
    return judge(text, Profile.SUNBIRD).event is not None


def when(event: dict[str, Any]) -> int:
    return int(event["ets"])


def events_of(visit: Visit) -> list[dict[str, Any]]:
    """The V3 events that a visit sends."""
    return [read(noted.text) for noted in visit.events if noted.way is Endpoint.TELEMETRY]


def said(visits: Iterable[Visit], way: Endpoint) -> list[dict[str, Any]]:
    """What is sent another way, in the order of time."""
    noted = (one for visit in visits for one in visit.events if one.way is way)
    return [read(one.text) for one in sorted(noted, key=lambda one: one.at_ms)]


def lives(seed: int, days: int, events: int) -> Iterator[Visit]:
    """What people do in some days that end at NOON, hour by hour; nobody makes mistakes in sending."""
    begin = NOON - days * DAY_MS
    outage = schedule.outage(chance(seed, "outage"), NOON - DAY_MS // 2, days)
    people = Population(seed, "lives", outage, since_ms=begin, list_ms=begin + 30 * HOUR_MS)
    for hour in range(begin, NOON, HOUR_MS):
        yield from people.visits(hour, HOUR_MS, events / (days * 24))
