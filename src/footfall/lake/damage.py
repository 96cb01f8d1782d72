"""What ends work on a lake until a person has looked."""

from footfall.errors import TerminalError


class LakeDamagedError(TerminalError):
    """A table cannot be opened, and nothing proves that it can be made whole; nothing was touched."""
