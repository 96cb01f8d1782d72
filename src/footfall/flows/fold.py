"""New events folded into rows, one aggregator after the other; what was folded is noted with what came of it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

import pyarrow as pa
import structlog
from msgspec import Struct

from footfall.flows.aggregator import Aggregator
from footfall.flows.change_feed import ChangeFeed, Chunk, FollowingError, Place
from footfall.flows.channel_groups import ChannelGroups
from footfall.flows.event_rows import flow_events
from footfall.flows.flow_aggregator import FlowAggregator
from footfall.flows.flow_table import FlowTable
from footfall.flows.row import Row
from footfall.flows.session_aggregator import SessionAggregator
from footfall.lake.parquet import UNREADABLE
from footfall.lake.tables import plain
from footfall.plans.model import Plan

_log = structlog.get_logger()
_EVENTS = "footfall.events"
_UNTIL = "footfall.until"
_PLANS = "footfall.plans"
_TABLE = "footfall.table"
_REALMS = "footfall.realms"
_MOST_ROWS = 3_000  # in one commit
_BREATH = 1_000  # events


class Progress(Struct, frozen=True):
    """How far all books are: the oldest version that one of them is at, -1 where one is on its way through a gap.

    `until` is the time up to which that one is folded, epoch ms; -1 at the beginning.
    """

    version: int
    until: int


class FoldStep(Struct, frozen=True):
    """What a step did: whether it folded any files, and whether there is more to fold at once."""

    folded: bool = False
    more: bool = False


class FlowFold:
    """Folds the events of a lake into its flows table. `most` bounds the events that are held at once, in bytes.

    `breathe` is called often, and may take its time.

    Raises StoreError, CommitError or FollowingError.
    """

    def __init__(
        self,
        events: ChangeFeed,
        store: FlowTable,
        plans: Iterable[Plan],
        setting: str,
        *,
        most: int,
        yield_cpu: Callable[[], None] = lambda: None,
    ) -> None:
        self._yield_cpu = yield_cpu
        self._events = events
        self._store = store
        self._channel_groups = ChannelGroups(setting)
        self._most = most
        self._marks = {_TABLE: _number(events.identity()), _REALMS: _number(setting)}
        self._books = list(_books(plans))
        self._places = {book.name: self._place(book) for book in self._books}
        self._unsaved: dict[str, Place] = {}
        self.broken: set[Path] = set()
        self._forget_others()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        places = [(place.version, place.until) for place in self._places.values()]
        return Progress(*min(places, default=(self._events.newest(), 0)))

    def step(self) -> FoldStep:
        """Fold what is next for each book."""
        by_place: dict[Place, list[Aggregator]] = defaultdict(list)
        for book in self._books:
            by_place[self._places[book.name]].append(book)
        turn = FoldStep()
        for place, books in by_place.items():
            chunk = self._events.next(place)
            if chunk is not None:
                self._fold(books, chunk)
                turn = FoldStep(turn.folded or bool(chunk.paths), turn.more or chunk.waiting)
        return turn

    def rebuild(self) -> None:
        """Begin anew with all books."""
        self._forget(self._books)

    def _fold(self, books: Sequence[Aggregator], chunk: Chunk) -> None:
        masks = [book.mask for book in books]
        for path in chunk.paths:
            try:
                for count, (event, numbers) in enumerate(flow_events(path, masks)):
                    channel_group = self._channel_groups.of(event.channel)
                    for number in numbers:
                        books[number].take(event, channel_group, again=chunk.again)
                    if sum(book.waiting for book in books) >= self._most:
                        self._commit(books, {})
                    if count % _BREATH == 0:
                        self._yield_cpu()
            except UNREADABLE as error:
                if not self._events.is_current(path):
                    raise FollowingError(f"a file of the lake cannot be read: {plain(error)}") from error
                self.broken.add(path)
                _log.error("the events of a file are in no flow", file=path.name, error=type(error).__name__)
        self._commit(books, {book.name: chunk.place for book in books})

    def _commit(self, books: Sequence[Aggregator], places: dict[str, Place]) -> None:
        """Commit what waits, and with it how far that is; where nothing came of the events, at the next occasion."""
        rows: list[Row] = []
        for book in books:
            for more in book.fold(self._store):
                self._yield_cpu()
                if len(rows) + len(more) > _MOST_ROWS:
                    self._store.commit(rows, {})
                    rows = []
                    pa.default_memory_pool().release_unused()
                rows += more
        self._places |= places
        self._unsaved |= places
        if rows:
            self._store.commit(rows, self._positions(self._unsaved) if places else {})
            if places:
                self._unsaved = {}
        pa.default_memory_pool().release_unused()

    def save(self) -> None:
        """Note how far it is."""
        if self._unsaved:
            self._store.commit([], self._positions(self._unsaved))
            self._unsaved = {}

    def _positions(self, places: dict[str, Place]) -> dict[str, int]:
        digests = {book.name: book.digest for book in self._books}
        found = dict(self._marks)
        for name, place in places.items():
            found |= {f"{_EVENTS}:{name}": place.version, f"{_UNTIL}:{name}": place.until}
            found[f"{_PLANS}:{name}"] = digests[name]
        return found

    def _place(self, book: Aggregator) -> Place:
        """How far a book was; the beginning, if its plans were others then."""
        version = self._store.position(f"{_EVENTS}:{book.name}")
        until = self._store.position(f"{_UNTIL}:{book.name}")
        is_same = self._store.position(f"{_PLANS}:{book.name}") == book.digest
        is_same = is_same and all(self._store.position(name) == number for name, number in self._marks.items())
        return Place(version, until) if is_same and version is not None and until is not None else Place()

    def _forget_others(self) -> None:
        """Remove what stands of plans that nobody follows any more, and of books that begin anew."""
        known = {name for book in self._books for name in book.partitions if self._places[book.name] != Place()}
        gone = [name for name in self._store.plans() if name not in known]
        if gone:
            _log.info("flows are built anew or left out", plans=gone)
            self._store.commit([], {}, forget=gone)

    def _forget(self, books: Sequence[Aggregator]) -> None:
        gone = [name for book in books for name in book.partitions]
        self._store.commit([], self._positions({book.name: Place() for book in books}), forget=gone)
        self._places |= {book.name: Place() for book in books}


def _books(plans: Iterable[Plan]) -> Iterable[Aggregator]:
    plans = list(plans)
    yield from (FlowAggregator(plan) for plan in plans if plan.kind == "flow")
    workflows = [plan for plan in plans if plan.kind == "workflow"]
    if workflows:
        yield SessionAggregator(workflows)


def _number(text: str) -> int:
    """A text as 63 bits."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1
