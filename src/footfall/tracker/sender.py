"""The thread that takes events from the outbox to the server, in order, one batch at a time."""

import logging
from collections.abc import Callable
from random import SystemRandom
from threading import Condition, Thread
from time import monotonic

from msgspec import Struct

from footfall.tracker.outbox import Aside, Batch, Outbox, OutboxError
from footfall.tracker.reports import Counts, Fate, Listener, Report
from footfall.tracker.safe import guard
from footfall.tracker.transport import Answer, Complaint, HttpTransport, Verdict

_log = logging.getLogger("footfall.tracker")

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_LOCKED_OUT_PAUSE = 300.0
_LONGEST_RETRY_AFTER = 3600.0
_chance = SystemRandom()  # not the application's, which it may have seeded


class Pace(Struct, frozen=True):
    """When a batch is sent: at so many events or bytes, or when the oldest waits for so many seconds."""

    events: int = 100
    size: int = 512 << 10
    age: float = 2.0


class Sender:
    """Sends until it is closed. What could not be sent stays in the outbox."""

    def __init__(
        self, outbox: Outbox, post: HttpTransport, pace: Pace, counts: Counts, listener: Listener | None
    ) -> None:
        self._outbox = outbox
        self._transport = post
        self._pace = pace
        self._counts = counts
        self._listener = listener
        self._thread: Thread | None = None
        self._prepare()

    def _prepare(self) -> None:
        self._wake = Condition()
        self._is_closed = False
        self._wanted = 0  # flushes asked for
        self._tries = 0  # failures in a row
        self._not_before = 0.0
        self._since: float | None = None  # when the oldest event was put
        self._pending = 0
        self._is_busy = False

    def nudge(self) -> None:
        """Tell that an event was put; starts the thread with the first."""
        self._pending += 1
        if self._since is None:
            self._since = monotonic()
            self._start()
            with self._wake:
                self._wake.notify_all()
        elif self._pending == self._pace.events:
            with self._wake:
                self._wake.notify_all()

    def flush(self, timeout: float) -> bool:
        """Send what waits now, without regard to age; whether all of it was sent within so many seconds."""
        until = monotonic() + timeout
        if self._outbox.waiting()[0]:
            self._start()
        with self._wake:
            self._wanted += 1
            self._not_before = 0.0
            self._wake.notify_all()
            try:
                return self._wake.wait_for(self._is_idle, max(0.0, until - monotonic()))
            finally:
                self._wanted -= 1

    def close(self, timeout: float) -> bool:
        """Send for so many seconds at most, then end the thread; whether all was sent."""
        is_sent = self.flush(timeout)
        with self._wake:
            self._is_closed = True
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(0.1 if is_sent else 0.0)
        return is_sent

    def after_fork(self, outbox: Outbox) -> None:
        """In a child: begin anew with an outbox of its own, as threads do not come along."""
        self._outbox = outbox
        self._thread = None
        self._transport.forget()
        self._prepare()

    def resume(self) -> None:
        """Start when there is something left from before."""
        if self._outbox.waiting()[0]:
            self.nudge()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = Thread(target=self._run, name="footfall-courier", daemon=True)
            self._thread.start()

    def _is_idle(self) -> bool:
        return not self._is_busy and not self._outbox.waiting()[0]

    def _run(self) -> None:
        while self._await_turn():
            try:
                self._send_next()
            except OutboxError as error:
                _log.warning("%s", error)
                self._pause(0.0)
            finally:
                with self._wake:
                    self._is_busy = False
                    self._wake.notify_all()
        self._transport.close()

    def _await_turn(self) -> bool:
        """Wait until something is to be sent; False at the end."""
        with self._wake:
            while not self._is_closed:
                pause = self._time_to_wait()
                if pause <= 0:
                    self._is_busy = True
                    return True
                self._wake.wait(None if pause == float("inf") else pause)
            return False

    def _time_to_wait(self) -> float:
        waiting, size = self._outbox.waiting()
        if not waiting:
            return float("inf")
        now = monotonic()
        if self._not_before > now:
            return self._not_before - now
        if self._wanted or waiting >= self._pace.events or size >= self._pace.size or self._since is None:
            return 0.0
        return self._since + self._pace.age - now

    def _send_next(self) -> None:
        self._since, self._pending = monotonic(), 0
        batch = self._outbox.take(self._pace.events, self._pace.size)
        if batch is None:
            self._since = None
            return
        answer = self._transport.send(_body(batch))
        if answer.verdict is not Verdict.TAKEN:
            self._counts.retries += 1
        _ANSWERS[answer.verdict](self, batch, answer)
        if not self._outbox.waiting()[0]:
            self._since = None

    def _taken(self, batch: Batch, answer: Answer) -> None:
        wrong = {found.index: found for found in answer.complaints if 0 <= found.index < len(batch.events)}
        self._settle(batch, wrong, answer.duplicate)
        self._tries = 0

    def _wrong(self, batch: Batch, answer: Answer) -> None:
        """The server cannot read the request: find the event that spoils it, by halves."""
        if len(batch.events) > 1:
            self._outbox.split(batch)
        else:
            self._settle(batch, {0: Complaint(0, answer.code, answer.message)}, 0)

    def _later(self, _: Batch, answer: Answer) -> None:
        self._pause(answer.after)
        if self._tries == 1:
            _log.info("events wait in the outbox: %s %s", answer.code, answer.message)

    def _locked_out(self, _: Batch, answer: Answer) -> None:
        if not self._tries:
            _log.warning("the server does not let us in (%s): %s", answer.code, answer.message)
        self._pause(max(answer.after, _LOCKED_OUT_PAUSE if self._tries else 0.0))

    def _settle(self, batch: Batch, wrong: dict[int, Complaint], duplicate: int) -> None:
        aside = [
            Aside(batch.events[index].mid, batch.events[index].event, found.code, found.message, found.path)
            for index, found in wrong.items()
        ]
        self._outbox.done(batch, aside)
        self._counts.count(Fate.REJECTED, len(aside))
        self._counts.count(Fate.DUPLICATE, duplicate)
        self._counts.count(Fate.STORED, len(batch.events) - len(aside) - duplicate)
        for one in aside:
            _log.warning("event %s was rejected (%s) and lies aside: %s", one.mid, one.code, one.message)
        if self._listener is not None:
            self._tell(batch, wrong, self._listener)

    def _tell(self, batch: Batch, wrong: dict[int, Complaint], listener: Callable[[Report], None]) -> None:
        for index, waiting in enumerate(batch.events):
            found = wrong.get(index)
            report = (
                Report(waiting.mid, Fate.STORED)
                if found is None
                else Report(waiting.mid, Fate.REJECTED, found.code, found.message, found.path)
            )
            with guard(_log, "on_fate failed"):
                listener(report)

    def _pause(self, after: float) -> None:
        """Wait longer after every failure, and never at the same moments as others."""
        self._tries += 1
        growing = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** min(self._tries - 1, 10))
        pause = _chance.uniform(growing / 2, growing)
        self._not_before = monotonic() + max(pause, min(after, _LONGEST_RETRY_AFTER))


_ANSWERS: dict[Verdict, Callable[[Sender, Batch, Answer], None]] = {
    Verdict.TAKEN: Sender._taken,
    Verdict.LATER: Sender._later,
    Verdict.TOO_LARGE: Sender._wrong,
    Verdict.WRONG: Sender._wrong,
    Verdict.LOCKED_OUT: Sender._locked_out,
}


def _body(batch: Batch) -> bytes:
    head = b'{"id":"api.telemetry","ver":"3.0","params":{"msgid":"%b"},"events":[' % batch.msgid.encode()
    return head + b",".join(waiting.event for waiting in batch.events) + b"]}"
