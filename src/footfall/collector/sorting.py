"""Sorting the events of one request: which are accepted, which are known already, which are refused.

A clean batch is sorted as a whole. Only one that is not clean is taken apart, event by event, so that what a hostile
sender can make one step cost stays small.
"""

from typing import Any

import msgspec
from msgspec import Struct

from footfall.collector.gate import Pass
from footfall.collector.window import Window
from footfall.spec import v3
from footfall.spec.batch import Batch
from footfall.spec.envelope import Event
from footfall.spec.identity import content_hash, content_hashes, key_hash, public_key_hash
from footfall.spec.intake import Refused, Repeat
from footfall.spec.judge import judge, judge_batch
from footfall.spec.mask import payload_text
from footfall.spec.reasons import Reason
from footfall.spec.text import JSON_ERRORS, number
from footfall.spec.trust import edata_type, may_be_public, not_public
from footfall.spec.typenames import event_type
from footfall.spec.verdict import Finding, Profile

DAY_MS = 86_400_000

# An array up to this size is decoded at once; a larger one in its parts. JSON of this size can make Python objects of
# some 30 times as much memory.
_WHOLE = 1 << 20


class Limits(Struct, frozen=True):
    """How much one request may hold: bytes of one event, events."""

    event_bytes: int
    events: int


class Sorted(Struct):
    """The events of a request by fate; the fields go into the journal as `Intake` has them."""

    of: int
    channel: str
    events: memoryview = memoryview(b"[]")
    keys: list[int] = []
    contents: list[int] = []
    lenient: bool = False
    indexes: list[int] = []
    channels: list[str] = []
    warnings: dict[int, list[Finding]] = {}
    refused: list[Refused] = []
    repeats: list[Repeat] = []
    remarks: list[tuple[int, str, Finding]] = []


def sort_clean(array: memoryview, entry: Pass, named: str, now: int, window: Window, limits: Limits) -> Sorted | None:
    """Sort the events of an array if all are accepted without remark under one channel; None if they are not.

    The arguments are those of `sort`.
    """
    if len(array) > min(_WHOLE, limits.event_bytes):
        return None
    accepted = judge_batch(array)
    if accepted is None or len(accepted.events) > limits.events:
        return None
    events = accepted.events
    names = {event.context.channel for event in events}
    channel = names.pop() if names else default_channel(entry, named)
    if names or not channel.strip() or not (entry.is_open or channel == entry.channel.name):
        return None
    keys = [key_hash(channel, event.mid) for event in events]
    if entry.is_public:
        if not all(may_be_public(event, entry.channel.public_types) for event in events):
            return None
        keys = [public_key_hash(key) for key in keys]
    if not window.is_new(keys) or max([event.ets for event in events], default=0) > now + DAY_MS:
        return None
    return Sorted(len(events), channel, array, keys, content_hashes(accepted.canonicals, accepted.ends))


def sort(batch: Batch, entry: Pass, named: str, now: int, window: Window, limits: Limits) -> Sorted:
    """Judge all events of a batch at the time `now` (epoch ms); `named` is the channel that a header names, or empty.

    Raises BatchError when there are too many, or when they cannot be told apart.
    """
    if batch.array is not None:
        clean = sort_clean(memoryview(batch.array), entry, named, now, window, limits)
        if clean is not None:
            return clean
    texts = batch.texts(limits.events)
    pile = _Pile(entry, default_channel(entry, named), now, window, limits)
    for index, text in enumerate(texts):
        pile.put(index, text)
    return pile.sorted(len(texts))


def default_channel(entry: Pass, named: str) -> str:
    """The channel of the events that name none; `named` is that of a header, or empty."""
    return named if named and entry.takes(named) else entry.channel.name


