"""One writer at a time for a lake."""

import fcntl
import os
import threading
import time
from pathlib import Path

from footfall.errors import TerminalError
from footfall.lake.disk import make_folder, open_lock

_POLL_SECONDS = 0.1


class LakeLockedError(TerminalError):
    """Another process writes to this lake."""


class LakeLock:
    """The right to write to a lake; the system takes it back when the process ends, however it ends."""

    def __init__(
        self, root: Path, *, name: str = "lock", patience: float = 0.0, stop: threading.Event | None = None
    ) -> None:
        """Take the lock, waiting up to `patience` seconds for a writer that is about to end. Raises LakeLockedError.

        Each derived table that has a writer of its own has a lock of its own.
        """
        make_folder(root, within=root.parent)
        stop = stop or threading.Event()
        deadline = time.monotonic() + patience
        self._handle = open_lock(root / name)
        while not self._take():
            if time.monotonic() >= deadline or stop.wait(_POLL_SECONDS):
                self.release()
                raise LakeLockedError(f"another process writes to the lake in {root}")

    def release(self) -> None:
        """Let others write; releasing twice does nothing."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _take(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
