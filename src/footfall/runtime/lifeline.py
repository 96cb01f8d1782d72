"""No process outlives the one that started it: a pipe, whose one write end only the parent holds, ends when that does.

However a parent dies, the system closes its end; a child that waits at the other one ends itself then, in order and
within a bound. One that was stopped (SIGSTOP) at that moment is woken first, on Linux.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from functools import cache

VARIABLE = "FOOTFALL_LIFELINE"
_PR_SET_PDEATHSIG = 1

_cut = threading.Event()


def spawn(
    command: list[str],
    *,
    environment: Mapping[str, str] | None = None,
    fds: tuple[int, ...] = (),
    stdout: int | None = None,
    stderr: int | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a program of our own, in a session of its own, that ends when this process does. Raises OSError.

    It has to call `hold`. To be called in a thread that lasts: Linux takes its end for that of the process.
    """
    end, _ = _pipe()
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        env={**(os.environ if environment is None else environment), VARIABLE: str(end)},
        pass_fds=(*fds, end),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def run(command: list[str], seconds: float) -> "subprocess.CompletedProcess[bytes]":
    """The same, and wait for its end, and for what it says. Raises OSError, or TimeoutExpired, when it was killed."""
    with spawn(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def hold(seconds: float = 0.0) -> None:
    """Have this process end with its parent, if that started it by `spawn`.

    It gets SIGTERM, and SIGKILL if it lives `seconds` later; at once where nothing has to be tidied up.
    """
    end = os.environ.pop(VARIABLE, "")
    if not end:
        return
    with contextlib.suppress(OSError, ValueError):
        os.set_inheritable(int(end), False)
        die_with_parent(signal.SIGCONT if seconds else signal.SIGKILL)
        threading.Thread(target=_watch, args=(int(end), seconds), name="lifeline", daemon=True).start()


def is_cut() -> bool:
    """Whether the parent is gone, so that this process has to end soon."""
    return _cut.is_set()


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this signal when the parent is gone, also where this process is stopped then; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)


@cache
def _pipe() -> tuple[int, int]:
    """The ends of the pipe that all children of this process share."""
    return os.pipe()


def _watch(end: int, seconds: float) -> None:
    while os.read(end, 1):
        pass
    _cut.set()
    if seconds:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(seconds)
    os.kill(os.getpid(), signal.SIGKILL)
