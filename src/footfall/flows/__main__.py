"""The process that folds: `python -m footfall.flows`; begins light, so that its parent's end is noticed."""

import signal

from footfall import lifeline, settings
from footfall.process import step_aside, travel_light


def main() -> None:
    """Fold until there is nothing to do, or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # there is nothing to tidy up: the next one goes on
    lifeline.hold()
    if settings.load({}).flow_idle:
        step_aside()
    travel_light()
    from footfall.flows import work

    work.main()


if __name__ == "__main__":
    main()
