"""Which events are new: exact over the window of days, by memory for recent ets and by the lake for all others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import structlog
from msgspec import Struct
from numpy.typing import NDArray

from footfall.lake.key_index import File, Hashes, Lookup, first_day, read_hashes, recent_files
from footfall.lake.parquet import UNREADABLE
from footfall.pipeline.key_window import NEW, OTHER, SAME, Keys, KeyWindow
from footfall.pipeline.rows import CANDIDATE, Rows
from footfall.schema.hashing import PUBLIC_BITS

Status = NDArray[np.uint8]


class Judged(Struct, frozen=True):
    """The candidates among rows, by index; for each NEW, SAME or OTHER, and whether it shares its mid with another.

    That other came with a public key, and is kept as well.
    """

    chosen: NDArray[np.intp]
    status: Status
    shared: NDArray[np.bool_]


_log = structlog.get_logger()
_DAY_SECONDS = 86_400
_DAYS_AHEAD = 3
_MOST_DAYS = 250  # the window knows days modulo 256


class Dedup:
    """Remembers what was stored, and tells resends and conflicts from new events.

    `files` lists the lake's files of stored events; `today` is in days since 1970. `unreadable` are files that cannot
    be read, so that resends of their events may be taken for new.

    Clocks may jump. So the day of an event, by which it is forgotten, is the day on which it was judged and not the one
    its sender or a collector named; what was forgotten because today was thought to be later than it is is remembered
    again; and what belongs to the window is what `recent_files` says.

    `has_public` says that events came with public keys, ever: only then those are looked for beside the others.
    """

    def __init__(
        self, files: Callable[[], list[File]], *, days: int, max_bytes: int, today: int, has_public: bool = False
    ) -> None:
        self.unreadable: set[Path] = set()
        self._files = files
        self._days = min(days, _MOST_DAYS)
        self._today = self._latest = today
        self.has_public = has_public
        self._forgotten = self._oldest
        self._window = KeyWindow(max_bytes, _ceiling(today))
        self._lookup = Lookup(self._cannot_read)
        self._fill(0)

    def judge(self, rows: Rows) -> Judged:
        """What became of the candidates among the rows; what is new is remembered.

        Within the rows the first of several equal keys is the new one. What is new must be in the lake before the next
        call.
        """
        chosen = np.flatnonzero(rows.fate == CANDIDATE)
        judged = np.full(len(chosen), self._today)
        ets, public = rows.ets[chosen], rows.public[chosen]
        keys = Keys.make(rows.key[chosen], rows.content[chosen], ets, judged)
        status = self._look(keys, ets)
        _compare_within(keys, status)
        self.has_public = self.has_public or bool(public.any())
        shared = np.zeros(len(chosen), np.bool_)
        if self.has_public:
            shared = self._compare_kinds(keys, ets, public, status)
        self._window.add(keys.take(status == NEW))
        return Judged(chosen, status, shared)

    def _look(self, keys: Keys, ets: NDArray[np.float64]) -> Status:
        """NEW, SAME or OTHER for each key, by memory and lake."""
        status = self._window.look(keys)
        self._ask_lake(keys, ets, status)
        return status

    def _compare_kinds(
        self, keys: Keys, ets: NDArray[np.float64], public: NDArray[np.bool_], status: Status
    ) -> NDArray[np.bool_]:
        """Hold what public keys sent against what secret ones did, and mark the new events that are there as both.

        A public key's event that a secret one has sent before is a duplicate, or a conflict. The other way round both
        are kept, so that nobody who guesses a mid keeps the true event out.
        """
        twins = Keys(keys.key ^ np.uint64(PUBLIC_BITS), keys.check, keys.second, keys.day)
        before = self._look(twins, ets)
        _compare_with_earlier(keys, twins, status, before, ~public)
        late = public & (status == NEW) & (before != NEW)
        # Its repetitions among the rows repeat nothing that is kept: they are held against the secret one, too.
        late |= public & (before != NEW) & np.isin(keys.key, keys.key[late])
        status[late] = before[late]
        _compare_with_earlier(keys, twins, status, before, public)
        marked: NDArray[np.bool_] = ~public & (status == NEW) & (before != NEW)
        return marked

    def turn_day(self, today: int) -> None:
        """Forget what was received before the window of days, or remember it again where today turned back."""
        if today == self._today:
            return
        first = self._window.ceiling + 1
        self._today = today
        self._latest = max(self._latest, today)
        self._window.ceiling = _ceiling(today)
        oldest = self._oldest
        if oldest < self._forgotten:
            first = 0
        self._forgotten = oldest
        self._window.forget(oldest, self._latest)  # what was judged on a day that is not yet is kept, too
        self._fill(first)

    @property
    def today(self) -> int:
        """The day at which the window of days ends, in days since 1970."""
        return self._today

    @property
    def bytes(self) -> int:
        """Memory in use by the window."""
        return self._window.bytes

    def __len__(self) -> int:
        return len(self._window)

    @property
    def _oldest(self) -> int:
        """The first day that is remembered."""
        return first_day(self._files(), self._today, self._days)

    def _recent(self) -> list[File]:
        return recent_files(self._files(), self._today, self._days)

    def _day_of(self, file: File) -> int:
        """The day of a file's events, if it can be right."""
        return file.day if self._forgotten <= file.day <= self._today + 1 else self._today

    def _fill(self, first: int) -> None:
        """Remember what the lake holds of a second on, up to the ceiling, newest first, as far as the memory goes."""
        high = (self._window.ceiling + 2) * 1000.0
        for file in sorted(self._recent(), key=lambda found: min(found.high, high), reverse=True):
            first = max(first, self._window.horizon)
            # Seconds are rounded, and what is negative counts as 0.
            low = (first - 1) * 1000.0 if first else -np.inf
            if file.high >= low and file.low <= high:
                self._remember(file, first, (low, high))

    def _remember(self, file: File, first: int, within: tuple[float, float]) -> None:
        try:
            for found in read_hashes(file, *within):
                days = np.full(len(found), self._day_of(file))
                keys = Keys.make(found.key, found.content, found.ets, days)
                self._window.add(keys.take((keys.second >= first) & (self._window.look(keys) != SAME)))
        except UNREADABLE as error:
            self._cannot_read(file.path, error)

    def _cannot_read(self, path: Path, error: Exception) -> None:
        if path not in self.unreadable:
            self.unreadable.add(path)
            _log.error("lake file cannot be read", file=path.name, error=type(error).__name__)

    def _ask_lake(self, keys: Keys, ets: NDArray[np.float64], status: Status) -> None:
        asked = np.flatnonzero(self._window.is_outside(keys) & (status != SAME))
        if not len(asked):
            return
        found = _Found()
        for hashes in self._lookup.find(self._recent(), keys.key[asked], ets[asked]):
            found.add(hashes)
        found.mark(asked, keys, ets, status)


