"""What a process says about itself, in a file that every other process may read."""

import time
from pathlib import Path

import msgspec
from msgspec import Struct

from footfall.runtime import runtime_folder

STALE_MS = 15_000
_BEHIND_MS = 5_000


class Heartbeat(Struct, frozen=True, kw_only=True):
    """A process's state. Times are epoch milliseconds; `problems` are sentences for the operator.

    The pipeline's: `newest_stored_at` is when the newest event in the lake was received, `lag_bytes` what waits in the
    journals, `lag_ms` for how long. The flows': `lag_ms` is how long the oldest commit that is not folded has waited,
    `version` the newest that is. The supervisor's: `members` are the names of its processes, `since` when it began.
    """

    at: int
    pid: int
    state: str = "running"
    newest_stored_at: int | None = None
    lag_bytes: int = 0
    lag_ms: int = 0
    version: int = -1
    problems: list[str] = []
    members: list[str] = []
    since: int = 0

    def is_stale(self, now_ms: int | None = None) -> bool:
        """Whether it has been silent for more than 15 seconds."""
        now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        return now_ms - self.at > STALE_MS

    def is_behind(self) -> bool:
        """Whether the pipeline has not got round to what was received five seconds ago, or is silent for as long."""
        latest = time.time_ns() // 1_000_000 - _BEHIND_MS
        if self.at < latest:
            return True
        return self.lag_bytes > 0 and self.newest_stored_at is not None and self.newest_stored_at < latest


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Heartbeat)


def write(path: Path, heartbeat: Heartbeat) -> None:
    """Replace the file at once, so that no reader sees half of it; raises OSError."""
    runtime_folder.write(path, _encoder.encode(heartbeat))


def read(path: Path) -> Heartbeat | None:
    """The last heartbeat; None when there is none that can be read."""
    return runtime_folder.read(path, _decoder)
