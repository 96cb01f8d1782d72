"""Processes killed, ended and stopped in any order, the supervisor among them: none is left, and nothing is lost."""

import fcntl
import os
import random
import signal
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil
from msgspec import Struct

from tests.serving import Served, serving, until
from tests.torture.clients import Ledger
from tests.torture.killing import Outcome, load, settle, start

BOUND_S = 40.0
_NUMBERS = (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP)
_SETTINGS: dict[str, object] = {"batch_seconds": 0.3, "segment_bytes": 1 << 20, "compact_seconds": 1}


class Orphans(Struct, frozen=True):
    """How the processes ended; seconds are from the supervisor's death to that of the last process."""

    rounds: int
    left: list[str]
    locked: int
    slowest_s: float
    outcome: Outcome

    def __str__(self) -> str:
        return (
            f"{self.rounds} supervisors died, {len(self.left)} processes outlived one by {BOUND_S:g} s, "
            f"{self.locked} locks kept, the slowest end took {self.slowest_s:.1f} s; {self.outcome}"
        )

    @property
    def is_clean(self) -> bool:
        """Whether nothing was left, kept or lost."""
        return not self.left and not self.locked and self.outcome.is_clean


def orphan(data: Path, rounds: int, seed: int = 1, bound: float = BOUND_S, environment: object = None) -> Orphans:
    """Start a server so many times, and let its processes die in random orders under load."""
    chance = random.Random(seed)
    ledger, left, locked, slowest = Ledger(), list[str](), 0, 0.0
    with load(ledger) as clients:
        for _ in range(rounds):
            with serving(data, environment=environment or {}, **_SETTINGS) as served:
                for client in clients:
                    client.url = served.url
                start(clients)
                grown = len(ledger.acknowledged) + 100
                until(lambda grown=grown: len(ledger.acknowledged) > grown, 60)  # type: ignore[misc]
                processes = _shoot(served, chance)
                began = time.monotonic()
                with suppress(AssertionError):
                    until(lambda found=processes: not any(map(_lives, found)) and not _locks(data), bound)  # type: ignore[misc]
                slowest = max(slowest, time.monotonic() - began)
                left += [_told(process) for process in processes if _lives(process)]
                locked += _locks(data)
                for process in processes:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
    return Orphans(rounds, left, locked, slowest, settle(data, ledger, rounds))


def _shoot(served: Served, chance: random.Random) -> list[psutil.Process]:
    """Signal some processes, and kill the supervisor in between; all that there were."""
    supervisor = psutil.Process(served.pid)
    processes: list[psutil.Process] = supervisor.children(recursive=True)
    order = chance.sample(processes, chance.randint(0, len(processes)))
    if chance.random() < 0.2:
        order.insert(chance.randint(0, len(order)), supervisor)  # stopped or ended first, and killed at last
    pause = threading.Event()
    for process in order:
        number = chance.choice(_NUMBERS)
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        pause.wait(chance.choice((0, 0, 0.05, 0.7)))
        with suppress(psutil.NoSuchProcess):
            processes += [found for found in supervisor.children(recursive=True) if found not in processes]
    with suppress(psutil.NoSuchProcess):
        supervisor.kill()
    return processes


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _told(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline()[2:5])
    return "gone"


def _locks(data: Path) -> int:
    return _is_locked(data / "lake" / "lock") + _is_locked(data / "processes.lock")


def _is_locked(path: Path) -> int:
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return 1
    finally:
        os.close(handle)
    return 0


def empty(data: Path, rounds: int) -> Outcome:
    """Serve with a temporary folder that is full or gone, and a runtime folder that is removed again and again."""
    ledger = Ledger()
    temporary = data.parent / "temporary"
    temporary.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "footfall", str(temporary)]
    is_full = not subprocess.run(mount, check=False, capture_output=True).returncode
    try:
        if is_full:
            with suppress(OSError):
                (temporary / "ballast").write_bytes(b"\0" * (1 << 20))
        else:
            temporary.rmdir()
        with load(ledger) as clients, serving(data, environment={"TMPDIR": str(temporary)}, **_SETTINGS) as served:
            for client in clients:
                client.url = served.url
            start(clients)
            for number in range(rounds):
                grown = len(ledger.acknowledged) + 200
                until(lambda grown=grown: len(ledger.acknowledged) > grown, 60)  # type: ignore[misc]
                _remove(data / "run")
                victims = served.children().get(("collector", "web")[number % 2], [])
                for pid in victims[:1]:
                    psutil.Process(pid).kill()
                until(lambda: (data / "run" / "web.sock").exists(), 60)
            served.forget_connections()
            until(lambda: served.get("/login").status_code != 503, 60)
    finally:
        if is_full:
            subprocess.run(["umount", "-l", str(temporary)], check=True)
    return settle(data, ledger, rounds)


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()
