"""The door: one request's way from its head to a journal record, and from there to its reply.

`admit` looks at the head, `glance` or `judging` at the body, and the record is written by whoever called. What they
return holds no decoded event, so that waiting for the disk costs no memory.
"""

import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from functools import lru_cache, partial
from itertools import islice
from typing import TypeVar

from msgspec import Struct, structs

from footfall.collector import agents, cors, foreign, reply
from footfall.collector.budgets import Budgets
from footfall.collector.encodings import inflating, parse_encodings
from footfall.collector.foreign import Foreigner, Interpreter
from footfall.collector.gate import OPEN, Gate, Pass
from footfall.collector.glance import glance, read_msgid
from footfall.collector.head import Head
from footfall.collector.rates import Rates
from footfall.collector.refusal import RefusedError
from footfall.collector.reply import DETAILS_AT_MOST, Counts, Detail, Reply
from footfall.collector.sorting import SMALL, Limits, Sorted, default_channel, sort_clean, sorting
from footfall.collector.tally import Tally
from footfall.collector.window import Window
from footfall.control.access import Channel, Directory
from footfall.dialects.frame import Answer, Request
from footfall.hosts import HostRule
from footfall.journal.log import JournalFullError, WriteFailedError
from footfall.settings import Settings
from footfall.spec.batch import Batch, BatchError, opening
from footfall.spec.extent import Extent
from footfall.spec.intake import VERSION, Agent, Intake, pack
from footfall.spec.reasons import Reason
from footfall.spec.steps import Steps, finish
from footfall.spec.verdict import Fate

_T = TypeVar("_T")
_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_MEDIA_TYPES = ("application/json", "text/plain", "application/octet-stream", "", *_NDJSON)
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_LONGEST_NAME = 200


class Visit(Struct, frozen=True):
    """A request that may send its body, and what its head said."""

    entry: Pass
    ndjson: bool
    encodings: tuple[str, ...]
    named: str
    headers: reply.Headers
    agent: Agent | None = None
    device: str | None = None
    app: str | None = None
    foreigner: Foreigner | None = None


class Entry(Struct):
    """A request that was judged. `record` is to be written to the journal, None if there is nothing to write.

    `answer` words the reply to a request in a dialect.
    """

    record: bytes | None
    counts: Counts
    fates: list[tuple[str, Fate, int]]
    keys: list[int]
    contents: list[int]
    errors: list[Detail]
    warnings: list[Detail]
    headers: reply.Headers
    received_at: int
    msgid: bytes
    foreigner: Foreigner | None = None
    answer: Callable[[], Answer] | None = None


# True asks for the place where bodies are large, False only lets others have a turn.
Judgement = Generator[bool, None, Entry | Reply]


