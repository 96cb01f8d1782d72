"""The way to one tracker: an outbox on disk, and the thread that empties it."""

import logging
from pathlib import Path

from footfall.tracker.disk_outbox import forked, on_disk
from footfall.tracker.outbox import OutboxError
from footfall.tracker.reports import Counts, Fate
from footfall.tracker.sender import Pace, Sender
from footfall.tracker.transport import HttpTransport

_log = logging.getLogger("footfall.tracker.django")


class DeliveryQueue:
    """Keeps events in `folder` until `post` has carried them. Threads may share it, and forked processes."""

    def __init__(self, folder: Path, max_bytes: int, post: HttpTransport, pace: Pace) -> None:
        self.counts = Counts()
        self._outbox = on_disk(folder, _log, max_bytes)
        self._sender = Sender(self._outbox, post, pace, self.counts, None)
        self._sender.resume()

    def put(self, mid: str, text: bytes) -> bool:
        """Keep an event; False where it could not be kept."""
        try:
            dropped = self._outbox.put(mid, text)
        except OutboxError as error:
            self.counts.count(Fate.DROPPED)
            _log.error("an event was lost: %s", error)
            return False
        self.counts.count(Fate.KEPT)
        if dropped:
            self.counts.count(Fate.DROPPED, dropped)
            _log.error("the outbox is full: the oldest %d events made way", dropped)
        self._sender.nudge()
        return True

    def flush(self, timeout: float) -> bool:
        """Send what waits; whether all of it was sent within so many seconds."""
        return self._sender.flush(timeout)

    def close(self, timeout: float) -> None:
        """Send for so many seconds at most, then stop; what was not sent stays in the folder."""
        self._sender.close(timeout)
        self._outbox.close()

    def after_fork(self) -> None:
        """In a child process: begin an outbox and a thread of its own."""
        self._outbox = forked(self._outbox, _log)
        self._sender.after_fork(self._outbox)