class _Found:
    """Stored events that the lake was asked for: their contents by key and ets."""

    def __init__(self) -> None:
        self._checks: dict[tuple[int, float], set[int]] = {}

    def add(self, hashes: Hashes) -> None:
        """Take note of a row group's answer."""
        checks = hashes.content.astype(np.uint32).tolist()
        for key, ets, check in zip(hashes.key.tolist(), hashes.ets.tolist(), checks, strict=True):
            self._checks.setdefault((key, ets), set()).add(check)

    def mark(self, asked: NDArray[np.intp], keys: Keys, ets: NDArray[np.float64], status: Status) -> None:
        """Set the status of those that were found."""
        if self._checks:
            for place in asked.tolist():
                checks = self._checks.get((int(keys.key[place]), float(ets[place])))
                if checks is not None:
                    status[place] = SAME if int(keys.check[place]) in checks else OTHER


def _compare_with_earlier(keys: Keys, twins: Keys, status: Status, before: Status, among: NDArray[np.bool_]) -> None:
    """Note in `before` the twins that are among the new events of the same rows, and stand earlier there."""
    new = np.flatnonzero(among & (status == NEW))
    if not len(new):
        return
    order = new[np.argsort(keys.key[new], kind="stable")]
    places = np.searchsorted(keys.key[order], twins.key)
    there = (places < len(order)) & (keys.key[order[np.minimum(places, len(order) - 1)]] == twins.key)
    found = order[np.minimum(places, len(order) - 1)]
    earlier = there & (found < np.arange(len(keys)))
    same = keys.check[found] == twins.check
    before[earlier] = np.where(same[earlier], SAME, OTHER)


def _ceiling(today: int) -> int:
    return (today + _DAYS_AHEAD) * _DAY_SECONDS


def _compare_within(keys: Keys, status: Status) -> None:
    """Mark the second and later of equal keys that are new."""
    new = np.flatnonzero(status == NEW)
    _, first, group = np.unique(keys.key[new], return_index=True, return_inverse=True)
    again = first[group] != np.arange(len(new))
    if again.any():
        same = keys.check[new] == keys.check[new[first[group]]]
        status[new[again]] = np.where(same[again], SAME, OTHER)
