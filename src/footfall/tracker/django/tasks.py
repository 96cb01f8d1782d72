"""Sending by Celery: one task for each event and tracker.

Nothing is caught here: an outage is a failed task that Celery tries again, for as long as it takes.
"""

import logging
from time import monotonic
from typing import Any

from celery import shared_task
from kombu.exceptions import KombuError

from footfall.errors import TerminalError
from footfall.tracker.django.delivery import tracker
from footfall.tracker.django.event import Event

_log = logging.getLogger("footfall.tracker.django")
_BROKER_PAUSE = 30.0
# Or kombu connects again and again, for seconds, whatever `retry` says.
_AT_ONCE = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
_LONGEST_PAUSE = 600  # seconds; brokers deliver a task anew that waits for longer than their visibility timeout


@shared_task(
    name="footfall.send",
    acks_late=True,
    reject_on_worker_lost=True,
    ignore_result=True,
    max_retries=None,
    autoretry_for=(Exception,),
    dont_autoretry_for=(TerminalError,),
    retry_backoff=True,
    retry_backoff_max=_LONGEST_PAUSE,
    retry_jitter=True,
)
def send(path: str, v3: str) -> None:
    """Send one event by the tracker at a dotted path; fails for good with TerminalError only."""
    tracker(path).send(Event.read(v3.encode()))


class _Broker:
    """Whether it is worth asking the broker: after a failure it is left alone for a while, as pages wait for it."""

    def __init__(self) -> None:
        self._not_before = 0.0

    def take(self, path: str, event: Event) -> bool:
        """Give it an event; False where it does not take any."""
        if monotonic() < self._not_before:
            return False
        task: Any = send
        try:
            task.apply_async((path, event.v3.decode()), retry=True, retry_policy=_AT_ONCE)
        except (KombuError, OSError) as error:
            self._not_before = monotonic() + _BROKER_PAUSE
            _log.warning("no broker takes an event, so it waits in the outbox: %s", type(error).__name__)
            return False
        self._not_before = 0.0
        return True


_broker = _Broker()


def enqueue(path: str, event: Event) -> bool:
    """Give an event to Celery; False where no broker takes it, or tasks are run in place."""
    task: Any = send
    return not task.app.conf.task_always_eager and _broker.take(path, event)
