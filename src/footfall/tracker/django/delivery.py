"""Hands events over to the trackers of a project: at once or when the transaction commits, by outbox or by Celery."""

import atexit
import logging
import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import transaction
from django.utils.module_loading import import_string

from footfall.tracker.django.event import Event
from footfall.tracker.django.options import SETTING, options, outbox_folder
from footfall.tracker.django.queue import DeliveryQueue
from footfall.tracker.safe import guard

if TYPE_CHECKING:
    from footfall.tracker.django.tracker import Tracker

_log = logging.getLogger("footfall.tracker.django")
_EXIT_SECONDS = 2.0
_kinds: dict[str, type] = {}


def deliver(event: Event, only: "type[Tracker] | None" = None) -> bool:
    """Hand an event to every tracker, or to one only, once the transaction under way commits. Never raises.

    Whether all of them keep it, as far as can be told.
    """
    with guard(_log, "an event was lost"):
        given = options()
        paths = tracker_paths() if only is None else [_known(only)]
        connection = transaction.get_connection(given.database)
        if given.on_commit and connection.in_atomic_block:
            connection.on_commit(partial(_hand_over, event, paths), robust=True)
            return True
        return _hand_over(event, paths)
    return False


def tracker_paths() -> list[str]:
    """The dotted paths of the trackers of this project; one that cannot be imported stands there as it was given."""
    return [_known(given) for given in options().trackers]


def path_of(tracker: type) -> str:
    """A class's dotted path."""
    return f"{tracker.__module__}.{tracker.__qualname__}"


def tracker(path: str) -> "Tracker":
    """The tracker at a dotted path; raises ImproperlyConfigured."""
    return _desk.tracker(path)


def line(path: str) -> DeliveryQueue:
    """The way to a tracker; raises ImproperlyConfigured and ValueError."""
    return _desk.line(path)


def resume() -> None:
    """Begin to send what an earlier process left behind. Never raises."""
    try:
        paths = [path for path in tracker_paths() if any(folder(path).glob("*.outbox"))]
    except (ImproperlyConfigured, OSError) as error:
        _log.error("what waits cannot be sent: %s", error)
        return
    for path in paths:
        with guard(_log, "what waits for %s cannot be sent", path):
            line(path)


def folder(path: str) -> Path:
    """Where the events for a tracker wait."""
    return outbox_folder() / path


def _known(given: object) -> str:
    with suppress(ImportError):
        found = import_string(given) if isinstance(given, str) else given
        if isinstance(found, type):
            path = path_of(found)
            _kinds[path] = found
            return path
    return str(given)


def _hand_over(event: Event, paths: list[str]) -> bool:
    return all([_hand_to(path, event) for path in paths])  # noqa: C419 - one that fails must not stop the others


def _hand_to(path: str, event: Event) -> bool:
    with guard(_log, "an event for %s was lost", path):
        to = tracker(path)
        if not to.takes(event):
            return True
        if options().delivery == "celery" and _enqueue(path, event):
            return True
        return line(path).put(event.id, to.text(event))
    return False


def _enqueue(path: str, event: Event) -> bool:
    from footfall.tracker.django.tasks import enqueue

    return enqueue(path, event)


class _Registry:
    """The trackers of this process and the ways to them, made when they are needed first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._trackers: dict[str, Tracker] = {}
        self._lines: dict[str, DeliveryQueue] = {}

    def tracker(self, path: str) -> "Tracker":
        """See the function."""
        found = self._trackers.get(path)
        if found is None:
            made = _make(path)
            found = self._trackers.setdefault(path, made)
        return found

    def line(self, path: str) -> DeliveryQueue:
        """See the function."""
        found = self._lines.get(path)
        if found is None:
            to = self.tracker(path)
            with self._lock:
                if path not in self._lines:
                    self._lines[path] = DeliveryQueue(folder(path), options().outbox_bytes, to.post(), to.pace())
                found = self._lines[path]
        return found

    def close(self, timeout: float = _EXIT_SECONDS) -> None:
        """Send for so many seconds at most, then stop; the next event begins anew."""
        until = monotonic() + timeout
        with self._lock:
            lines = list(self._lines.values())
            self._lines.clear()
            self._trackers.clear()
        for one in lines:
            one.close(max(0.0, until - monotonic()))

    def after_fork(self) -> None:
        """In a child process: threads did not come along, and the lock may be held by one of them."""
        self._lock = Lock()
        for one in self._lines.values():
            one.after_fork()


_desk = _Registry()


def _make(path: str) -> "Tracker":
    from footfall.tracker.django.tracker import Tracker

    try:
        kind = _kinds.get(path) or import_string(path)
    except ImportError as error:
        raise ImproperlyConfigured(f"{SETTING}: TRACKERS: {error}") from error
    if not isinstance(kind, type) or not issubclass(kind, Tracker):
        raise ImproperlyConfigured(f"{SETTING}: TRACKERS: {path} does not extend Tracker.")
    return kind()


def _forget(*, setting: str, **_: object) -> None:
    if setting == SETTING:
        _desk.close(0.5)


setting_changed.connect(_forget, dispatch_uid="footfall.delivery")
atexit.register(_desk.close)
os.register_at_fork(after_in_child=_desk.after_fork)