class _Pile:
    """The events of a request while they are sorted one by one."""

    def __init__(self, entry: Pass, default: str, now: int, window: Window, limits: Limits) -> None:
        self._entry = entry
        self._profile = Profile(entry.channel.profile)
        self._default = default
        self._now = now
        self._window = window
        self._largest = limits.event_bytes
        self._texts: list[bytes] = []
        self._seen: dict[int, int] = {}
        self._out = Sorted(0, default)
        self._all_default = True

    def put(self, index: int, text: bytes) -> None:
        """Judge one event and put it where it belongs."""
        if len(text) > self._largest:
            return self._refuse(index, [Finding.make(Reason.EVENT_TOO_LARGE)], _glimpse(text), None)
        verdict = judge(text, self._profile)
        if verdict.event is None:
            payload = payload_text(text, verdict.value, masked=not self._entry.channel.keep_payloads)
            return self._refuse(index, list(verdict.findings), _traits(verdict.value), payload)
        forbidden = not_public(verdict.event, self._entry.channel.public_types) if self._entry.is_public else None
        if forbidden is not None:
            value = msgspec.json.decode(text)
            payload = payload_text(text, value, masked=not self._entry.channel.keep_payloads)
            return self._refuse(index, [forbidden], _traits(value), payload)
        channel, findings = self._place(verdict.event, list(verdict.findings))
        return self._keep(index, text, verdict.event, verdict.canonical, channel, findings)

    def sorted(self, of: int) -> Sorted:
        """Everything that was put here."""
        out = self._out
        out.of = of
        out.events = memoryview(b"[" + b",".join(self._texts) + b"]")
        if out.indexes == list(range(of)):
            out.indexes = []
        if self._all_default:
            out.channels = []
        return out

    def _place(self, event: Event, findings: list[Finding]) -> tuple[str, list[Finding]]:
        """The channel that an event is stored under, and all there is to remark about it."""
        named = event.context.channel
        channel = self._default
        if named and named.strip():
            if self._entry.takes(named):
                channel = named
            else:
                channel = self._entry.channel.name
                findings.append(Finding.make(Reason.CHANNEL_DIFFERS, "$.context.channel", "string"))
        if event.ets > self._now + DAY_MS:
            findings.append(Finding.make(Reason.CLOCK_AHEAD, "$.ets", "number"))
        return channel, findings

    def _keep(
        self, index: int, text: bytes, event: Event, canonical: bytes, channel: str, findings: list[Finding]
    ) -> None:
        key, content = key_hash(channel, event.mid), content_hash(canonical)
        key = public_key_hash(key) if self._entry.is_public else key
        known = self._seen.get(key, self._window.get(key))
        eid = str(event.__struct_config__.tag)
        if known == content:
            kind = event_type(eid, edata_type(event))
            self._out.repeats.append(Repeat(index, event.mid, eid, float(event.ets), channel, kind))
        elif known is not None:
            payload = payload_text(text, msgspec.json.decode(text), masked=not self._entry.channel.keep_payloads)
            traits = _Traits(event.mid, eid, event.ets, channel)
            self._refuse(index, [Finding.make(Reason.MID_CONFLICT, "$.mid", "string")], traits, payload)
        else:
            self._seen[key] = content
            self._texts.append(text)
            self._accept(index, event, key, content, channel, findings)

    def _accept(self, index: int, event: Event, key: int, content: int, channel: str, findings: list[Finding]) -> None:
        out = self._out
        out.keys.append(key)
        out.contents.append(content)
        out.indexes.append(index)
        out.channels.append(channel)
        self._all_default = self._all_default and channel == self._default
        out.lenient = out.lenient or isinstance(event, v3.LenientEvent)
        if findings:
            out.warnings[index] = findings
            out.remarks += [(index, event.mid, finding) for finding in findings]

    def _refuse(self, index: int, findings: list[Finding], traits: "_Traits", payload: str | None) -> None:
        channel = traits.channel if traits.channel.strip() and self._entry.takes(traits.channel) else self._default
        self._out.refused.append(Refused(index, findings, traits.mid, traits.eid, traits.ets, channel, payload))


class _Traits(Struct):
    """What could be read of a refused event."""

    mid: str | None = None
    eid: str | None = None
    ets: float | None = None
    channel: str = ""


def _traits(value: Any) -> _Traits:
    if not isinstance(value, dict):
        return _Traits()
    context = value.get("context")
    channel = context.get("channel") if isinstance(context, dict) else None
    return _Traits(
        _text(value.get("mid")),
        _text(value.get("eid")),
        number(value.get("ets")),
        _text(channel) or "",
    )


def _text(value: Any) -> str | None:
    return value[:_LONGEST] if isinstance(value, str) else None


_LONGEST = 1000


class _Glimpse(Struct):
    mid: str = ""
    eid: str = ""


_glimpse_decoder = msgspec.json.Decoder(_Glimpse)


def _glimpse(text: bytes) -> _Traits:
    """What an event that is too large to be read in full calls itself."""
    try:
        found = _glimpse_decoder.decode(text)
    except JSON_ERRORS:
        return _Traits()
    return _Traits(_text(found.mid) or None, _text(found.eid) or None)
