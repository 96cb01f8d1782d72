"""Judging in slices: no body keeps the event loop for longer than some milliseconds, and channels take turns.

A request that can be judged at once is, as long as the loop has not been kept for a slice already. Every other one is
queued by channel; between two slices the loop serves everybody else. Of bodies that are large only one is judged at a
time, for the sake of memory; channels take turns at that, too.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import structlog

from footfall.collector.http_error import HttpError
from footfall.collector.responses import Reply
from footfall.collector.service import AcceptedRequest, JudgedRequest, Judgement, Service
from footfall.schema.reasons import Reason

_log = structlog.get_logger()
SLICE_SECONDS = 0.005
_NOTICED_SECONDS = 0.001  # less than that is not counted as keeping the loop

Judged = Callable[[JudgedRequest | Reply], None]
_Turn = tuple[str, bool]  # a channel, and whether for large bodies


class _Task:
    """One request while it is judged."""

    __slots__ = ("accepted", "done", "has_place", "steps")

    def __init__(self, accepted: AcceptedRequest, steps: Judgement, done: Judged) -> None:
        self.accepted = accepted
        self.steps = steps
        self.done = done
        self.has_place = False


class TimeSlices:
    """The requests that are being judged."""

    def __init__(self, service: Service, loop: asyncio.AbstractEventLoop) -> None:
        self._service = service
        self._call_soon = loop.call_soon
        self._turns: dict[_Turn, deque[_Task]] = {}
        self._kept = 0.0
        self._is_counting = False
        self._is_scheduled = False
        self._holder: _Task | None = None

    def judge(self, accepted: AcceptedRequest, body: bytes, done: Judged) -> None:
        """Judge a request: `done` is called with the outcome, before this returns where that takes but a moment."""
        if self._kept >= SLICE_SECONDS:
            self._queue(_Task(accepted, self._service.judging(accepted, body, is_new=True), done))
            return
        began = time.monotonic()
        outcome: JudgedRequest | Reply | None = self._service.glance(accepted, body)
        now = time.monotonic()
        self._spend(accepted, now - began, now)
        if outcome is None:
            task = _Task(accepted, self._service.judging(accepted, body), done)
            outcome = self._advance(task, began + SLICE_SECONDS - self._kept)
            if outcome is None:
                self._queue(task)
                return
        done(outcome)

    def _advance(self, task: _Task, until: float) -> JudgedRequest | Reply | None:
        """Go on with a request; None if it is not done by then, or has to wait for the place of large ones."""
        began = time.thread_time()  # which takes no note of time that other processes had
        try:
            return self._steps(task, until)
        finally:
            self._spend(task.accepted, time.thread_time() - began, time.monotonic())

    def _steps(self, task: _Task, until: float) -> JudgedRequest | Reply | None:
        try:
            while True:
                if next(task.steps):
                    task.has_place = True
                    return None
                if time.monotonic() >= until:
                    return None
        except StopIteration as done:
            outcome: JudgedRequest | Reply = done.value
        except Exception as error:  # noqa: BLE001 - a fault of ours in one request must not end the turns of all others
            _log.error("a request could not be judged", exc_info=error)
            outcome = self._service.turn_away(task.accepted, HttpError(500, Reason.UNAVAILABLE))
        if self._holder is task:
            self._holder = None
        return outcome

    def _queue(self, task: _Task) -> None:
        self._turns.setdefault((task.accepted.entry.channel.name, task.has_place), deque()).append(task)
        self._schedule()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self._call_soon(self._run)

    def _run(self) -> None:
        """One slice."""
        self._is_scheduled = False
        end = time.monotonic() + SLICE_SECONDS
        while (turn := self._next()) is not None:
            if time.monotonic() >= end:
                break
            self._take(turn, end)
        if self._turns:
            self._schedule()

    def _next(self) -> _Turn | None:
        """Whose turn it is."""
        for turn, tasks in self._turns.items():
            if not turn[1] or self._holder is None or self._holder is tasks[0]:
                return turn
        return None

    def _take(self, turn: _Turn, end: float) -> None:
        tasks = self._turns.pop(turn)
        task = tasks[0]
        if turn[1]:
            self._holder = task
        outcome = self._advance(task, end)
        is_parked = outcome is None and task.has_place and not turn[1]
        if outcome is not None or is_parked:
            tasks.popleft()
        if tasks:
            self._turns[turn] = tasks  # at the end of the queue
        if is_parked:
            self._queue(task)
        if outcome is not None:
            task.done(outcome)

    def _spend(self, accepted: AcceptedRequest, seconds: float, now: float) -> None:
        self._service.budgets.spend(accepted.entry.channel.name, seconds, now=now)
        if seconds < _NOTICED_SECONDS:
            return
        self._kept += seconds
        if not self._is_counting:
            self._is_counting = True
            self._call_soon(self._begin_anew)

    def _begin_anew(self) -> None:
        self._kept = 0.0
        self._is_counting = False