class Door:
    """The judgement of one collector process."""

    def __init__(self, settings: Settings, directory: Directory | None = None, *, is_local: bool | None = None) -> None:
        self.gate = Gate(
            directory or Directory({}, {}, is_open=True),
            is_local=settings.is_loopback if is_local is None else is_local,
            hosts=HostRule(settings.hosts),
        )
        self.rates = Rates(settings.collectors)
        self.budgets = Budgets(settings)
        self.interpreter = Interpreter(foreign.dialects(settings))
        self.tally = Tally()
        self.stored_at: int | None = None
        self.failed_at: int | None = None
        self.failed_why = ""
        self._window = Window()
        self._limits = Limits(Extent(settings.max_event_bytes, settings.max_event_values), settings.max_batch_events)
        self._max_body = settings.max_body_bytes
        self._max_inflated = settings.max_inflated_bytes

    def reload(self, directory: Directory) -> None:
        """Go by another state of the channels and keys from now on."""
        self.gate.reload(directory)
        self.rates.keep(set(directory.channels))
        self.budgets.keep({*directory.channels, OPEN})

    def admit(self, head: Head) -> Visit | Reply:
        """Whether the body is wanted; if not, what is replied instead."""
        if head.method != b"POST":
            if head.method == b"OPTIONS":
                return cors.preflight(head.headers)
            return self.refuse(head, RefusedError(405, Reason.METHOD_NOT_ALLOWED))
        try:
            return self._admit(head)
        except RefusedError as error:
            return self.refuse(head, error)

    def refuse(self, head: Head | None, error: RefusedError) -> Reply:
        """The reply to a request that is refused as a whole."""
        self.tally.refused(error.reason)
        headers = cors.sharing_headers(head.headers.get(b"origin") if head else None)
        if error.status == 405:
            headers += ((b"allow", b"POST, OPTIONS"),)
        return foreign.failure(self.interpreter.meet(head), error, headers)

    def glance(self, visit: Visit, body: bytes) -> Entry | None:
        """Judge a small body in which all is good; None for any other, and for one that has to wait."""
        if visit.encodings or visit.ndjson or visit.foreigner is not None or len(body) > SMALL:
            return None
        channel = visit.entry.channel
        if not self.budgets.allow(channel.name) or (channel.rate and self.rates.wait(channel)):
            return None
        seen = glance(body)
        if seen is None:
            return None
        now = time.time_ns() // 1_000_000
        found = sort_clean(seen.array, visit.entry, visit.named, now, self._window, self._limits)
        if found is None:
            return None
        self.tally.body_bytes.observe(len(body))
        self.rates.take(channel, found.of)
        return _entry(visit, found, now, seen.sent_at, seen.msgid)

    def enter(self, visit: Visit, body: bytes) -> Entry | Reply:
        """Judge a body at once, however long that takes; the reply is there only if it cannot be taken."""
        return self.glance(visit, body) or finish(self.judging(visit, body))

    def judging(self, visit: Visit, body: bytes, *, is_new: bool = False) -> Judgement:
        """Judge any body in slices; `is_new` says that nobody has glanced at it yet."""
        if is_new and (entry := self.glance(visit, body)) is not None:
            return entry
        try:
            return (yield from self._judging(visit, body))
        except RefusedError as error:
            if error.status != 429:
                self.rates.take(visit.entry.channel, 1)
            return self.turn_away(visit, error)

    def turn_away(self, visit: Visit, error: RefusedError) -> Reply:
        """The reply to a request that is refused after its head was taken."""
        self.tally.refused(error.reason)
        return foreign.failure(visit.foreigner, error, visit.headers[len(reply.JSON) :])

    def stored(self, entry: Entry) -> Reply:
        """The reply to a request whose record is on disk."""
        if entry.received_at:
            self.stored_at = entry.received_at
        if entry.keys:
            self._window.add(entry.keys, entry.contents)
        self.tally.taken(entry.fates)
        if entry.answer is not None:
            return foreign.success(entry.answer(), entry.headers[len(reply.JSON) :])
        return reply.success(entry.counts, entry.errors, entry.warnings, entry.msgid, entry.headers)

    def failed(self, entry: Entry, error: JournalFullError | WriteFailedError) -> Reply:
        """The reply to a request whose record is not."""
        self.failed_at = time.time_ns() // 1_000_000
        self.failed_why = str(error)
        refused = reply.not_written(error)
        self.tally.refused(refused.reason)
        return foreign.failure(entry.foreigner, refused, entry.headers[len(reply.JSON) :])

    def _admit(self, head: Head) -> Visit:
        headers = head.headers
        if head.repeated:
            raise RefusedError(400, Reason.BAD_REQUEST, "A header stands twice that may stand once.")
        entry = self.gate.enter(head)
        self._check_rates(entry.channel)
        encoding = headers.get(b"content-encoding")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self._max_body:
            raise RefusedError(413, Reason.BODY_TOO_LARGE)
        return Visit(
            entry,
            _is_ndjson(headers.get(b"content-type", b"")),
            parse_encodings(encoding) if encoding else (),
            _name(headers.get(b"x-channel-id")) or "",
            cors.reply_headers(headers.get(b"origin")),
            agents.read_agent(agent) if (agent := headers.get(b"user-agent")) else None,
            _name(headers.get(b"x-device-id")),
            _name(headers.get(b"x-app-id")),
            self.interpreter.meet(head) if head.path else None,
        )

    def _check_rates(self, channel: Channel) -> None:
        wait = self.rates.wait(channel)
        if wait:
            raise RefusedError(429, Reason.RATE_LIMITED, retry_after=wait)
        self.budgets.check(channel.name)

    def _judging(self, visit: Visit, body: bytes) -> Generator[bool, None, Entry]:
        self._check_rates(visit.entry.channel)  # which the requests beside this one may have used up since its head
        self.tally.body_bytes.observe(len(body))
        raw = body
        if visit.encodings:
            body = yield from self._inflating(visit, body)
        elif len(body) > SMALL:
            yield True
        now = time.time_ns() // 1_000_000
        if visit.foreigner is not None:
            request = self._request(visit, visit.foreigner.head, raw, body, now)
            del raw, body
            return (yield from self._judging_foreign(visit, visit.foreigner, request))
        del raw
        batch, msgid = yield from _sliced(self._opening(visit, body))
        del body
        found = yield from _sliced(self._sorting(batch, visit, now))
        self.rates.take(visit.entry.channel, found.of)
        return _entry(visit, found, now, batch.sent_at, msgid)

    def _inflating(self, visit: Visit, body: bytes) -> Generator[bool, None, bytes]:
        """The body without its encodings: what turns out to be large begins anew when it is its turn."""
        count = partial(self.budgets.spend, visit.entry.channel.name, 0.0)
        limit = min(SMALL, self._max_inflated)
        if len(body) <= SMALL:
            try:
                return (yield from _sliced(inflating(body, visit.encodings, limit, count)))
            except RefusedError as error:
                if error.reason is not Reason.INFLATED_TOO_LARGE or limit == self._max_inflated:
                    raise
        yield True
        return (yield from _sliced(inflating(body, visit.encodings, self._max_inflated, count)))

    def _judging_foreign(self, visit: Visit, foreigner: Foreigner, request: Request) -> Generator[bool, None, Entry]:
        now = request.now
        said = yield from _sliced(foreign.translating(foreigner, request))
        del request
        limits = Limits(self._limits.extent, sys.maxsize)  # how many there may be, the dialect has decided
        if said.is_vouched:
            visit = structs.replace(visit, entry=structs.replace(visit.entry, key_kind="secret"))
        batch = Batch(array=said.events)
        found = yield from _sliced(sorting(batch, visit.entry, visit.named, now, self._window, limits))
        told = foreign.outcome(found)
        foreign.add_lost(found, said)
        self.rates.take(visit.entry.channel, found.of)
        entry = _entry(visit, found, now, said.sent_at, b"null")
        entry.foreigner, entry.answer = foreigner, partial(said.answer, told)
        return entry

    def _request(self, visit: Visit, head: Head, raw: bytes, body: bytes, now: int) -> Request:
        return Request(
            path=head.path,
            query=head.query,
            headers=head.headers,
            channel=default_channel(visit.entry, visit.named),
            peer=head.peer,
            is_trusted=not visit.entry.is_public,
            public_types=visit.entry.channel.public_types,
            now=now,
            raw=raw,
            body=body,
            ndjson=visit.ndjson,
            at_most=self._limits.events,
            extent=self._limits.extent,
        )

    def _opening(self, visit: Visit, body: bytes) -> Steps[tuple[Batch, bytes]]:
        try:
            batch = yield from opening(body, ndjson=visit.ndjson, at_most=self._limits.events)
            return batch, read_msgid(batch, body)
        except BatchError as error:
            raise _refused(error) from None

    def _sorting(self, batch: Batch, visit: Visit, now: int) -> Steps[Sorted]:
        try:
            return (yield from sorting(batch, visit.entry, visit.named, now, self._window, self._limits))
        except BatchError as error:
            raise _refused(error) from None


