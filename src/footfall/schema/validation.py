"""Reads an event, decides whether it is valid, and says why.

Most events are good, and most good ones pass Sunbird's own rules, so a whole batch is first decoded with the strict
shapes in one call (`judge_batch`). Only a batch that does not pass is judged event by event (`judge`).
"""

from typing import Any

import msgspec
from msgspec import Struct

from footfall.schema import events, v3
from footfall.schema.envelope import Event
from footfall.schema.json_text import JSON_ERRORS, read
from footfall.schema.roundtrip import is_whole, line_ends
from footfall.schema.schema_errors import list_faults
from footfall.schema.verdict import Finding, Profile

_strict = msgspec.json.Decoder(events.AnyEvent)
_strict_list = msgspec.json.Decoder(list[events.AnyEvent])
_untyped = msgspec.json.Decoder()
_lenient = msgspec.json.Decoder(v3.AnyEvent)
_canonical = msgspec.json.Encoder(order="deterministic")


class Verdict(Struct, frozen=True):
    """What was decided about one event.

    `event` is None exactly when it was rejected; `findings` then hold every fault, and else what is remarkable about
    it. `canonical` is the event's content without key order, white space and unknown keys: equal for equal content.
    `value` is the decoded JSON of a rejected event, for as far as it could be read.
    """

    event: Event | None
    findings: tuple[Finding, ...] = ()
    canonical: bytes = b""
    value: Any = None


class Accepted(Struct, frozen=True):
    """A batch of which every event was accepted without remark, in order.

    `canonicals` is their content as in `Verdict`, one event a line; `ends` tells where its line feeds stand.
    """

    events: list[events.AnyEvent]
    canonicals: bytes
    ends: list[int]


def judge_batch(array: bytes | memoryview) -> Accepted | None:
    """Accept a whole JSON array of events, or return None when any of them needs a closer look."""
    try:
        batch = _strict_list.decode(array)
    except JSON_ERRORS:
        return None
    canonicals = _canonical.encode_lines(batch)
    ends = line_ends(array, canonicals)
    return None if ends is None else Accepted(batch, canonicals, ends)


def judge(text: bytes, profile: Profile) -> Verdict:
    """Judge one event; never raises for anything a sender can send."""
    event: Event | None = _decode(_strict, text)
    is_strict = event is not None
    if event is None and profile is Profile.V3:
        event = _decode(_lenient, text)
    canonical = _canonical.encode(event) if event is not None else b""
    if event is None or not is_whole(text, canonical):
        value, unreadable = read(text)
        if unreadable is not None:
            return Verdict(None, (unreadable,), value=value)
        if event is None:
            return Verdict(None, tuple(list_faults(value, profile)), value=value)
    if is_strict:
        return Verdict(event, (), canonical)
    return Verdict(event, _as_warnings(list_faults(_untyped.decode(text), Profile.SUNBIRD)), canonical)


def _decode(decoder: msgspec.json.Decoder[Any], text: bytes) -> Any:
    try:
        return decoder.decode(text)
    except JSON_ERRORS:
        return None


def _as_warnings(faults: list[Finding]) -> tuple[Finding, ...]:
    return tuple(
        msgspec.structs.replace(fault, message=f"Sunbird's pipeline would refuse this: {fault.message}")
        for fault in faults
    )
