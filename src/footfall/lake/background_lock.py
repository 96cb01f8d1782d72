"""Background work that takes much memory: one process at a time, and compaction before all else."""

import fcntl
import os
import time
from pathlib import Path

from footfall.lake.disk import open_lock

_LOCK = "background.lock"
_ASKED = "background.asked"
_FORGOTTEN_SECONDS = 60.0


class BackgroundLock:
    """The right to work in the background of a lake; the system takes it back when the process ends."""

    def __init__(self, root: Path) -> None:
        self._lock = root / _LOCK
        self._asked = root / _ASKED
        self._handle = -1

    def take(self) -> bool:
        """Take the turn if nobody has it; whether it is ours. Raises OSError."""
        if self._handle < 0:
            self._handle = self._locked()
        return self._handle >= 0

    def ask(self) -> None:
        """Say that somebody waits; forgotten unless it is said again. Raises OSError."""
        os.close(open_lock(self._asked))
        os.utime(self._asked)

    def release(self) -> None:
        """Let others have it, and wait no longer; doing so twice does nothing."""
        self._asked.unlink(missing_ok=True)
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    @property
    def is_free(self) -> bool:
        """Whether nobody has it, or waits for it."""
        if self.is_asked:
            return False
        handle = self._locked()
        if handle >= 0:
            os.close(handle)
        return handle >= 0

    @property
    def is_asked(self) -> bool:
        """Whether somebody waits for the turn."""
        try:
            return time.time() - self._asked.stat().st_mtime < _FORGOTTEN_SECONDS
        except FileNotFoundError:
            return False

    def _locked(self) -> int:
        """The lock file, locked; -1 where another process has it."""
        handle = open_lock(self._lock)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return -1
        return handle
