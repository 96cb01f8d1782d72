"""Rests between stretches of work in the background, where others want the processors."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

_SCHEDSTAT = Path("/proc/self/schedstat")
_STRETCH = 0.05  # seconds of work between two looks
_RESTS = 10.0  # times the work


def scheduled() -> tuple[float, float]:
    """For how many seconds this process ran, and for how many it wanted to and had to wait; 0 where nobody says."""
    with suppress(OSError, ValueError):
        ran, waited, *_ = map(int, _SCHEDSTAT.read_text().split())
        return ran / 1e9, waited / 1e9
    return 0.0, 0.0


class CpuThrottle:
    """Called often, it sleeps ten times as long as the work took, where that had to wait for longer than it ran.

    An idle task takes little from others, but caches and a core's second thread are shared with it all the same.
    It does not sleep while `is_hurried` says that somebody waits for the end of the work.
    """

    def __init__(
        self, is_hurried: Callable[[], bool] = lambda: False, times: Callable[[], tuple[float, float]] = scheduled
    ) -> None:
        self._is_hurried = is_hurried
        self._times = times
        self._ran, self._waited = times()

    def __call__(self) -> None:
        """Rest if it is time to."""
        ran, waited = self._times()
        work, wait = ran - self._ran, waited - self._waited
        if work < _STRETCH:
            return
        self._ran, self._waited = ran, waited
        if wait > work and not self._is_hurried():
            time.sleep(_RESTS * work)
