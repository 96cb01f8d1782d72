"""The process that folds: `python -m footfall.flows PARENT`; begins light, so that its parent's end is noticed."""

import contextlib
import os
import signal
import sys
from pathlib import Path

from footfall import settings
from footfall.process import die_with_parent, travel_light

_NICENESS = 19


def step_aside() -> None:
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


def main() -> None:
    """Fold until there is nothing to do, or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to tidy up: the next one goes on
    die_with_parent()
    if os.getppid() != int(sys.argv[1]):
        return
    if settings.load({}).flow_idle:
        step_aside()
    travel_light()
    from footfall.flows import work

    work.main()


if __name__ == "__main__":
    main()
