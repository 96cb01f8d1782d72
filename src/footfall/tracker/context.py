"""Who acts, where and in which connection: what events carry without being told each time.

It is held in a context variable, so that threads and tasks have their own, and what one request sets never sticks to
the events of another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import msgspec
from msgspec import Struct


class Producer(Struct, frozen=True):
    """The application that sends (`pdata`)."""

    id: str
    ver: str = ""
    pid: str = ""


class Content(Struct, frozen=True):
    """What an event is about (`object`)."""

    id: str
    type: str = "Content"
    ver: str = "1.0"
    rollup: dict[str, str] = {}


class Surroundings(Struct, frozen=True):
    """What the events of one place in the program share; times and durations are not among it."""

    actor: str = ""
    actor_type: str = "User"
    sid: str = ""
    did: str = ""
    env: str = ""
    channel: str = ""
    content: Content | None = None
    cdata: tuple[tuple[str, str], ...] = ()
    rollup: dict[str, str] = {}
    tags: tuple[str, ...] = ()

    def having(self, **changes: Any) -> "Surroundings":
        """The same with some of it changed; what is None stays, and `cdata` (type → id) is added to what is there."""
        found = {name: value for name, value in changes.items() if value is not None}
        if "cdata" in found:
            found["cdata"] = tuple((dict(self.cdata) | dict(found["cdata"])).items())
        if "tags" in found:
            found["tags"] = tuple(found["tags"])
        return msgspec.structs.replace(self, **found)


NOWHERE = Surroundings()
_here: ContextVar[Surroundings] = ContextVar("footfall_surroundings", default=NOWHERE)


def here() -> Surroundings:
    """The surroundings of this thread or task."""
    return _here.get()


@contextmanager
def within(surroundings: Surroundings) -> Iterator[Surroundings]:
    """Be somewhere else inside a `with` block."""
    token = _here.set(surroundings)
    try:
        yield surroundings
    finally:
        _here.reset(token)
