"""Carries events from an outbox to a tracker's own `send`, as a Post carries them to a server."""

import logging
from collections.abc import Callable

import msgspec
from django.db import close_old_connections
from msgspec import Raw, Struct

from footfall.errors import TerminalError, TransientError
from footfall.tracker.django.event import Event
from footfall.tracker.safe import guard
from footfall.tracker.transport import Answer, HttpTransport, Verdict

_log = logging.getLogger("footfall.tracker.django")


class _Batch(Struct):
    events: list[Raw]


_batch = msgspec.json.Decoder(_Batch)


class CallbackTransport(HttpTransport):
    """Calls `send` with one event after the other; meant for batches of one, so that none is sent twice."""

    def __init__(self, name: str, send: Callable[[Event], None]) -> None:
        self._name = name
        self._send = send

    def send(self, body: bytes) -> Answer:
        """Send the events of a batch; whatever goes wrong is an answer."""
        with guard(_log, "%s failed, and will be tried again", self._name) as guarded:
            try:
                for text in _batch.decode(body).events:
                    self._send(Event.read(bytes(text)))
            except (TerminalError, msgspec.DecodeError) as error:
                return Answer(Verdict.WRONG, code=type(error).__name__, message=str(error))
            finally:
                close_old_connections()
            return Answer(Verdict.TAKEN)
        error = guarded.error
        after = error.retry_after if isinstance(error, TransientError) else 0.0
        return Answer(Verdict.LATER, after=after, code=type(error).__name__)

    def close(self) -> None:
        """Nothing is held."""

    def forget(self) -> None:
        """Nothing was held."""
