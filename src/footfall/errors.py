"""The two kinds of failure; who catches one knows from its type whether trying again can help."""


class TerminalError(Exception):
    """Trying again would fail again: somebody has to change something."""


class TransientError(Exception):
    """The same call may succeed later; `retry_after` is a hint in seconds."""

    retry_after: float = 1.0
