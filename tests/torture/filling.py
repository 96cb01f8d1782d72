"""A disk that fills up while events come in: senders are told to wait, and nothing acknowledged is lost or doubled."""

import os
import threading
from pathlib import Path

from tests.serving import serving, until
from tests.torture.clients import Ledger
from tests.torture.killing import Outcome, load, settle

SIZE = "size=96m"
_SEGMENT = 4 << 20


def fill(disk: Path, times: int) -> Outcome:
    """Fill the disk and free it again under load, so many times."""
    ledger = Ledger()
    data = disk / "data"
    ballast = disk / "ballast"
    settings = {"batch_seconds": 0.3, "segment_bytes": _SEGMENT, "min_free_bytes": 1 << 20}
    with load(ledger) as clients, serving(data, **settings) as served:
        for client in clients:
            client.url = served.url
            client.start()
        for _ in range(times):
            _grow(ledger, 400)
            _stuff(disk, ballast)
            retried = ledger.retries
            until(lambda before=retried: ledger.retries > before + 20, 60)  # type: ignore[misc]
            assert served.get("/health").json()["problems"]
            ballast.unlink()
            _grow(ledger, 400)
    return settle(data, ledger, times)


def _grow(ledger: Ledger, by: int) -> None:
    start = len(ledger.acknowledged)
    until(lambda: len(ledger.acknowledged) > start + by, 90)


def _stuff(disk: Path, ballast: Path) -> None:
    """Take the rest of the space, again and again until it stays taken."""
    with ballast.open("ab", buffering=0) as file:
        quiet = threading.Event()
        misses = 0
        while misses < 20:
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            try:
                file.write(b"\0" * max(4096, min(free, 1 << 20)))
                misses = 0
            except OSError:
                misses += 1
                quiet.wait(0.02)
