"""What a process owes the one that started it."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def travel_light() -> None:
    """Keep structlog from loading Rich where it is installed: 5 MiB in each process, to draw what no log is read for.

    To be called before structlog is imported.
    """
    sys.modules["rich"] = None  # type: ignore[assignment]


def thrifty() -> dict[str, str]:
    """The environment for a child that works in the background: large arrays go back to the system at once."""
    return {**os.environ, "MALLOC_MMAP_THRESHOLD_": "1048576"}


def die_with_parent() -> None:
    """Have the kernel end this process when its parent is gone, so that a restart finds nobody in its place.

    Linux only; elsewhere a process that lost its parent ends with its work.
    """
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(0)
