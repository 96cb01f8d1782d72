"""For how long the oldest event that is not in the lake yet has waited."""

import time
from collections.abc import Mapping


class Lag:
    """Compares from time to time how far the journals are with how far the lake is.

    What was at the end of the journals some time ago, and is in the lake now, tells that nothing older waits.
    """

    def __init__(self) -> None:
        self._none_before = self._seen_at = time.monotonic()
        self._ends: dict[str, int] = {}

    def look(self, ends: Mapping[str, int], stored: Mapping[str, int]) -> int:
        """The time in ms, by the ends of the journals and the positions that are in the lake; 0 where nothing waits."""
        now = time.monotonic()
        if _has_all(stored, self._ends):
            self._none_before, self._seen_at, self._ends = self._seen_at, now, dict(ends)
        if _has_all(stored, ends):
            self._none_before = now
            return 0
        return round((now - self._none_before) * 1000)


def _has_all(stored: Mapping[str, int], ends: Mapping[str, int]) -> bool:
    return all(stored.get(journal, 0) >= end for journal, end in ends.items())
