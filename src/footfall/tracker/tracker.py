"""The tracker: V3's seventeen methods, and what becomes of the events they make."""

import asyncio
import atexit
import contextlib
import hashlib
import logging
import os
import weakref
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from footfall.tracker import calls, spans
from footfall.tracker.context import Content, Producer, Surroundings, here, within
from footfall.tracker.disk_outbox import forked, on_disk
from footfall.tracker.event import build
from footfall.tracker.outbox import Aside, MemoryOutbox, Outbox, OutboxError
from footfall.tracker.reports import Counts, Fate, Listener, Report
from footfall.tracker.sender import Pace, Sender
from footfall.tracker.transport import HttpTransport

if TYPE_CHECKING:
    from footfall.plans.model import Plan
    from footfall.tracker.flow import Flow

_log = logging.getLogger("footfall.tracker")
_LARGEST = 1 << 20
_NO_EVENT = (TypeError, ValueError, AttributeError, RecursionError)

Data = Mapping[str, Any] | None
_trackers: "weakref.WeakSet[Tracker]" = weakref.WeakSet()


class Tracker:
    """Sends events to footfall, or to any server that takes Sunbird Telemetry V3.

    No method raises or waits for the network: what is wrong with an event is counted, logged without its values, and
    told to `on_fate`. Threads, tasks and forked processes may share a tracker. `outbox` is a folder, an outbox, or None
    for memory only; without a word on it, events wait in a folder under the user's state directory. `batch_age` and
    `exit_timeout` are in seconds, `batch_bytes` in bytes. Raises ValueError for an endpoint that is no URL.
    """

    def __init__(
        self,
        endpoint: str,
        channel: str,
        producer: Producer | str,
        *,
        key: str = "",
        env: str = "",
        did: str = "",
        outbox: Outbox | Path | str | None = "",
        batch_events: int = 100,
        batch_bytes: int = 512 << 10,
        batch_age: float = 2.0,
        exit_timeout: float = 2.0,
        on_fate: Listener | None = None,
    ) -> None:
        self.producer = Producer(producer) if isinstance(producer, str) else producer
        self.counts = Counts()
        self._around = Surroundings(channel=channel, env=env or self.producer.id, did=did)
        self._transport = HttpTransport(endpoint, key, headers=_headers(channel, self.producer, did))
        self._outbox = _outbox(outbox, endpoint, channel, self.producer)
        self._on_fate = on_fate
        self._exit_timeout = exit_timeout
        pace = Pace(batch_events, batch_bytes, batch_age)
        self._sender = Sender(self._outbox, self._transport, pace, self.counts, on_fate)
        self._is_closed = False
        self._sender.resume()
        _trackers.add(self)

    # Surroundings

    def context(
        self,
        *,
        actor: str | None = None,
        actor_type: str | None = None,
        sid: str | None = None,
        did: str | None = None,
        env: str | None = None,
        channel: str | None = None,
        content: Content | None = None,
        cdata: Mapping[str, str] | None = None,
        rollup: Mapping[str, str] | None = None,
        tags: Iterable[str] | None = None,
    ) -> AbstractContextManager[Surroundings]:
        """What the events inside a `with` block carry; `cdata` maps types to ids and is added to what is there."""
        return within(
            self._here().having(
                actor=actor,
                actor_type=actor_type,
                sid=sid,
                did=did,
                env=env,
                channel=channel,
                content=content,
                cdata=None if cdata is None else tuple(cdata.items()),
                rollup=None if rollup is None else dict(rollup),
                tags=tags,
            )
        )

    def session(self, *, actor: str | None = None, sid: str | None = None, **edata: Any) -> spans.Span:
        """A session: START and END of type session, with the true duration."""
        return spans.session(self, self._here().having(actor=actor, sid=sid), edata)

    def play(self, content: Content | str, ver: str = "1.0", **edata: Any) -> spans.Span:
        """Content that is played: START and END of type player, with the true duration."""
        played = Content(content, ver=ver) if isinstance(content, str) else content
        return spans.play(self, self._here(), played, edata)

    def flow(self, plan: "Plan | str", *, id: str | None = None, strict: bool = False) -> "Flow":  # noqa: A002
        """A run through a tracking plan, by its name or its file: its steps are methods.

        In strict mode impossible orders raise FlowError. Raises footfall.plans.errors.PlanError for what is no plan.
        """
        from footfall.plans.registry import find
        from footfall.tracker.flow import Flow

        return Flow(self, find(plan) if isinstance(plan, str) else plan, id=id, strict=strict)

    # The methods of Telemetry V3, with its argument names and their order

    def start(
        self,
        config: Data = None,
        contentId: str | None = None,  # noqa: N803
        contentVer: str = "1.0",  # noqa: N803
        data: Data = None,
        **edata: Any,
    ) -> None:
        """START: something begins. `config` may hold actor, sid, did, env, channel, cdata and tags for this event."""
        content = None if contentId is None else Content(contentId, ver=contentVer)
        self._call(calls.start, data, edata, content=content, config=config)

    def impression(self, data: Data = None, **edata: Any) -> None:
        """IMPRESSION: a page was seen."""
        self._call(calls.impression, data, edata)

    def interact(self, data: Data = None, **edata: Any) -> None:
        """INTERACT: somebody did something on a page."""
        self._call(calls.interact, data, edata)

    def assess(self, data: Data = None, **edata: Any) -> None:
        """ASSESS: an answer was judged; write `pass_` for the field `pass`."""
        self._call(calls.assess, data, edata)

    def response(self, data: Data = None, **edata: Any) -> None:
        """RESPONSE: a question, a poll or an invitation was answered."""
        self._call(calls.response, data, edata)

    def interrupt(self, data: Data = None, **edata: Any) -> None:
        """INTERRUPT: something came in between."""
        self._call(calls.interrupt, data, edata)

    def feedback(self, data: Data = None, **edata: Any) -> None:
        """FEEDBACK: somebody rated or commented."""
        self._call(calls.feedback, data, edata)

    def share(self, data: Data = None, **edata: Any) -> None:
        """SHARE: things were passed on or received."""
        self._call(calls.share, data, edata)

    def audit(self, data: Data = None, **edata: Any) -> None:
        """AUDIT: an object changed."""
        self._call(calls.audit, data, edata)

    def error(self, error: Data = None, **edata: Any) -> None:
        """ERROR: somebody ran into an error."""
        self._call(calls.error, error, edata)

    def heartbeat(self, data: Data = None, **edata: Any) -> None:
        """HEARTBEAT: the process runs."""
        self._call(calls.heartbeat, data, edata)

    def log(self, data: Data = None, **edata: Any) -> None:
        """LOG: something for the operators."""
        self._call(calls.log, data, edata)

    def search(self, data: Data = None, **edata: Any) -> None:
        """SEARCH: somebody looked for something."""
        self._call(calls.search, data, edata)

    def metrics(self, data: Data = None, **edata: Any) -> None:
        """METRICS: figures of a service."""
        self._call(calls.metrics, data, edata)

    def summary(self, data: Data = None, **edata: Any) -> None:
        """SUMMARY: what a stretch of time amounted to."""
        self._call(calls.summary, data, edata)

    def exdata(self, data: Data = None, **edata: Any) -> None:
        """EXDATA: data of another kind, carried along."""
        self._call(calls.exdata, data, edata)

    def end(self, data: Data = None, **edata: Any) -> None:
        """END: what a START began is over."""
        self._call(calls.end, data, edata)

    # What becomes of them

    def flush(self, timeout: float = 10.0) -> bool:
        """Send what waits; whether all of it was sent within so many seconds."""
        return self._sender.flush(timeout)

    async def aflush(self, seconds: float = 10.0) -> bool:
        """The same without blocking the event loop."""
        return await asyncio.to_thread(self.flush, seconds)

    def close(self, timeout: float | None = None) -> bool:
        """Send for `exit_timeout` or so many seconds at most, then stop; what was not sent stays in the outbox."""
        if self._is_closed:
            return True
        self._is_closed = True
        is_sent = self._sender.close(self._exit_timeout if timeout is None else timeout)
        self._outbox.close()
        return is_sent

    async def aclose(self, seconds: float | None = None) -> bool:
        """The same without blocking the event loop."""
        return await asyncio.to_thread(self.close, seconds)

    def aside(self) -> list[Aside]:
        """The events that the server judged wrong, oldest first."""
        return self._outbox.aside()

    def statistics(self) -> Counts:
        """The counts of now."""
        self.counts.waiting = self._outbox.waiting()[0]
        return self.counts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def after_fork(self) -> None:
        """In a child process: begin an outbox and a thread of its own."""
        self._outbox = forked(self._outbox, _log)
        self._sender.after_fork(self._outbox)

    def _here(self) -> Surroundings:
        """Where the caller is, with what the tracker knows in the blanks."""
        around = here()
        blank = {name: getattr(self._around, name) for name in ("channel", "env", "did") if not getattr(around, name)}
        return around.having(**blank) if blank else around

    def _call(
        self,
        method: calls.Method,
        data: Data,
        edata: dict[str, Any],
        *,
        content: Content | None = None,
        config: Data = None,
    ) -> None:
        try:
            if "pass_" in edata:
                edata["pass"] = edata.pop("pass_")
            call = method(content, {**data, **edata} if data else edata)
            changes = _from_config(config) if config else {}
        except _NO_EVENT as error:
            self._report(Report("", Fate.INVALID, "invalid", f"not an event: {type(error).__name__}"))
        else:
            self.send(call, **changes)

    def track(self, eid: str, edata: Mapping[str, Any], options: Data = None) -> None:
        """Any event by its eid and data; `options` is the rest of it in V3's shape, as generated functions give it.

        Of it, actor, context, object, tags, ets (epoch ms) and mid count; the version is the tracker's own.
        """
        try:
            call, changes = _from_options(eid, edata, options or {})
        except _NO_EVENT as error:
            self._report(Report("", Fate.INVALID, "invalid", f"not an event: {type(error).__name__}"))
        else:
            self.send(call, **changes)

    def send(self, call: calls.Call, **changes: Any) -> None:
        """Send an event made elsewhere; `changes` are to its surroundings."""
        try:
            around = self._here()
            mid, event = build(call, around.having(**changes) if changes else around, self.producer)
        except _NO_EVENT as error:
            self._report(Report("", Fate.INVALID, "invalid", f"not an event: {type(error).__name__}"))
        else:
            self._put(mid, event)

    def remark(self, message: str) -> None:
        """Tell the application's log."""
        _log.warning("%s", message)

    def _put(self, mid: str, event: bytes) -> None:
        if len(event) > _LARGEST:
            self._report(Report(mid, Fate.INVALID, "event_too_large", f"the event has {len(event)} bytes"))
            return
        try:
            dropped = self._outbox.put(mid, event)
        except OutboxError as error:
            self._report(Report(mid, Fate.DROPPED, "outbox_failed", str(error)))
            return
        self.counts.kept += 1
        if dropped:
            self.counts.dropped += dropped
            _log.warning("the outbox is full: the oldest %d events made way", dropped)
        self._sender.nudge()

    def _report(self, report: Report) -> None:
        self.counts.count(report.fate)
        _log.warning("an event was not kept (%s): %s", report.code, report.message)
        if self._on_fate is not None:
            with contextlib.suppress(Exception):
                self._on_fate(report)