def _sliced(steps: Steps[_T]) -> Generator[bool, None, _T]:
    """Work that needs no more memory than what was asked for before."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: _T = done.value
            return result
        yield False


def _refused(error: BatchError) -> RefusedError:
    status = 413 if error.reason is Reason.TOO_MANY_EVENTS else 400
    return RefusedError(status, error.reason, str(error), line=error.line, column=error.column)


def _entry(visit: Visit, found: Sorted, now: int, sent_at: float | None, msgid: bytes) -> Entry:
    counts = Counts(found.of, len(found.keys), len(found.repeats), len(found.refused))
    return Entry(
        _record(visit, found, now, sent_at) if found.of else None,
        counts,
        _fates(found),
        found.keys,
        found.contents,
        _details(found) if found.refused else [],
        [Detail.make(*remark) for remark in found.remarks[:DETAILS_AT_MOST]] if found.remarks else [],
        visit.headers,
        now,
        msgid,
    )


def _details(found: Sorted) -> list[Detail]:
    pairs = ((refused, finding) for refused in found.refused for finding in refused.findings)
    return [Detail.make(refused.index, refused.mid, finding) for refused, finding in islice(pairs, DETAILS_AT_MOST)]


def _record(visit: Visit, found: Sorted, now: int, sent_at: float | None) -> bytes:
    keys = [0] * (2 * len(found.keys))
    keys[::2] = found.keys
    keys[1::2] = found.contents
    return pack(
        Intake(
            VERSION,
            now,
            found.of,
            found.channel,
            found.events,
            struct.pack(f"<{len(keys)}Q", *keys),
            found.lenient,
            found.indexes,
            found.channels,
            found.warnings,
            found.refused,
            found.repeats,
            sent_at,
            visit.agent,
            visit.device,
            visit.app,
            visit.entry.key_kind,
        )
    )


def _fates(found: Sorted) -> list[tuple[str, Fate, int]]:
    if not (found.channels or found.repeats or found.refused):
        return [(found.channel, Fate.STORED, len(found.keys))]
    fates = Counter((channel, Fate.STORED) for channel in found.channels or [found.channel] * len(found.keys))
    fates.update((repeat.channel, Fate.DUPLICATE) for repeat in found.repeats)
    fates.update((refused.channel, Fate.REJECTED) for refused in found.refused)
    return [(channel, fate, number) for (channel, fate), number in fates.items()]


@lru_cache(maxsize=256)
def _is_ndjson(value: bytes) -> bool:
    """Whether a Content-Type means one event a line; raises RefusedError for one that cannot be read."""
    kind, _, parameters = value.decode("latin-1").lower().partition(";")
    kind = kind.strip()
    if kind not in _MEDIA_TYPES:
        raise RefusedError(415, Reason.UNSUPPORTED_MEDIA_TYPE)
    name, _, charset = parameters.strip().partition("=")
    if name.strip() == "charset" and charset.split(";")[0].strip(' "') not in _CHARSETS:
        raise RefusedError(415, Reason.UNSUPPORTED_MEDIA_TYPE)
    return kind in _NDJSON


def _name(header: bytes | None) -> str | None:
    """A name from a header, at most 200 characters; None if it is blank or not printable."""
    if not header:
        return None
    name = header.decode("utf-8", "replace").strip()[:_LONGEST_NAME]
    return name if name and name.isprintable() and "\ufffd" not in name else None
