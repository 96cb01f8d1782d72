"""What becomes of an event, and who is told."""

from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct


class Fate(StrEnum):
    """What became of an event.

    `kept`: it is in the outbox. `stored`: the server has it. `duplicate`: the server had it already. `rejected`: the
    server judged it wrong, so it lies aside and is not sent again. `dropped`: the outbox was full, or could not be
    written. `invalid`: the application gave something that is no event.
    """

    KEPT = "kept"
    STORED = "stored"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    DROPPED = "dropped"
    INVALID = "invalid"


class Report(Struct, frozen=True):
    """One event's fate; `code` and `message` say why, where it was rejected, dropped or invalid."""

    mid: str
    fate: Fate
    code: str = ""
    message: str = ""
    path: str = ""


class Counts(Struct):
    """How many events had which fate since the tracker was made; `waiting` are in the outbox now."""

    kept: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    dropped: int = 0
    invalid: int = 0
    waiting: int = 0
    retries: int = 0

    def count(self, fate: Fate, number: int = 1) -> None:
        """Add to one of them."""
        setattr(self, fate.value, getattr(self, fate.value) + number)


Listener = Callable[[Report], None]
