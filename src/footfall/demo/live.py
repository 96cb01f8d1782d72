"""What the simulated people do right now: an endless stream of small batches, as real clients send them."""

import heapq
from collections.abc import Iterator
from random import Random

from msgspec import Struct

from footfall.demo.event import chance
from footfall.demo.mistakes import MISTAKEN, RESENT, spoil
from footfall.demo.people import Population
from footfall.demo.visit import Noted

RATE = 20.0
_MOST_IN_A_BATCH = 10
_SLOT_MS = 2000
_WARM_UP_MS = 1_200_000
_WARM_UP_EVENTS = 30_000


class Parcel(Struct, frozen=True, order=True):
    """A batch and the moment at which it is sent, epoch milliseconds; `number` decides between equals."""

    due_ms: int
    number: int
    events: list[bytes]


def live(seed: int, start_ms: int, run: str, rate: float = RATE) -> Iterator[tuple[float, list[bytes]]]:
    """An endless stream of (seconds to wait since the batch before, batch of 1 to 10 events).

    Comes to about `rate` events a second, from people some of whom were there before `start_ms`; more than 25 a second
    take some minutes to gather. The same arguments make the same stream; no two runs share a message id. About one
    event in a hundred has a mistake, and one batch in a hundred is sent again.
    """
    last = start_ms
    for parcel in _parcels(seed, start_ms, run, rate):
        if parcel.due_ms >= start_ms:
            yield (parcel.due_ms - last) / 1000, parcel.events
            last = parcel.due_ms


def _parcels(seed: int, start_ms: int, run: str, rate: float) -> Iterator[Parcel]:
    """All batches in the order in which they are sent, from a while before the start, so that visits are under way."""
    people = Population(seed, f"live/{run}")
    draw = chance(seed, "parcels", run)
    waiting: list[Parcel] = []
    slot = start_ms - min(_WARM_UP_MS, int(_WARM_UP_EVENTS / rate * 1000))
    number = 0
    while True:
        for visit in people.visits(slot, _SLOT_MS, rate * _SLOT_MS / 1000):
            for due_ms, events in _pack(visit, draw):
                number += 1
                heapq.heappush(waiting, Parcel(due_ms, number, events))
        slot += _SLOT_MS
        while waiting and waiting[0].due_ms < slot:
            yield heapq.heappop(waiting)


def _pack(visit: list[Noted], draw: Random) -> Iterator[tuple[int, list[bytes]]]:
    """A client collects a few events, then sends them; where the answer is lost, it sends them again."""
    start = 0
    while start < len(visit):
        some = visit[start : start + 1 + draw.randrange(_MOST_IN_A_BATCH)]
        start += len(some)
        events = [spoil(noted.text, draw) if draw.random() < MISTAKEN else noted.text for noted in some]
        due_ms = some[-1].at_ms + draw.randrange(20, 400)
        yield due_ms, events
        if draw.random() < RESENT:
            yield due_ms + draw.randrange(1000, 8000), events
