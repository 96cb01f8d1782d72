"""One request's way from its head to a journal record, and from there to its reply.

`accept_head` looks at the head, `glance` or `judging` at the body, and the record is written by whoever called. What
they return holds no decoded event, so that waiting for the disk costs no memory.
"""

import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator
from functools import lru_cache, partial
from itertools import islice
from typing import Literal

from msgspec import Struct, structs

from footfall.collector import cors, dialect_router, responses, user_agent
from footfall.collector.auth import OPEN, Authenticator, Credential
from footfall.collector.batch_hints import read_hints, read_msgid
from footfall.collector.budgets import Budgets
from footfall.collector.classify import SMALL, Classified, Limits, classify_clean, classifying, default_channel
from footfall.collector.content_encoding import inflating, parse_encodings
from footfall.collector.counters import Counters
from footfall.collector.dialect_router import DialectRequest, DialectRouter
from footfall.collector.http_error import HttpError
from footfall.collector.rate_limit import RateLimiter
from footfall.collector.recent_keys import RecentKeys
from footfall.collector.request import RequestHead
from footfall.collector.responses import DETAILS_AT_MOST, Counts, Detail, Reply
from footfall.control.access import Channel, KeyIndex
from footfall.dialects.base import Answer, Request
from footfall.hosts import HostRule
from footfall.journal.base import JournalFullError, WriteFailedError
from footfall.schema.batch import Batch, BatchError, opening
from footfall.schema.event_limits import EventLimits
from footfall.schema.reasons import Reason
from footfall.schema.record import VERSION, Agent, IngestRecord, pack
from footfall.schema.stepwise import Steps, finish
from footfall.schema.verdict import Fate
from footfall.settings import Settings

_NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines")
_MEDIA_TYPES = ("application/json", "text/plain", "application/octet-stream", "", *_NDJSON)
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_LONGEST_NAME = 200


class AcceptedRequest(Struct, frozen=True):
    """A request that may send its body, and what its head said."""

    entry: Credential
    ndjson: bool
    encodings: tuple[str, ...]
    named: str
    headers: responses.Headers
    agent: Agent | None = None
    device: str | None = None
    app: str | None = None
    dialect_request: DialectRequest | None = None


class JudgedRequest(Struct):
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
    headers: responses.Headers
    received_at: int
    msgid: bytes
    dialect_request: DialectRequest | None = None
    answer: Callable[[], Answer] | None = None


# True asks for the place where bodies are large, None only lets others have a turn.
Judgement = Generator[Literal[True] | None, None, JudgedRequest | Reply]


