"""The pipeline, as the folding of flows sees it: storing events goes before what is made of them."""

import time
from pathlib import Path

from footfall import heartbeat

_LATE_MS = 5_000


class Upstream:
    """The pipeline by what it says of itself in its heartbeat file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_behind(self) -> bool:
        """Whether it has not got round to what was received five seconds ago, or is silent for as long."""
        beat = heartbeat.read(self._path)
        if beat is None:
            return False
        latest = time.time_ns() // 1_000_000 - _LATE_MS
        if beat.at < latest:
            return True
        return beat.lag_bytes > 0 and beat.newest_stored_at is not None and beat.newest_stored_at < latest
