"""Stretches of time with a START and an END: sessions, and content that is played."""

from time import monotonic
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from footfall.tracker.context import Content, Surroundings, within

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from footfall.tracker.tracker import Tracker


class Span:
    """Sends START when entered and END when left, with the time between, also when the body raises.

    Works with `with` and `async with`. `summary` may be filled while it lasts and goes with the END.
    """

    def __init__(self, tracker: "Tracker", kind: str, inside: Surroundings, edata: dict[str, Any]) -> None:
        self._tracker = tracker
        self._kind = kind
        self._inside = inside
        self._edata = edata
        self._within: AbstractContextManager[Surroundings] | None = None
        self._began = 0.0
        self.summary: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._within = within(self._inside)
        self._within.__enter__()
        self._began = monotonic()
        self._tracker.start(type=self._kind, **self._edata)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        said = {name: value for name, value in self._edata.items() if name in ("mode", "pageid")}
        if self.summary:
            said["summary"] = self.summary
        self._tracker.end(type=self._kind, duration=round(monotonic() - self._began, 3), **said)
        if self._within is not None:
            self._within.__exit__(None, None, None)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        self.__exit__(kind, error, trace)


def session(tracker: "Tracker", around: Surroundings, edata: dict[str, Any]) -> Span:
    """A session; it has an id of its own where none is given."""
    return Span(tracker, "session", around if around.sid else around.having(sid=str(uuid4())), edata)


def play(tracker: "Tracker", around: Surroundings, content: Content, edata: dict[str, Any]) -> Span:
    """Content while it is played."""
    return Span(tracker, "player", around.having(content=content), {"mode": "play", "pageid": content.id} | edata)