class Service:
    """The judgement of one collector process."""

    def __init__(self, settings: Settings, directory: KeyIndex | None = None, *, is_local: bool | None = None) -> None:
        self.authenticator = Authenticator(
            directory or KeyIndex({}, {}, is_open=True),
            is_local=settings.is_loopback if is_local is None else is_local,
            hosts=HostRule(settings.hosts),
        )
        self.rates = RateLimiter(settings.collectors)
        self.budgets = Budgets(settings)
        self.router = DialectRouter(dialect_router.dialects(settings))
        self.counters = Counters()
        self.stored_at: int | None = None
        self.failed_at: int | None = None
        self.failed_why = ""
        self._window = RecentKeys()
        self._limits = Limits(
            EventLimits(settings.max_event_bytes, settings.max_event_values), settings.max_batch_events
        )
        self._max_body = settings.max_body_bytes
        self._max_inflated = settings.max_inflated_bytes

    def reload(self, directory: KeyIndex) -> None:
        """Go by another state of the channels and keys from now on."""
        self.authenticator.reload(directory)
        self.rates.keep(set(directory.channels))
        self.budgets.keep({*directory.channels, OPEN})

    def accept_head(self, head: RequestHead) -> AcceptedRequest | Reply:
        """Whether the body is wanted; if not, what is replied instead."""
        if head.method != b"POST":
            if head.method == b"OPTIONS":
                return cors.preflight(head.headers)
            return self.refuse(head, HttpError(405, Reason.METHOD_NOT_ALLOWED))
        try:
            return self._accept_head(head)
        except HttpError as error:
            return self.refuse(head, error)

    def refuse(self, head: RequestHead | None, error: HttpError) -> Reply:
        """The reply to a request that is refused as a whole."""
        self.counters.refused(error.reason)
        headers = cors.sharing_headers(head.headers.get(b"origin") if head else None)
        if error.status == 405:
            headers += ((b"allow", b"POST, OPTIONS"),)
        return dialect_router.failure(self.router.meet(head), error, headers)

    def glance(self, accepted: AcceptedRequest, body: bytes) -> JudgedRequest | None:
        """Judge a small body in which all is good; None for any other, and for one that has to wait."""
        if accepted.encodings or accepted.ndjson or accepted.dialect_request is not None or len(body) > SMALL:
            return None
        channel = accepted.entry.channel
        if not self.budgets.allow(channel.name) or (channel.rate and self.rates.wait(channel)):
            return None
        seen = read_hints(body)
        if seen is None:
            return None
        now = time.time_ns() // 1_000_000
        found = classify_clean(seen.array, accepted.entry, accepted.named, now, self._window, self._limits)
        if found is None:
            return None
        self.counters.body_bytes.observe(len(body))
        self.rates.take(channel, found.of)
        return _entry(accepted, found, now, seen.sent_at, seen.msgid)

    def enter(self, accepted: AcceptedRequest, body: bytes) -> JudgedRequest | Reply:
        """Judge a body at once, however long that takes; the reply is there only if it cannot be taken."""
        return self.glance(accepted, body) or finish(self.judging(accepted, body))

    def judging(self, accepted: AcceptedRequest, body: bytes, *, is_new: bool = False) -> Judgement:
        """Judge any body in slices; `is_new` says that nobody has glanced at it yet."""
        if is_new and (entry := self.glance(accepted, body)) is not None:
            return entry
        try:
            return (yield from self._judging(accepted, body))
        except HttpError as error:
            if error.status != 429:
                self.rates.take(accepted.entry.channel, 1)
            return self.turn_away(accepted, error)

    def turn_away(self, accepted: AcceptedRequest, error: HttpError) -> Reply:
        """The reply to a request that is refused after its head was taken."""
        self.counters.refused(error.reason)
        return dialect_router.failure(accepted.dialect_request, error, accepted.headers[len(responses.JSON) :])

    def on_durable(self, entry: JudgedRequest) -> Reply:
        """The reply to a request whose record is on disk."""
        if entry.received_at:
            self.stored_at = entry.received_at
        if entry.keys:
            self._window.add(entry.keys, entry.contents)
        self.counters.taken(entry.fates)
        if entry.answer is not None:
            return dialect_router.success(entry.answer(), entry.headers[len(responses.JSON) :])
        return responses.success(entry.counts, entry.errors, entry.warnings, entry.msgid, entry.headers)

    def on_failure(self, entry: JudgedRequest, error: JournalFullError | WriteFailedError) -> Reply:
        """The reply to a request whose record is not."""
        self.failed_at = time.time_ns() // 1_000_000
        self.failed_why = str(error)
        refused = responses.not_written(error)
        self.counters.refused(refused.reason)
        return dialect_router.failure(entry.dialect_request, refused, entry.headers[len(responses.JSON) :])

    def _accept_head(self, head: RequestHead) -> AcceptedRequest:
        headers = head.headers
        if head.repeated:
            raise HttpError(400, Reason.BAD_REQUEST, "A header stands twice that may stand once.")
        entry = self.authenticator.authenticate(head)
        self._check_rates(entry.channel)
        encoding = headers.get(b"content-encoding")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self._max_body:
            raise HttpError(413, Reason.BODY_TOO_LARGE)
        return AcceptedRequest(
            entry,
            _is_ndjson(headers.get(b"content-type", b"")),
            parse_encodings(encoding) if encoding else (),
            _name(headers.get(b"x-channel-id")) or "",
            cors.reply_headers(headers.get(b"origin")),
            user_agent.read_agent(agent) if (agent := headers.get(b"user-agent")) else None,
            _name(headers.get(b"x-device-id")),
            _name(headers.get(b"x-app-id")),
            self.router.meet(head) if head.path else None,
        )

    def _check_rates(self, channel: Channel) -> None:
        wait = self.rates.wait(channel)
        if wait:
            raise HttpError(429, Reason.RATE_LIMITED, retry_after=wait)
        self.budgets.check(channel.name)

    def _judging(self, accepted: AcceptedRequest, body: bytes) -> Generator[Literal[True] | None, None, JudgedRequest]:
        self._check_rates(accepted.entry.channel)  # which the requests beside this one may have used up since its head
        self.counters.body_bytes.observe(len(body))
        raw = body
        if accepted.encodings:
            body = yield from self._inflating(accepted, body)
        elif len(body) > SMALL:
            yield True
        now = time.time_ns() // 1_000_000
        if accepted.dialect_request is not None:
            request = self._request(accepted, accepted.dialect_request.head, raw, body, now)
            del raw, body
            return (yield from self._judging_foreign(accepted, accepted.dialect_request, request))
        del raw
        batch, msgid = yield from self._opening(accepted, body)
        del body
        found = yield from self._sorting(batch, accepted, now)
        self.rates.take(accepted.entry.channel, found.of)
        return _entry(accepted, found, now, batch.sent_at, msgid)

    def _inflating(self, accepted: AcceptedRequest, body: bytes) -> Generator[Literal[True] | None, None, bytes]:
        """The body without its encodings: what turns out to be large begins anew when it is its turn."""
        count = partial(self.budgets.spend, accepted.entry.channel.name, 0.0)
        limit = min(SMALL, self._max_inflated)
        if len(body) <= SMALL:
            try:
                return (yield from inflating(body, accepted.encodings, limit, count))
            except HttpError as error:
                if error.reason is not Reason.INFLATED_TOO_LARGE or limit == self._max_inflated:
                    raise
        yield True
        return (yield from inflating(body, accepted.encodings, self._max_inflated, count))

    def _judging_foreign(
        self, accepted: AcceptedRequest, dialect_request: DialectRequest, request: Request
    ) -> Generator[Literal[True] | None, None, JudgedRequest]:
        now = request.now
        said = yield from dialect_router.translating(dialect_request, request)
        del request
        limits = Limits(self._limits.extent, sys.maxsize)  # how many there may be, the dialect has decided
        if said.is_vouched:
            accepted = structs.replace(accepted, entry=structs.replace(accepted.entry, key_kind="secret"))
        batch = Batch(array=said.events)
        found = yield from classifying(batch, accepted.entry, accepted.named, now, self._window, limits)
        told = dialect_router.outcome(found)
        dialect_router.add_lost(found, said)
        self.rates.take(accepted.entry.channel, found.of)
        entry = _entry(accepted, found, now, said.sent_at, b"null")
        entry.dialect_request, entry.answer = dialect_request, partial(said.answer, told)
        return entry

    def _request(self, accepted: AcceptedRequest, head: RequestHead, raw: bytes, body: bytes, now: int) -> Request:
        return Request(
            path=head.path,
            query=head.query,
            headers=head.headers,
            channel=default_channel(accepted.entry, accepted.named),
            peer=head.peer,
            is_trusted=not accepted.entry.is_public,
            public_types=accepted.entry.channel.public_types,
            now=now,
            raw=raw,
            body=body,
            ndjson=accepted.ndjson,
            at_most=self._limits.events,
            extent=self._limits.extent,
        )

    def _opening(self, accepted: AcceptedRequest, body: bytes) -> Steps[tuple[Batch, bytes]]:
        try:
            batch = yield from opening(body, ndjson=accepted.ndjson, at_most=self._limits.events)
            return batch, read_msgid(batch, body)
        except BatchError as error:
            raise _refused(error) from None

    def _sorting(self, batch: Batch, accepted: AcceptedRequest, now: int) -> Steps[Classified]:
        try:
            return (yield from classifying(batch, accepted.entry, accepted.named, now, self._window, self._limits))
        except BatchError as error:
            raise _refused(error) from None


