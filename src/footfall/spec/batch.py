"""What a client may put around its events: a batch envelope, a bare array, one event, or NDJSON.

Envelopes in the wild differ in id, ver, ts or ets, and params (Sunbird JavaScript, mobile and portal senders); only
`events` matters, the rest is a hint.
"""

import json
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from footfall.spec.reasons import Reason
from footfall.spec.text import JSON_ERRORS, MalformedJSONError, has_lone_surrogate, split, where

_BOM = b"\xef\xbb\xbf"
_EARLIEST_MS = 946_684_800_000  # 2000-01-01; a smaller ets is in seconds, or not a time


class BatchError(ValueError):
    """The body as a whole cannot be taken; says why, and where if it is not JSON."""

    def __init__(self, reason: Reason, detail: str | None = None, line: int | None = None, column: int | None = None):
        super().__init__(detail or reason.sentence)
        self.reason = reason
        self.line = line
        self.column = column


class Batch(Struct, frozen=True):
    """The events of one request, not yet judged, with what the envelope says about them.

    Either `array` holds them as one JSON array, or `lines` holds them one by one. `sent_at` is the sender's clock at
    sending, in epoch milliseconds.
    """

    array: bytes | None = None
    lines: list[bytes] | None = None
    sent_at: float | None = None

    def texts(self) -> list[bytes]:
        """The events one by one, each exactly as sent; raises BatchError where the array is not JSON."""
        if self.lines is not None:
            return self.lines
        try:
            return split(self.array or b"[]")
        except ValueError as error:
            raise _malformed(self.array or b"", error) from None


class _Envelope(Struct, gc=False):
    events: Raw | UnsetType = UNSET
    eid: Any = UNSET
    ets: Any = None
    ts: Any = None


_envelope = msgspec.json.Decoder(_Envelope)


def open_body(body: bytes, *, ndjson: bool = False) -> Batch:
    """Find the events in a body; raises BatchError when there is no telling where they are."""
    body = body.removeprefix(_BOM)
    if ndjson:
        return Batch(lines=[line for line in map(bytes.strip, body.splitlines()) if line])
    first = body.lstrip()[:1]
    if first == b"[":
        return Batch(array=body)
    if first != b"{":
        raise _no_batch(body)
    return _open_envelope(body)


def _open_envelope(body: bytes) -> Batch:
    try:
        envelope = _envelope.decode(body)
    except JSON_ERRORS as error:
        return _open_unreadable(body, error)
    if envelope.events is UNSET:
        if envelope.eid is UNSET:
            raise BatchError(Reason.NOT_A_BATCH, "The batch has no events.")
        return Batch(array=b"[" + body + b"]")
    array = bytes(envelope.events)
    if not array.startswith(b"["):
        raise BatchError(Reason.NOT_A_BATCH, "events must be an array.")
    if body.count(b'"events"') > 1 and _top_level_keys(body).count("events") > 1:
        raise BatchError(Reason.NOT_A_BATCH, "The batch names events twice.")
    return Batch(array=array, sent_at=_sent_at(envelope))


def _open_unreadable(body: bytes, error: Exception) -> Batch:
    """One event can hold what msgspec refuses to skip; cut the array out by hand so that the others are judged."""
    if isinstance(error, RecursionError) or has_lone_surrogate(body):
        start, end = body.find(b'"events"'), body.rfind(b"]")
        opening = body.find(b"[", start)
        if 0 <= start < opening < end and not body[start + 8 : opening].strip(b": \t\r\n"):
            return Batch(array=body[opening : end + 1])
        if start < 0 and b'"eid"' in body:
            return Batch(lines=[body])
    raise _malformed(body, error)


def _malformed(body: bytes, error: Exception) -> BatchError:
    place = error if isinstance(error, MalformedJSONError) else where(body, error)
    return BatchError(Reason.MALFORMED_JSON, f"Not JSON: {place}.", place.line, place.column)


def _no_batch(body: bytes) -> BatchError:
    try:
        msgspec.json.decode(body)
    except JSON_ERRORS as error:
        return _malformed(body, error)
    return BatchError(Reason.NOT_A_BATCH)


def _top_level_keys(body: bytes) -> list[str]:
    keys: list[str] = json.loads(body, object_pairs_hook=lambda pairs: [key for key, _ in pairs])
    return keys


def _sent_at(envelope: _Envelope) -> float | None:
    """The sender's clock. `ts` counts only with a numeric offset: mobile clients write local time with a literal Z."""
    if isinstance(envelope.ets, (int, float)) and not isinstance(envelope.ets, bool):
        return float(envelope.ets) if _EARLIEST_MS < envelope.ets < 1e15 else None
    if isinstance(envelope.ts, str) and not envelope.ts.endswith(("Z", "z")):
        try:
            moment = datetime.fromisoformat(envelope.ts)
        except ValueError:
            return None
        return moment.timestamp() * 1000 if moment.tzinfo else None
    return None
