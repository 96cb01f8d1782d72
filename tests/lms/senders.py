"""Trackers that send to somewhere else, as a project would write them."""

from collections.abc import Callable
from threading import Condition

from footfall.errors import TerminalError
from footfall.tracker.django import Event, FootfallTracker, Tracker, event_types


class Recorder(Tracker):
    """Keeps what it is sent; `fail` may raise first. Each subclass has records of its own."""

    sent: list[Event]
    tries: int
    changed: Condition
    fail: Callable[[Event], None]

    def __init_subclass__(cls) -> None:
        cls.reset()

    @classmethod
    def reset(cls) -> None:
        """As if nothing had been sent."""
        cls.sent = []
        cls.tries = 0
        cls.changed = Condition()
        cls.fail = staticmethod(lambda _: None)

    @classmethod
    def wait(cls, number: int, timeout: float = 20.0) -> None:
        """Wait until so many events were sent."""
        with cls.changed:
            assert cls.changed.wait_for(lambda: len(cls.sent) >= number, timeout), f"{len(cls.sent)} were sent"

    def send(self, event: Event) -> None:
        """Keep an event."""
        kind = type(self)
        with kind.changed:
            kind.tries += 1
            kind.changed.notify_all()
        kind.fail(event)
        with kind.changed:
            kind.sent.append(event)
            kind.changed.notify_all()


class Chat(Recorder):
    """Gets every event."""


class Mail(Recorder):
    """Gets what somebody earned."""

    event_types = (event_types.COURSE_PASSED, event_types.COURSE_CERTIFICATE_EARNED)


class Unfinished(Tracker):
    """Sends nowhere."""


def fail_times(number: int, error: Exception) -> Callable[[Event], None]:
    """Fails for so many tries, then no more."""
    left = [error] * number

    def fail(_: Event) -> None:
        if left:
            raise left.pop()

    return fail


def refuse(_: Event) -> None:
    """Wants no event at all."""
    raise TerminalError("not this one")


class Half(FootfallTracker):
    """Overrides what the outbox does not use."""

    def send(self, event: Event) -> None:
        """Send nothing."""
