"""What the simulated people did in the days up to now, in the order of time."""

from collections.abc import Iterator
from random import Random

from footfall.demo import schedule
from footfall.demo.endpoints import Endpoint, Noted, Parcel
from footfall.demo.event import chance
from footfall.demo.mistakes import MISTAKEN, RESENT, spoil
from footfall.demo.people import Population
from footfall.demo.schedule import DAY_MS, HOUR_MS
from footfall.demo.visit import Visit

DAYS = 14
EVENTS = 120_000
MOST = {Endpoint.TELEMETRY: 1000, Endpoint.IDENTITY: 100, Endpoint.LMS: 20}


def history(
    seed: int, until_ms: int, days: int = DAYS, target_events: int = EVENTS, utc_offset_s: int = 0
) -> Iterator[Parcel]:
    """Parcels of up to 1000 events, 100 operations or 20 things that an LMS tracked, each way in the order of time.

    They go from the midnight `days` before today to a moment of today, and hold about `target_events` things in all.
    `until_ms` is epoch milliseconds; days and nights are those of the UTC offset. The same seed, days, target, offset
    and day of `until_ms` make the same things, up to `until_ms`. About one in a hundred has a mistake, and one in a
    hundred is sent again within the minute.
    """
    waiting: dict[Endpoint, list[bytes]] = {way: [] for way in Endpoint}
    for noted in _until(_flow(seed, until_ms, days, target_events, utc_offset_s), until_ms):
        texts = waiting[noted.way]
        texts.append(noted.text)
        if len(texts) == MOST[noted.way]:
            yield Parcel(noted.way, texts)
            waiting[noted.way] = []
    yield from (Parcel(way, texts) for way, texts in waiting.items() if texts)


def _until(flow: Iterator[Noted], until_ms: int) -> Iterator[Noted]:
    for noted in flow:
        if noted.at_ms >= until_ms:
            return
        yield noted


def _flow(seed: int, until_ms: int, days: int, target_events: int, utc_offset_s: int) -> Iterator[Noted]:
    """Hour by hour; a visit that lasts into the next hour is held back until that hour is sorted."""
    today = schedule.midnight(until_ms, utc_offset_s)
    run = f"history/{today}/{days}/{target_events}"
    first = today - days * DAY_MS
    outage = schedule.outage(chance(seed, "outage"), today, days, utc_offset_s)
    people = Population(seed, run, outage, since_ms=first, list_ms=schedule.list_day(today, days))
    draw = chance(seed, "slips", run)
    scale = _scale(today, days, target_events, utc_offset_s)
    held: list[Noted] = []
    for hour in range(first, until_ms, HOUR_MS):
        events = scale * schedule.weight(hour, today, utc_offset_s) * draw.uniform(0.9, 1.1)
        for visit in people.visits(hour, HOUR_MS, events):
            held += _slip(visit, draw)
        held.sort(key=_when)
        due = _count_before(held, hour + HOUR_MS)
        yield from held[:due]
        held = held[due:]


def _scale(today: int, days: int, target_events: int, utc_offset_s: int) -> float:
    """Events in an hour of weight 1; today counts half, whatever the time, so that all its hours agree on it."""
    hours = range(today - days * DAY_MS, today + DAY_MS // 2, HOUR_MS)
    return target_events / sum(schedule.weight(hour, today, utc_offset_s) for hour in hours)


def _slip(visit: Visit, draw: Random) -> list[Noted]:
    """What is sent of a visit: a few things with a mistake, a few a second time, a little later."""
    sent = []
    for noted in visit.events:
        luck = draw.random()
        if luck < MISTAKEN:
            sent.append(Noted(noted.at_ms, spoil(noted.text, noted.way, draw), noted.way))
            continue
        sent.append(noted)
        if luck < MISTAKEN + RESENT:
            sent.append(Noted(noted.at_ms + draw.randrange(1000, 60_000), noted.text, noted.way))
    return sent


def _when(noted: Noted) -> int:
    return noted.at_ms


def _count_before(held: list[Noted], end_ms: int) -> int:
    """How many events, of a sorted list, come before a moment; looks from the end, where few are late."""
    count = len(held)
    while count and held[count - 1].at_ms >= end_ms:
        count -= 1
    return count
