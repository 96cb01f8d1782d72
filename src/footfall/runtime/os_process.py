"""How a process keeps itself small, and out of the way of others."""

import contextlib
import os
import sys
from pathlib import Path

_NICENESS = 19


def skip_rich() -> None:
    """Keep structlog from loading Rich where it is installed: 5 MiB in each process, to draw what no log is read for.

    To be called before structlog is imported.
    """
    sys.modules["rich"] = None  # type: ignore[assignment]


def low_memory_env() -> dict[str, str]:
    """The environment for a child that works in the background: large arrays go back to the system at once."""
    return {**os.environ, "MALLOC_MMAP_THRESHOLD_": "1048576"}


def set_idle_priority() -> None:
    """Take only what time of the processors and the disk nobody else wants.

    What is not permitted, as in some containers, is left. An idle task is idle for the disk, too. But Linux may share
    the processors between sessions first, and then priorities count within one only; so this one, which the process
    leads, has to be modest as a whole.
    """
    os.nice(_NICENESS)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        with contextlib.suppress(OSError):
            if os.getsid(0) == os.getpid():
                Path("/proc/self/autogroup").write_text(str(_NICENESS))
