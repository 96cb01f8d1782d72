"""`Tracker.track`, to be called wherever something happens that should be known; and where the events go."""

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

from django.utils.timezone import is_naive, make_aware

from footfall.dialects.lms.types import BY_NAME
from footfall.errors import TerminalError, TransientError
from footfall.tracker.django import nodes, subjects
from footfall.tracker.django.callback_transport import CallbackTransport
from footfall.tracker.django.delivery import deliver, path_of
from footfall.tracker.django.event import Event, RefusedError, own_id, write
from footfall.tracker.django.options import options
from footfall.tracker.safe import guard
from footfall.tracker.sender import Pace
from footfall.tracker.transport import HttpTransport, Verdict

_log = logging.getLogger("footfall.tracker.django")


class Tracker:
    """Sends events to somewhere. Extend it, override `send`, and name your class in FOOTFALL["TRACKERS"].

    Each class that is named there gets every event by a way of its own, so that none waits for another; with
    `event_types` it gets those types only. A class is made without arguments, once in every process.
    """

    event_types: ClassVar[Collection[str] | None] = None

    @classmethod
    def track(
        cls,
        event_type: str,
        user: Any = None,
        data: Mapping[str, Any] | None = None,
        course_content_node: Any = None,
        *,
        id: str | None = None,  # noqa: A002 - the field's name
        time: datetime | None = None,
    ) -> bool:
        """Tell all trackers that something happened, or, called on a subclass, that one. Never raises.

        `event_type` is a constant of `event_types`, `data` what docs/lms.md says of the type. An event with a `time` of
        its own may be told of twice without harm; an `id` keeps two apart that are alike. Whether it was taken: kept
        for every tracker, or to be kept once the transaction commits.
        """
        with guard(_log, "an event was not tracked"):
            try:
                event = cls.prepare(event_type, user, data, course_content_node, id=id, time=time)
            except RefusedError as error:
                _log.warning("an event was not tracked: %s", error)
                return False
            return cls.record(event)
        return False

    @classmethod
    def prepare(
        cls,
        event_type: str,
        user: Any = None,
        data: Mapping[str, Any] | None = None,
        course_content_node: Any = None,
        *,
        id: str | None = None,  # noqa: A002 - the field's name
        time: datetime | str | None = None,
        posted: Mapping[str, Any] | None = None,
    ) -> Event:
        """The event as it would be sent, for `record`; `posted` says of the place what the node does not.

        Raises RefusedError, and whatever the application's users, nodes and hooks raise.
        """
        if id is not None and time is None:
            raise RefusedError({"time": ["This field is required with an id."]})
        person = subjects.name(user)
        told: dict[str, Any] = {
            **(posted or {}),
            **nodes.fields_of(course_content_node),
            "event_type": getattr(event_type, "value", event_type),
            "event_data": data,
            "time": _moment(time),
        }
        if person is not None:
            told["anon_username"] = person
        if id is not None or time is None:
            told["id"] = own_id(person or "", id or uuid4().hex)
        event = write(told, options().channel)
        subjects.guard(event, user)
        return event

    @classmethod
    def record(cls, event: Event) -> bool:
        """Hand over an event that was prepared; as `track` does. Never raises."""
        return deliver(event, None if cls is Tracker else cls)

    def send(self, event: Event) -> None:
        """Send one event; called by a thread or a Celery task, never by whoever tracks.

        Raise TerminalError for an event that will never be taken: it is put aside. Whatever else is raised is taken
        for an outage, and the event comes again: recognise it by its `id`.
        """
        raise NotImplementedError

    def takes(self, event: Event) -> bool:
        """Whether this tracker is for events of this type."""
        if self.event_types is None:
            return True
        kind = BY_NAME[event.event_type]
        return kind.value in self.event_types or kind.name in self.event_types

    def text(self, event: Event) -> bytes:
        """The V3 text under which an event waits."""
        return event.v3

    def pace(self) -> Pace:
        """How many waiting events are carried at once, and how long they wait for others."""
        return Pace(events=1, age=0.0)

    def post(self) -> HttpTransport:
        """What carries the waiting events: `send`, one after the other."""
        return CallbackTransport(path_of(type(self)), self.send)


def _moment(given: datetime | str | None) -> datetime | str:
    if given is None:
        return datetime.now(UTC)
    return make_aware(given) if isinstance(given, datetime) and is_naive(given) else given


class FootfallTracker(Tracker):
    """Sends events to a footfall server: the one of the setting FOOTFALL, unless a subclass names another.

    Waiting events are sent in batches, not by `send`; to send to somewhere else, extend Tracker.
    """

    url: str = ""
    key: str = ""
    channel: str = ""

    def pace(self) -> Pace:
        """Batches, at most BATCH_SECONDS after their first event."""
        return Pace(age=options().batch_seconds)

    def post(self) -> HttpTransport:
        """A connection to the server; raises ValueError for a URL that is none."""
        given = options()
        # A key belongs to its server and goes to no other.
        key = self.key if self.url else self.key or given.key
        return HttpTransport(self.url or given.url, key, headers=[("x-channel-id", self.channel or given.channel)])

    def text(self, event: Event) -> bytes:
        """The V3 text under which an event waits."""
        return event.in_channel(self.channel) if self.channel else event.v3

    def send(self, event: Event) -> None:
        """Send one event; raises TransientError while the server cannot be reached, TerminalError if it refuses."""
        post = self.post()
        try:
            head = b'{"id":"api.telemetry","ver":"3.0","params":{"msgid":"%b"},"events":[' % event.id.encode()
            answer = post.send(head + self.text(event) + b"]}")
        finally:
            post.close()
        if answer.verdict in (Verdict.LATER, Verdict.LOCKED_OUT):
            raise TransientError(f"footfall did not take an event: {answer.code} {answer.message}")
        found = answer.complaints[0] if answer.complaints else answer
        if answer.complaints or answer.verdict is not Verdict.TAKEN:
            raise TerminalError(f"footfall refused an event: {found.code} {found.message}")
