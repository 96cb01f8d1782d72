"""What a client may put around its events: a batch envelope, a bare array, one event, or NDJSON.

Envelopes in the wild differ in id, ver, ts or ets, and params (Sunbird JavaScript, mobile and portal senders); only
`events` matters, the rest is a hint.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from footfall.schema.event_limits import Scan
from footfall.schema.json_text import (
    JSON_ERRORS,
    MalformedJSONError,
    first_bad_byte,
    member_spans,
    skipping,
    splitting,
    where,
)
from footfall.schema.reasons import Reason
from footfall.schema.stepwise import Steps, finish

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_FIRST = re.compile(rb"[ \t\r\n]*+(.?)", re.DOTALL)
_LINE = re.compile(rb"[ \t\r\n]*+([^\n]++)")
_EVENTS = b'"events"'
_EARLIEST_MS = 946_684_800_000  # 2000-01-01; a smaller ets is in seconds, or not a time
_LATEST_MS = 1e15
_HARMLESS_COMMAS = 100_000  # cutting an array with no more of them takes little memory, whatever it holds
_PAUSE = 1000  # lines


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
        return list(map(bytes, finish(self.parting(at_most))))

    def parting(self, at_most: int | None = None) -> Steps[Sequence[bytes | Raw]]:
        """`texts` in slices; what comes out may be views of the array."""
        if self.lines is not None:
            return _limited(self.lines, at_most)
        array = self.array or b"[]"
        if at_most is not None and (yield from _holds_more(array, at_most)):
            raise BatchError(Reason.TOO_MANY_EVENTS)
        yield
        try:
            return _limited((yield from splitting(array)), at_most)
        except MalformedJSONError as error:
            raise _malformed(error) from None


class _Envelope(Struct, gc=False):
    events: Raw | UnsetType = UNSET
    eid: Raw | UnsetType = UNSET
    ets: Raw | UnsetType = UNSET
    ts: Raw | UnsetType = UNSET


_envelope = msgspec.json.Decoder(_Envelope)
_skim = msgspec.json.Decoder(Raw)
_Text = TypeVar("_Text")


def open_body(body: bytes, *, ndjson: bool = False, at_most: int | None = None) -> Batch:
    """Find the events in a body; raises BatchError when there is no telling where they are.

    `at_most` limits the events of an NDJSON body, whose lines are cut here; for an array, give it to `texts`.
    """
    return finish(opening(body, ndjson=ndjson, at_most=at_most))


def open_plain(envelope: bytes) -> Batch | None:
    """What `open_body` finds in an envelope that names `events` once and has no escapes; None where it is none."""
    try:
        found = _envelope.decode(envelope)
    except JSON_ERRORS:
        return None
    return None if found.events is UNSET else Batch(array=bytes(found.events), sent_at=_sent_at(found))


def opening(body: bytes, *, ndjson: bool = False, at_most: int | None = None) -> Steps[Batch]:
    """`open_body` in slices."""
    body = body.removeprefix(_BOM)
    if ndjson:
        return Batch(lines=(yield from _lines(body, at_most)))
    found = _FIRST.match(body)
    first = found[1] if found else b""
    if first == b"[":
        return Batch(array=body)
    if first != b"{":
        raise (yield from _no_batch(body))
    return (yield from _open_object(body))


def _lines(body: bytes, at_most: int | None) -> Steps[list[bytes]]:
    lines: list[bytes] = []
    found = _LINE.match(body)
    while found is not None:
        lines.append(found[1].rstrip(_SPACE))
        if at_most is not None and len(lines) > at_most:
            raise BatchError(Reason.TOO_MANY_EVENTS)
        if len(lines) % _PAUSE == 0:
            yield
        found = _LINE.match(body, found.end())
    return lines


def _holds_more(array: bytes, at_most: int) -> Steps[bool]:
    """Whether an array that would take much memory when cut holds more elements."""
    if array.count(b",") <= max(at_most, _HARMLESS_COMMAS):
        return False
    scan = Scan(array)
    while scan.step():
        if scan.top >= at_most:
            return True
        yield
    return False


def _limited(texts: Sequence[_Text], at_most: int | None) -> Sequence[_Text]:
    if at_most is not None and len(texts) > at_most:
        raise BatchError(Reason.TOO_MANY_EVENTS)
    return texts


def _open_object(body: bytes) -> Steps[Batch]:
    envelope = yield from _read_envelope(body)
    yield
    if envelope.events is UNSET:
        if envelope.eid is UNSET:
            raise BatchError(Reason.NOT_A_BATCH, "The batch has no events.")
        return Batch(array=b"[" + body + b"]")
    array = bytes(envelope.events)
    yield
    if not array.startswith(b"["):
        raise BatchError(Reason.NOT_A_BATCH, "events must be an array.")
    return Batch(array=array, sent_at=_sent_at(envelope))


def _read_envelope(body: bytes) -> Steps[_Envelope]:
    try:
        envelope = _envelope.decode(body)
    except JSON_ERRORS as error:
        found = error
        yield
    else:
        yield
        if envelope.events is not UNSET and _may_repeat_events(body, envelope.events):
            yield from _cut_envelope(body)
        return envelope
    if not (yield from skipping(body, found)):
        raise _malformed(where(body, found)) from None
    return (yield from _cut_envelope(body))


def _may_repeat_events(body: bytes, array: Raw) -> bool:
    """Whether the rest of the body names `events` again, or has an escape that may spell it."""
    start, size = body.find(b"[", body.find(_EVENTS)), memoryview(array).nbytes
    if start < 0 or body.find(memoryview(array), start, start + size) != start:
        return True
    rest = body[:start] + body[start + size :]
    return rest.count(_EVENTS) > 1 or b"\\u" in rest


def _cut_envelope(body: bytes) -> Steps[_Envelope]:
    """Read the envelope by its brackets: slower, but passes over what msgspec refuses, and sees repeated keys."""
    found: dict[str, Raw] = {}
    try:
        for member in member_spans(body):
            if member is None:
                yield
                continue
            key, span = member
            if key == "events" and key in found:
                raise BatchError(Reason.NOT_A_BATCH, "The batch names events twice.")
            if key in _Envelope.__struct_fields__:
                found[key] = Raw(memoryview(body)[slice(*span)])
    except MalformedJSONError as error:
        raise _malformed(error) from None
    return _Envelope(*(found.get(name, UNSET) for name in _Envelope.__struct_fields__))


def _malformed(place: MalformedJSONError) -> BatchError:
    return BatchError(Reason.MALFORMED_JSON, f"Not JSON: {place}.", place.line, place.column)


def _no_batch(body: bytes) -> Steps[BatchError]:
    """What to say of a body that does not begin like one."""
    yield
    try:
        _skim.decode(body)
    except JSON_ERRORS as error:
        return _malformed(where(body, error))
    at = first_bad_byte(body)
    if at < len(body):
        return _malformed(MalformedJSONError.at(body, at, "bytes that are not UTF-8"))
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
