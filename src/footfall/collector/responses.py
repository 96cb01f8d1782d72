"""Replies in Sunbird's envelope, for both ways in which a request can come in."""

import math
import os
import time
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct

from footfall.collector.http_error import HttpError
from footfall.journal.base import JournalFullError, WriteFailedError
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Headers = ((b"content-type", b"application/json"),)
_CAUTION: Headers = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
DETAILS_AT_MOST = 1000
_REUSED_SECONDS = 0.1

_encoder = msgspec.json.Encoder()


class Reply(Struct, frozen=True):
    """A whole response but for what the connection adds: content-length and connection."""

    status: int
    headers: Headers
    body: bytes


def with_caution(headers: Headers) -> Headers:
    """The headers of a reply, and those that keep it what it is and out of caches, unless it says otherwise itself."""
    given = {name for name, _ in headers}
    return headers + tuple(pair for pair in _CAUTION if pair[0] not in given)


class Detail(Struct, frozen=True):
    """What a sender is told about one event."""

    index: int
    mid: str | None
    code: str
    path: str
    message: str
    hint: str
    docs: str

    @classmethod
    def make(cls, index: int, mid: str | None, finding: Finding) -> "Detail":
        """A finding about the event at an index."""
        reason = finding.reason
        return cls(index, mid, finding.code, finding.path, finding.message, reason.hint, reason.docs)


class Counts(Struct):
    """How many events of a request met which fate."""

    received: int
    accepted: int
    duplicate: int = 0
    rejected: int = 0


class Stamp:
    """The time of a reply, as text, made anew every 100 ms; and ids that no other reply has."""

    def __init__(self) -> None:
        self._text = b""
        self._until = 0.0
        self._prefix = b"%08x-%04x-4%03x-%04x-" % (
            int.from_bytes(os.urandom(4), "big"),
            os.getpid() & 0xFFFF,
            int.from_bytes(os.urandom(2), "big") & 0xFFF,
            0x8000 | int.from_bytes(os.urandom(2), "big") & 0x3FFF,
        )
        self._next = count(int.from_bytes(os.urandom(5), "big")).__next__

    def now(self) -> bytes:
        """ISO 8601 in UTC with milliseconds."""
        now = time.time()
        if not self._until - _REUSED_SECONDS <= now < self._until:
            whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
            self._text = f"{whole}.{int(now * 1000) % 1000:03d}Z".encode()
            self._until = now + _REUSED_SECONDS
        return self._text

    def id(self) -> bytes:
        """An id in the form of a UUID."""
        return self._prefix + b"%012x" % (self._next() & 0xFFFFFFFFFFFF)


_stamp = Stamp()

_ENVELOPE = (
    b'{"id":"api.telemetry","ver":"1.0","ts":"%b","params":{"resmsgid":"%b","msgid":%b,"status":"%b","err":%b,'
    b'"errmsg":%b},"responseCode":"%b","result":%b}'
)
_COUNTS = b'{"received":%d,"accepted":%d,"duplicate":%d,"rejected":%d,"errors":%b,"warnings":%b}'


def success(counts: Counts, errors: list[Detail], warnings: list[Detail], msgid: bytes, headers: Headers) -> Reply:
    """200; `msgid` is JSON text. At most 1,000 errors and 1,000 warnings are listed."""
    result = _COUNTS % (
        counts.received,
        counts.accepted,
        counts.duplicate,
        counts.rejected,
        _encoder.encode(errors[:DETAILS_AT_MOST]) if errors else b"[]",
        _encoder.encode(warnings[:DETAILS_AT_MOST]) if warnings else b"[]",
    )
    body = _ENVELOPE % (_stamp.now(), _stamp.id(), msgid, b"successful", b"null", b"null", b"SUCCESS", result)
    return Reply(200, headers, body)


def failure(error: HttpError, headers: Headers = ()) -> Reply:
    """The response to a request that is refused as a whole."""
    reason = error.reason
    result: dict[str, Any] = {"code": reason.code, "message": str(error), "hint": reason.hint, "docs": reason.docs}
    if error.line is not None:
        result |= {"line": error.line, "column": error.column}
    body = _ENVELOPE % (
        _stamp.now(),
        _stamp.id(),
        b"null",
        b"failed",
        _encoder.encode(reason.code),
        _encoder.encode(str(error)),
        b"CLIENT_ERROR" if error.status < 500 else b"SERVER_ERROR",
        _encoder.encode(result),
    )
    return Reply(error.status, JSON + extra_headers(error) + headers, body)


def extra_headers(error: HttpError) -> Headers:
    """The headers that belong to a refusal: when to come again, and with what."""
    extra: Headers = ()
    if error.retry_after is not None:
        extra += ((b"retry-after", b"%d" % max(1, math.ceil(error.retry_after))),)
    if error.status == 401:
        extra += ((b"www-authenticate", b"Bearer"),)
    return extra


def not_written(error: JournalFullError | WriteFailedError) -> HttpError:
    """What a sender is told when the journal took nothing."""
    reason = Reason.JOURNAL_FULL if isinstance(error, JournalFullError) else Reason.STORAGE_FAILED
    return HttpError(503, reason, retry_after=error.retry_after)
