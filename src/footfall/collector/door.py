"""The door: one request's way from its head to a journal record, and from there to its reply.

`admit` looks at the head, `enter` at the body, and the record is written by whoever called. What they return holds no
decoded event, so that waiting for the disk costs no memory.
"""

import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache, partial

from msgspec import Struct, structs

from footfall.collector import agents, cors, foreign, reply
from footfall.collector.encodings import inflate, parse_encodings
from footfall.collector.foreign import Foreigner, Interpreter
from footfall.collector.gate import Gate, Pass
from footfall.collector.glance import glance, read_msgid
from footfall.collector.head import Head
from footfall.collector.rates import Rates
from footfall.collector.refusal import RefusedError
from footfall.collector.reply import Counts, Detail, Reply
from footfall.collector.sorting import Limits, Sorted, default_channel, sort, sort_clean
from footfall.collector.tally import Tally
from footfall.collector.window import Window
from footfall.control.access import Directory
from footfall.dialects.frame import Answer, Request
from footfall.hosts import HostRule
from footfall.journal.log import JournalFullError, WriteFailedError
from footfall.settings import Settings
from footfall.spec.batch import Batch, BatchError, open_body
from footfall.spec.intake import VERSION, Agent, Intake, pack
from footfall.spec.reasons import Reason
from footfall.spec.verdict import Fate

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


class Door:
    """The judgement of one collector process."""

    def __init__(self, settings: Settings, directory: Directory | None = None, *, is_local: bool | None = None) -> None:
        self.gate = Gate(
            directory or Directory({}, {}, is_open=True),
            is_local=settings.is_loopback if is_local is None else is_local,
            hosts=HostRule(settings.hosts),
        )
        self.rates = Rates(settings.collectors)
        self.interpreter = Interpreter(foreign.dialects(settings))
        self.tally = Tally()
        self.stored_at: int | None = None
        self.failed_at: int | None = None
        self.failed_why = ""
        self._window = Window()
        self._limits = Limits(settings.max_event_bytes, settings.max_batch_events)
        self._max_body = settings.max_body_bytes
        self._max_inflated = settings.max_inflated_bytes

    def reload(self, directory: Directory) -> None:
        """Go by another state of the channels and keys from now on."""
        self.gate.reload(directory)
        self.rates.keep(set(directory.channels))

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

    def enter(self, visit: Visit, body: bytes) -> Entry | Reply:
        """Judge a body; the reply is there at once only if it cannot be taken."""
        try:
            return self._enter(visit, body)
        except RefusedError as error:
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
        wait = self.rates.wait(entry.channel)
        if wait:
            raise RefusedError(429, Reason.RATE_LIMITED, retry_after=wait)
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

    def _enter(self, visit: Visit, body: bytes) -> Entry:
        self.tally.body_bytes.observe(len(body))
        raw = body
        if visit.encodings:
            body = inflate(body, visit.encodings, self._max_inflated)
        now = time.time_ns() // 1_000_000
        if visit.foreigner is not None:
            return self._enter_foreign(
                visit, visit.foreigner, self._request(visit, visit.foreigner.head, raw, body, now)
            )
        found, sent_at, msgid = self._sort(visit, body, now)
        self.rates.take(visit.entry.channel, found.of)
        return _entry(visit, found, now, sent_at, msgid)

    def _enter_foreign(self, visit: Visit, foreigner: Foreigner, request: Request) -> Entry:
        said = foreign.translate(foreigner, request)
        limits = Limits(self._limits.event_bytes, sys.maxsize)  # how many there may be, the dialect has decided
        if said.is_vouched:
            visit = structs.replace(visit, entry=structs.replace(visit.entry, key_kind="secret"))
        found = sort(Batch(array=said.events), visit.entry, visit.named, request.now, self._window, limits)
        told = foreign.outcome(found)
        foreign.add_lost(found, said)
        self.rates.take(visit.entry.channel, found.of)
        entry = _entry(visit, found, request.now, said.sent_at, b"null")
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
        )

    def _sort(self, visit: Visit, body: bytes, now: int) -> tuple[Sorted, float | None, bytes]:
        if not visit.ndjson:
            seen = glance(body)
            if seen is not None:
                clean = sort_clean(seen.array, visit.entry, visit.named, now, self._window, self._limits)
                if clean is not None:
                    return clean, seen.sent_at, seen.msgid
        try:
            batch = open_body(body, ndjson=visit.ndjson, at_most=self._limits.events)
            found = sort(batch, visit.entry, visit.named, now, self._window, self._limits)
        except BatchError as error:
            status = 413 if error.reason is Reason.TOO_MANY_EVENTS else 400
            raise RefusedError(status, error.reason, str(error), line=error.line, column=error.column) from None
        return found, batch.sent_at, read_msgid(batch, body)


def _entry(visit: Visit, found: Sorted, now: int, sent_at: float | None, msgid: bytes) -> Entry:
    counts = Counts(found.of, len(found.keys), len(found.repeats), len(found.refused))
    return Entry(
        _record(visit, found, now, sent_at) if found.of else None,
        counts,
        _fates(found),
        found.keys,
        found.contents,
        [Detail.make(refused.index, refused.mid, finding) for refused in found.refused for finding in refused.findings]
        if found.refused
        else [],
        [Detail.make(*remark) for remark in found.remarks] if found.remarks else [],
        visit.headers,
        now,
        msgid,
    )


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
