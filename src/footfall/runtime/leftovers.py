"""Processes of a footfall that is gone, which another one has to wait for: all of them hold one lock."""

import contextlib
import fcntl
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from footfall.errors import TerminalError

FILE = "processes.lock"
_log = structlog.get_logger()
_POLL_SECONDS = 0.1
_KILLED_SECONDS = 10.0
_OURS = b"footfall.services"


def take(data: Path, patience: float, stop: threading.Event) -> int:
    """A lock that the processes to be started inherit, had as soon as those of an earlier footfall are gone.

    They end by themselves; those that live after `patience` seconds are killed. Raises TerminalError when they cannot
    be, or `stop` is set meanwhile.
    """
    lock = os.open(data / FILE, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if not _is_free(lock):
            _wait_for_end(data, lock, patience, stop)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _wait_for_end(data: Path, lock: int, patience: float, stop: threading.Event) -> None:
    _log.warning("waiting for the processes of a footfall that is gone", data=str(data), pids=holders(lock))
    _signal(lock, signal.SIGCONT)
    if _waits(lock, patience, stop):
        return
    _log.error("processes of a footfall that is gone do not end: they are killed", pids=holders(lock))
    _signal(lock, signal.SIGKILL)
    if not _waits(lock, _KILLED_SECONDS, stop):
        named = ", ".join(map(str, holders(lock))) or "unknown"
        raise TerminalError(f"processes of a footfall that is gone still use {data}, and do not end: {named}")


def _waits(lock: int, seconds: float, stop: threading.Event) -> bool:
    """Wait until the lock is ours; false where that takes longer. Raises TerminalError when told to stop."""
    deadline = time.monotonic() + seconds
    while not _is_free(lock):
        if time.monotonic() >= deadline:
            return False
        if stop.wait(_POLL_SECONDS):
            raise TerminalError("stopped while processes of a footfall that is gone were ending")
    return True


def _is_free(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holders(lock: int) -> list[int]:
    """The processes of ours that have this file open, but for this one; none where the system does not tell."""
    wanted = os.fstat(lock)
    return [pid for pid in _pids() if pid != os.getpid() and _is_ours(pid) and _has_open(pid, wanted)]


def _pids() -> Iterator[int]:
    with contextlib.suppress(OSError):
        yield from (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _is_ours(pid: int) -> bool:
    try:
        return _OURS in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _has_open(pid: int, wanted: os.stat_result) -> bool:
    try:
        return any(_is_same(path, wanted) for path in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _is_same(path: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(path.stat(), wanted)
    except OSError:
        return False


def _signal(lock: int, number: signal.Signals) -> None:
    for pid in holders(lock):
        with contextlib.suppress(OSError):
            os.kill(pid, number)
