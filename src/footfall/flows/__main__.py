"""The process that folds: `python -m footfall.flows`; begins light, so that its parent's end is noticed."""

import signal

from footfall import settings
from footfall.runtime import lifeline
from footfall.runtime.os_process import set_idle_priority, skip_rich


def main() -> None:
    """Fold until there is nothing to do, or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to tidy up: the next one goes on
    lifeline.hold()
    if settings.load({}).flow_idle:
        set_idle_priority()
    skip_rich()
    from footfall.flows import worker

    worker.main()


if __name__ == "__main__":
    main()