def _headers(channel: str, producer: Producer, did: str) -> list[tuple[str, str]]:
    found = [("x-channel-id", channel), ("x-app-id", producer.id), ("x-device-id", did)]
    return [(name, value) for name, value in found if value and value.isascii() and value.isprintable()]


def _outbox(wanted: Outbox | Path | str | None, endpoint: str, channel: str, producer: Producer) -> Outbox:
    if wanted is None:
        return MemoryOutbox()
    if not isinstance(wanted, (str, Path)):
        return wanted
    folder = Path(wanted) if wanted else _state() / _name(endpoint, channel, producer)
    return on_disk(folder, _log)


def _state() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "footfall" / "outbox"


def _name(endpoint: str, channel: str, producer: Producer) -> str:
    """Another place for every address, so that events never go where they were not meant to."""
    return hashlib.sha256(f"{endpoint}\0{channel}\0{producer.id}".encode()).hexdigest()[:16]


def _from_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """What V3's config says about an event; what is for the whole tracker was said when it was made."""
    found = {name: config[name] for name in ("sid", "did", "env", "channel", "tags") if config.get(name)}
    if uid := config.get("uid") or config.get("actor"):
        found["actor"] = uid["id"] if isinstance(uid, Mapping) else uid
    if cdata := config.get("cdata"):
        found["cdata"] = tuple((one["type"], one["id"]) for one in cdata)
    return found


def _from_options(eid: str, edata: Mapping[str, Any], options: Mapping[str, Any]) -> tuple[calls.Call, dict[str, Any]]:
    context = options.get("context") or {}
    changes = {name: context[name] for name in ("env", "channel", "sid", "did", "rollup") if context.get(name)}
    if actor := options.get("actor"):
        changes |= {"actor": actor["id"], "actor_type": actor.get("type", "User")}
    if tags := options.get("tags"):
        changes["tags"] = tags
    about = options.get("object")
    content = (
        Content(about["id"], about.get("type", ""), about.get("ver", ""), about.get("rollup", {})) if about else None
    )
    cdata = tuple((one["type"], one["id"]) for one in context.get("cdata", ()))
    return calls.Call(eid, dict(edata), content, cdata, options.get("mid", ""), options.get("ets")), changes


def _close_all() -> None:
    for tracker in list(_trackers):
        tracker.close()


def _fork_all() -> None:
    for tracker in list(_trackers):
        tracker.after_fork()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_fork_all)
