"""No process outlives the one that started it, in whatever order they die."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from footfall.errors import TerminalError
from footfall.runtime import leftovers
from tests.cli.samples import impression
from tests.serving import PROGRAM, serving, until

_CHILD = (
    "import sys, time; from footfall.runtime import lifeline; {before}; lifeline.hold({seconds});"
    "print('up', flush=True); time.sleep(600)"
)
_PARENT = (
    "import subprocess, sys, time; from footfall.runtime import lifeline;"
    "child = lifeline.spawn([sys.executable, '-c', sys.argv[1]], stdout=subprocess.PIPE);"
    "child.stdout.readline(); print(child.pid, flush=True); time.sleep(600)"
)
_HOLDER = "import sys, time; print('up', flush=True); time.sleep(600)"


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    return False


@contextmanager
def family(seconds: float, before: str = "pass") -> Iterator[tuple["subprocess.Popen[bytes]", psutil.Process]]:
    """A parent, and a child that holds its lifeline."""
    command = [sys.executable, "-c", _PARENT, _CHILD.format(seconds=seconds, before=before)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        try:
            yield parent, child
        finally:
            parent.kill()
            with suppress(psutil.NoSuchProcess):
                child.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
@pytest.mark.parametrize("seconds", [0, 30])
@pytest.mark.parametrize("is_stopped", [True, False])
def test_a_child_ends_with_its_parent(number: signal.Signals, seconds: float, is_stopped: bool) -> None:
    with family(seconds) as (parent, child):
        if is_stopped:
            child.suspend()
            until(lambda: child.status() == psutil.STATUS_STOPPED)
        parent.send_signal(number)
        until(lambda: not lives(child), 10)


def test_a_child_that_does_not_want_to_end_is_killed() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    with family(0.2, deaf) as (parent, child):
        parent.kill()
        until(lambda: not lives(child), 10)


def test_nothing_is_left_when_the_supervisor_is_killed_while_others_are_stopped(tmp_path: Path) -> None:
    with serving(tmp_path, batch_seconds=0.2) as served:
        assert served.post([impression("IMPRESSION:1")]).status_code == 200
        below = psutil.Process(served.pid).children(recursive=True)
        assert len(below) >= 5
        for role in ("pipeline", "web", "collector"):
            psutil.Process(served.children()[role][0]).suspend()
        psutil.Process(served.pid).kill()
        until(lambda: not any(map(lives, below)), 40)
    with serving(tmp_path) as served:
        served.wait_for("SELECT mid FROM events", lambda rows: len(rows) == 1)


def test_a_footfall_waits_for_what_another_left_and_ends_it_at_last(tmp_path: Path) -> None:
    lock = leftovers.take(tmp_path, 0, threading.Event())
    command = [sys.executable, "-c", _HOLDER, "footfall.services"]
    with subprocess.Popen(command, pass_fds=(lock,), stdout=subprocess.PIPE) as left:
        assert left.stdout is not None
        left.stdout.readline()
        assert leftovers.holders(lock) == [left.pid]
        os.close(lock)
        stop = threading.Event()
        stop.set()
        with pytest.raises(TerminalError, match="stopped while"):
            leftovers.take(tmp_path, 60, stop)
        os.kill(left.pid, signal.SIGSTOP)
        os.close(leftovers.take(tmp_path, 0.1, threading.Event()))
        assert left.wait() == -signal.SIGKILL


def test_what_is_not_ours_is_not_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leftovers, "_KILLED_SECONDS", 0.1)
    lock = leftovers.take(tmp_path, 0, threading.Event())
    other = os.dup(lock)
    os.close(lock)
    with pytest.raises(TerminalError, match="unknown"):
        leftovers.take(tmp_path, 0.1, threading.Event())
    fcntl.flock(other, fcntl.LOCK_UN)
    os.close(other)


def test_those_who_examine_events_end_with_the_check(tmp_path: Path) -> None:
    many = tmp_path / "events.ndjson"
    line = json.dumps(impression("IMPRESSION:1")).encode() + b"\n"
    many.write_bytes(line * ((24 << 20) // len(line)))
    command = [PROGRAM, "check", str(many), "--jobs", "2"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as check:
        seen = psutil.Process(check.pid)
        until(lambda: len(seen.children(recursive=True)) >= 3)
        below = seen.children(recursive=True)
        check.kill()
        until(lambda: not any(map(lives, below)), 20)