def _refused(error: BatchError) -> HttpError:
    status = 413 if error.reason is Reason.TOO_MANY_EVENTS else 400
    return HttpError(status, error.reason, str(error), line=error.line, column=error.column)


def _entry(
    accepted: AcceptedRequest, found: Classified, now: int, sent_at: float | None, msgid: bytes
) -> JudgedRequest:
    counts = Counts(found.of, len(found.keys), len(found.repeats), len(found.refused))
    return JudgedRequest(
        _record(accepted, found, now, sent_at) if found.of else None,
        counts,
        _fates(found),
        found.keys,
        found.contents,
        _details(found) if found.refused else [],
        [Detail.make(*remark) for remark in found.remarks[:DETAILS_AT_MOST]] if found.remarks else [],
        accepted.headers,
        now,
        msgid,
    )


def _details(found: Classified) -> list[Detail]:
    pairs = ((refused, finding) for refused in found.refused for finding in refused.findings)
    return [Detail.make(refused.index, refused.mid, finding) for refused, finding in islice(pairs, DETAILS_AT_MOST)]


def _record(accepted: AcceptedRequest, found: Classified, now: int, sent_at: float | None) -> bytes:
    keys = [0] * (2 * len(found.keys))
    keys[::2] = found.keys
    keys[1::2] = found.contents
    return pack(
        IngestRecord(
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
            accepted.agent,
            accepted.device,
            accepted.app,
            accepted.entry.key_kind,
        )
    )


def _fates(found: Classified) -> list[tuple[str, Fate, int]]:
    if not (found.channels or found.repeats or found.refused):
        return [(found.channel, Fate.STORED, len(found.keys))]
    fates = Counter((channel, Fate.STORED) for channel in found.channels or [found.channel] * len(found.keys))
    fates.update((repeat.channel, Fate.DUPLICATE) for repeat in found.repeats)
    fates.update((refused.channel, Fate.REJECTED) for refused in found.refused)
    return [(channel, fate, number) for (channel, fate), number in fates.items()]


@lru_cache(maxsize=256)
def _is_ndjson(value: bytes) -> bool:
    """Whether a Content-Type means one event a line; raises HttpError for one that cannot be read."""
    kind, _, parameters = value.decode("latin-1").lower().partition(";")
    kind = kind.strip()
    if kind not in _MEDIA_TYPES:
        raise HttpError(415, Reason.UNSUPPORTED_MEDIA_TYPE)
    name, _, charset = parameters.strip().partition("=")
    if name.strip() == "charset" and charset.split(";")[0].strip(' "') not in _CHARSETS:
        raise HttpError(415, Reason.UNSUPPORTED_MEDIA_TYPE)
    return kind in _NDJSON


def _name(header: bytes | None) -> str | None:
    """A name from a header, at most 200 characters; None if it is blank or not printable."""
    if not header:
        return None
    name = header.decode("utf-8", "replace").strip()[:_LONGEST_NAME]
    return name if name and name.isprintable() and "\ufffd" not in name else None
