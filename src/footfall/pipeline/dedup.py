"""Which events are new: exact over the window of days, by memory for recent ets and by the lake for older ones."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from footfall.lake.hashes import File, Hashes, Lookup, read_hashes
from footfall.pipeline.rows import CANDIDATE, Rows
from footfall.pipeline.window import NEW, OTHER, SAME, Keys, Window

Status = NDArray[np.uint8]


class Dedup:
    """Remembers what was stored, and tells resends and conflicts from new events.

    `files` lists the lake's files of stored events received on a day (days since 1970) or later.
    """

    def __init__(self, files: Callable[[int], Iterable[File]], *, days: int, max_bytes: int, today: int) -> None:
        self._files = files
        self._days = days
        self._today = today
        self._window = Window(max_bytes)
        self._lookup = Lookup()
        self._fill()

    def judge(self, rows: Rows) -> tuple[NDArray[np.intp], Status]:
        """Indexes of the candidates among the rows, and for each NEW, SAME or OTHER; what is new is remembered.

        Within the rows the first of several equal keys is the new one.
        """
        chosen = np.flatnonzero(rows.fate == CANDIDATE)
        keys = Keys.make(rows.key[chosen], rows.content[chosen], rows.ets[chosen], rows.day[chosen])
        status = self._window.look(keys)
        self._ask_lake(keys, rows.ets[chosen], status)
        _compare_within(keys, status)
        self._window.add(keys.take(status == NEW))
        return chosen, status

    def turn_day(self, today: int) -> None:
        """Forget what was received before the window of days; `today` in days since 1970."""
        if today != self._today:
            self._today = today
            self._window.forget(self._oldest, today)

    @property
    def bytes(self) -> int:
        """Memory in use by the window."""
        return self._window.bytes

    @property
    def _oldest(self) -> int:
        return self._today - self._days

    def _fill(self) -> None:
        """Remember what the lake holds, newest ets first, as far as the memory goes."""
        for file in sorted(self._files(self._oldest), key=lambda found: found.high, reverse=True):
            if file.high / 1000 < self._window.horizon:
                break
            found = read_hashes(file)
            day = np.full(len(found.key), file.day)
            self._window.add(Keys.make(found.key, found.content, found.ets, day))

    def _ask_lake(self, keys: Keys, ets: NDArray[np.float64], status: Status) -> None:
        late = np.flatnonzero(self._window.is_late(keys) & (status == NEW))
        if not len(late):
            return
        for found in self._lookup.find(self._files(self._oldest), keys.key[late], ets[late]):
            self._mark_found(found, keys, ets, late, status)

    @staticmethod
    def _mark_found(found: Hashes, keys: Keys, ets: NDArray[np.float64], late: NDArray[Any], status: Status) -> None:
        order = np.argsort(found.key, kind="stable")
        place = order[np.clip(np.searchsorted(found.key[order], keys.key[late]), 0, len(order) - 1)]
        hit = (found.key[place] == keys.key[late]) & (found.ets[place] == ets[late])
        same = found.content[place].astype(np.uint32) == keys.check[late]
        status[late[hit]] = np.where(same[hit], SAME, OTHER)


def _compare_within(keys: Keys, status: Status) -> None:
    """Mark the second and later of equal keys that are new to the window."""
    _, first, group = np.unique(keys.key, return_index=True, return_inverse=True)
    again = (status == NEW) & (first[group] != np.arange(len(keys)))
    same = keys.check == keys.check[first[group]]
    status[again] = np.where(same[again], SAME, OTHER)
