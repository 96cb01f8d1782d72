"""What the simulated people do right now: an endless stream of small batches, as real clients send them."""

import heapq
from collections.abc import Iterator
from random import Random

from msgspec import Struct

from footfall.demo.endpoints import Endpoint, Noted, Parcel
from footfall.demo.event import chance
from footfall.demo.history import MOST
from footfall.demo.mistakes import MISTAKEN, RESENT, spoil
from footfall.demo.people import Population
from footfall.demo.visit import Visit

RATE = 20.0
_MOST_IN_A_BATCH = 10
_SLOT_MS = 2000
_WARM_UP_MS = 1_200_000
_WARM_UP_EVENTS = 30_000


class Due(Struct, frozen=True, order=True):
    """A parcel and the moment at which it is sent, epoch milliseconds; `number` decides between equals."""

    due_ms: int
    number: int
    parcel: Parcel


def live(seed: int, start_ms: int, run: str, rate: float = RATE) -> Iterator[tuple[float, Parcel]]:
    """An endless stream of (seconds to wait since the parcel before, parcel).

    It begins at once with all that those did so far who are there at `start_ms`, and goes on with about `rate` events a
    second, 1 to 10 in a parcel; operations and what an LMS tracks go one by one. More than 25 a second take some
    minutes to gather. The same arguments make the same stream; no two runs share a message id. About one thing in a
    hundred has a mistake, and one parcel in a hundred is sent again.
    """
    last = start_ms
    so_far: dict[Endpoint, list[bytes]] = {way: [] for way in Endpoint}
    for due in _dues(seed, start_ms, run, rate):
        if due.due_ms < start_ms:
            so_far[due.parcel.way] += due.parcel.texts
            continue
        yield from ((0.0, parcel) for parcel in _drain(so_far))
        yield (due.due_ms - last) / 1000, due.parcel
        last = due.due_ms


def _drain(texts: dict[Endpoint, list[bytes]]) -> Iterator[Parcel]:
    for way, some in texts.items():
        yield from (Parcel(way, some[at : at + MOST[way]]) for at in range(0, len(some), MOST[way]))
        texts[way] = []


def _dues(seed: int, start_ms: int, run: str, rate: float) -> Iterator[Due]:
    """All parcels in the order in which they are sent, of those who are there at the start or come later."""
    people = Population(seed, f"live/{run}")
    draw = chance(seed, "parcels", run)
    waiting: list[Due] = []
    slot = start_ms - min(_WARM_UP_MS, int(_WARM_UP_EVENTS / rate * 1000))
    number = 0
    while True:
        for visit in people.visits(slot, _SLOT_MS, rate * _SLOT_MS / 1000):
            for due_ms, parcel in _pack(visit, draw) if visit.now >= start_ms else ():
                number += 1
                heapq.heappush(waiting, Due(due_ms, number, parcel))
        slot += _SLOT_MS
        while waiting and waiting[0].due_ms < slot:
            yield heapq.heappop(waiting)


def _pack(visit: Visit, draw: Random) -> Iterator[tuple[int, Parcel]]:
    """A client collects a few events, then sends them; where the answer is lost, it sends them again."""
    events = [noted for noted in visit.events if noted.way is Endpoint.TELEMETRY]
    start = 0
    while start < len(events):
        some = events[start : start + 1 + draw.randrange(_MOST_IN_A_BATCH)]
        start += len(some)
        yield from _post(some, draw)
    for noted in visit.events:
        if noted.way is not Endpoint.TELEMETRY:
            yield from _post([noted], draw)


def _post(some: list[Noted], draw: Random) -> Iterator[tuple[int, Parcel]]:
    way = some[0].way
    parcel = Parcel(way, [spoil(noted.text, way, draw) if draw.random() < MISTAKEN else noted.text for noted in some])
    due_ms = some[-1].at_ms + draw.randrange(20, 400)
    yield due_ms, parcel
    if draw.random() < RESENT:
        yield due_ms + draw.randrange(1000, 8000), parcel
