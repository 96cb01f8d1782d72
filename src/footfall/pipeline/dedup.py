"""Which events are new: exact over the window of days, by memory for recent ets and by the lake for all others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from footfall.lake.data_files import UNREADABLE
from footfall.lake.hashes import File, Hashes, Lookup, first_day, read_hashes, recent_files
from footfall.pipeline.rows import CANDIDATE, Rows
from footfall.pipeline.window import NEW, OTHER, SAME, Keys, Window

Status = NDArray[np.uint8]

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
    """

    def __init__(self, files: Callable[[], list[File]], *, days: int, max_bytes: int, today: int) -> None:
        self.unreadable: set[Path] = set()
        self._files = files
        self._days = min(days, _MOST_DAYS)
        self._today = self._latest = today
        self._forgotten = self._oldest
        self._window = Window(max_bytes, _ceiling(today))
        self._lookup = Lookup(self._cannot_read)
        self._fill(0)

    def judge(self, rows: Rows) -> tuple[NDArray[np.intp], Status]:
        """Indexes of the candidates among the rows, and for each NEW, SAME or OTHER; what is new is remembered.

        Within the rows the first of several equal keys is the new one. What is new must be in the lake before the next
        call.
        """
        chosen = np.flatnonzero(rows.fate == CANDIDATE)
        judged = np.full(len(chosen), self._today)
        keys = Keys.make(rows.key[chosen], rows.content[chosen], rows.ets[chosen], judged)
        status = self._window.look(keys)
        self._ask_lake(keys, rows.ets[chosen], status)
        _compare_within(keys, status)
        self._window.add(keys.take(status == NEW))
        return chosen, status

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
