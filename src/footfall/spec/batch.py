"""What a client may put around its events: a batch envelope, a bare array, one event, or NDJSON.

Envelopes in the wild differ in id, ver, ts or ets, and params (Sunbird JavaScript, mobile and portal senders); only
`events` matters, the rest is a hint.
"""

import re
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from footfall.spec.reasons import Reason
from footfall.spec.text import JSON_ERRORS, MalformedJSONError, cannot_be_skipped, cut, members, split, where

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_LINE = re.compile(rb"[^\n]+")
_EVENTS = b'"events"'
_EARLIEST_MS = 946_684_800_000  # 2000-01-01; a smaller ets is in seconds, or not a time
_LATEST_MS = 1e15
_HARMLESS_COMMAS = 100_000  # cutting an array with no more of them takes little memory, whatever it holds
_GLANCE = 100_000  # steps of `cut`; a twentieth of a second


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

    def texts(self, at_most: int | None = None) -> list[bytes]:
        """The events one by one, each exactly as sent.

        Raises BatchError where the array is not JSON, or holds more than `at_most` events.
        """
        if self.lines is not None:
            return _limited(self.lines, at_most)
        array = self.array or b"[]"
        if at_most is not None and _holds_more(array, at_most):
            raise BatchError(Reason.TOO_MANY_EVENTS)
        try:
            return _limited(split(array), at_most)
        except MalformedJSONError as error:
            raise _malformed(error) from None


class _Envelope(Struct, gc=False):
    events: Raw | UnsetType = UNSET
    eid: Raw | UnsetType = UNSET
    ets: Raw | UnsetType = UNSET
    ts: Raw | UnsetType = UNSET


_envelope = msgspec.json.Decoder(_Envelope)


def open_body(body: bytes, *, ndjson: bool = False, at_most: int | None = None) -> Batch:
    """Find the events in a body; raises BatchError when there is no telling where they are.

    `at_most` limits the events of an NDJSON body, whose lines are cut here; for an array, give it to `texts`.
    """
    body = body.removeprefix(_BOM)
    if ndjson:
        return Batch(lines=_lines(body, at_most))
    first = body.lstrip(_SPACE)[:1]
    if first == b"[":
        return Batch(array=body)
    if first != b"{":
        raise _no_batch(body)
    return _open_object(body)


def _lines(body: bytes, at_most: int | None) -> list[bytes]:
    lines = (line for found in _LINE.finditer(body) if (line := found.group().strip(_SPACE)))
    return _limited(list(islice(lines, None if at_most is None else at_most + 1)), at_most)


def _holds_more(array: bytes, at_most: int) -> bool:
    """Whether an array that would take much memory when cut is easily seen to hold more elements."""
    if array.count(b",") <= max(at_most, _HARMLESS_COMMAS):
        return False
    try:
        return sum(1 for _ in islice(cut(array, _GLANCE), at_most + 1)) > at_most
    except MalformedJSONError:
        return False


def _limited(texts: list[bytes], at_most: int | None) -> list[bytes]:
    if at_most is not None and len(texts) > at_most:
        raise BatchError(Reason.TOO_MANY_EVENTS)
    return texts


def _open_object(body: bytes) -> Batch:
    envelope = _read_envelope(body)
    if envelope.events is UNSET:
        if envelope.eid is UNSET:
            raise BatchError(Reason.NOT_A_BATCH, "The batch has no events.")
        return Batch(array=b"[" + body + b"]")
    array = bytes(envelope.events)
    if not array.startswith(b"["):
        raise BatchError(Reason.NOT_A_BATCH, "events must be an array.")
    return Batch(array=array, sent_at=_sent_at(envelope))


def _read_envelope(body: bytes) -> _Envelope:
    try:
        envelope = _envelope.decode(body)
    except JSON_ERRORS as error:
        if not cannot_be_skipped(body, error):
            raise _malformed(where(body, error)) from None
        return _cut_envelope(body)
    if envelope.events is not UNSET and _may_repeat_events(body, bytes(envelope.events)):
        _cut_envelope(body)
    return envelope


def _may_repeat_events(body: bytes, array: bytes) -> bool:
    """Whether the rest of the body names `events` again, or has an escape that may spell it."""
    start = body.find(b"[", body.find(_EVENTS))
    if not body.startswith(array, max(0, start)):
        return True
    rest = body[:start] + body[start + len(array) :]
    return rest.count(_EVENTS) > 1 or b"\\u" in rest


def _cut_envelope(body: bytes) -> _Envelope:
    """Read the envelope by its brackets: slower, but passes over what msgspec refuses, and sees repeated keys."""
    found: dict[str | None, Raw] = {}
    try:
        for key, value in members(body):
            if key == "events" and key in found:
                raise BatchError(Reason.NOT_A_BATCH, "The batch names events twice.")
            found[key] = Raw(value)
    except MalformedJSONError as error:
        raise _malformed(error) from None
    return _Envelope(*(found.get(name, UNSET) for name in _Envelope.__struct_fields__))


def _malformed(place: MalformedJSONError) -> BatchError:
    return BatchError(Reason.MALFORMED_JSON, f"Not JSON: {place}.", place.line, place.column)


def _no_batch(body: bytes) -> BatchError:
    try:
        msgspec.json.decode(body)
    except JSON_ERRORS as error:
        return _malformed(where(body, error))
    return BatchError(Reason.NOT_A_BATCH)


def _sent_at(envelope: _Envelope) -> float | None:
    """The sender's clock. `ts` counts only with a numeric offset: mobile clients write local time with a literal Z."""
    moment = _scalar(envelope.ets)
    if not isinstance(moment, int | float) or isinstance(moment, bool):
        moment = _from_text(_scalar(envelope.ts))
    return float(moment) if moment is not None and _EARLIEST_MS < moment < _LATEST_MS else None


def _from_text(text: Any) -> float | None:
    if not isinstance(text, str) or text.endswith(("Z", "z")):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.timestamp() * 1000 if moment.tzinfo else None


def _scalar(raw: Raw | UnsetType) -> Any:
    try:
        return None if raw is UNSET else msgspec.json.decode(raw)
    except JSON_ERRORS:
        return None
