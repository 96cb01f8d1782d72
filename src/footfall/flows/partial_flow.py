"""What is kept of the flows of a plan: the sightings of each flow id, and what was seen in each session.

A session's cell holds its sightings without an id, and names the ids that were seen in it. Cells that hang together
decide together which flow a sighting without an id belongs to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import msgspec
from msgspec import Struct, field

from footfall.flows.row import text_of

MOST_SIGHTS = 2_000

Name = tuple[str, float, str]


class Sight(Struct, array_like=True, frozen=True, gc=False):
    """A step that was seen. `skew` added to `ets` gives our time. With a blank step it only names an id."""

    ets: float
    mid: str
    step: str = ""
    id: str = ""
    did: str = ""
    sid: str = ""
    channel: str = ""
    skew: float = 0.0
    index: int = 0
    remarks: tuple[tuple[str, str, str, str], ...] = ()

    @property
    def name(self) -> Name:
        """What tells it from others of its cell."""
        return self.mid, self.ets, "" if self.step else self.id


class PartialFlow(Struct):
    """The sightings under one key; `fresh` are those that the table does not have yet."""

    sights: dict[Name, Sight] = field(default_factory=dict)
    fresh: list[Sight] = field(default_factory=list)
    is_cut: bool = False

    @property
    def has_loose_ends(self) -> bool:
        """Whether there are sightings without an id."""
        return any(sight.step and not sight.id for sight in self.sights.values())

    def recall(self, trace: str) -> None:
        """Take in what the table has."""
        for sight in _sights.decode(trace):
            self.sights[sight.name] = sight
        self._cut()

    def add(self, sights: Iterable[Sight]) -> bool:
        """Take in what came; whether any of it is new. Of too many the first 2,000 by time stay."""
        new = {sight.name: sight for sight in sights if sight.name not in self.sights}
        self.sights |= new
        self._cut()
        self.fresh = [sight for name, sight in new.items() if name in self.sights]
        return bool(self.fresh)

    def _cut(self) -> None:
        if len(self.sights) > MOST_SIGHTS:
            kept = sorted(self.sights.values(), key=lambda sight: (sight.ets, sight.mid, sight.id))[:MOST_SIGHTS]
            self.sights = {sight.name: sight for sight in kept}
            self.is_cut = True


class Place(Struct, array_like=True, frozen=True):
    """A cell's key in parts: of a flow id, or of a session."""

    channel_group: str
    id: str = ""
    did: str = ""
    sid: str = ""

    @property
    def key(self) -> str:
        """As the table has it."""
        return text_of(self)


_sights = msgspec.json.Decoder(list[Sight])
_places = msgspec.json.Decoder(Place)


def place_of(key: str) -> Place:
    """A key's parts."""
    return _places.decode(key)


def links(place: Place, cell: PartialFlow) -> Iterator[str]:
    """Keys of the cells that may decide together with this one: sessions of a flow, flows of an undecided session."""
    if place.id:
        for did, sid in {(sight.did, sight.sid) for sight in cell.sights.values() if sight.did or sight.sid}:
            yield Place(place.channel_group, "", did, sid).key
    elif cell.has_loose_ends:
        for sight in cell.sights.values():
            if not sight.step:
                yield Place(place.channel_group, sight.id).key


def together(cells: Mapping[str, PartialFlow], changed: Iterable[str]) -> Iterator[list[str]]:
    """The cells that hang together with those that have changed, group by group; in each the order is that of keys."""
    near: dict[str, set[str]] = defaultdict(set)
    for key, cell in cells.items():
        for link in links(place_of(key), cell):
            other = cells.get(link)
            # A session where every sighting has an id decides nothing, so it ties nobody together.
            if other is not None and (not place_of(key).id or other.has_loose_ends):
                near[key].add(link)
                near[link].add(key)
    done: set[str] = set()
    for start in changed:
        group = _reach(start, near, done)
        if group:
            yield sorted(group)


def _reach(start: str, near: Mapping[str, set[str]], done: set[str]) -> list[str]:
    group, queue = [], [start]
    while queue:
        key = queue.pop()
        if key not in done:
            done.add(key)
            group.append(key)
            queue += near.get(key, ())
    return group
