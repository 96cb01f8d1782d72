"""The events of one request, classified: which are accepted, which are known already, which are refused.

A clean batch is sorted as a whole. Only one that is not clean is taken apart, event by event, so that what a hostile
sender can make one step cost stays small.
"""

from collections.abc import Sequence
from operator import sub
from typing import Any

import msgspec
from msgspec import Raw, Struct

from footfall.collector.auth import Credential
from footfall.collector.recent_keys import RecentKeys
from footfall.schema import v3
from footfall.schema.batch import Batch
from footfall.schema.envelope import Event
from footfall.schema.event_limits import EventLimits
from footfall.schema.event_types import event_type, known_eid
from footfall.schema.hashing import content_hash, content_hashes, key_hash, public_key_hash
from footfall.schema.json_text import JSON_ERRORS, number
from footfall.schema.reasons import Reason
from footfall.schema.record import Duplicate, Rejected
from footfall.schema.redaction import LONGEST_MID, payload_text, plausible_id, plausible_time
from footfall.schema.stepwise import Steps, finish
from footfall.schema.trust import edata_type, may_be_public, not_public
from footfall.schema.validation import judge, judge_batch
from footfall.schema.verdict import Finding, Profile

DAY_MS = 86_400_000
_LONGEST_GLIMPSE = 3000

# An array up to this size is decoded at once; a larger one in its parts. JSON of this size can make Python objects of
# some 30 times as much memory, and takes some milliseconds.
SMALL = 1 << 19
_GROUP_BYTES, _GROUP_EVENTS = 1 << 16, 100


class Limits(Struct, frozen=True):
    """How much one request may hold: in one event, and events."""

    extent: EventLimits
    events: int


class Classified(Struct):
    """The events of a request by fate; the fields go into the journal as `IngestRecord` has them."""

    of: int
    channel: str
    events: memoryview = memoryview(b"[]")
    keys: list[int] = []
    contents: list[int] = []
    lenient: bool = False
    indexes: list[int] = []
    channels: list[str] = []
    warnings: dict[int, list[Finding]] = {}
    refused: list[Rejected] = []
    repeats: list[Duplicate] = []
    remarks: list[tuple[int, str, Finding]] = []


def classify_clean(
    array: memoryview, entry: Credential, named: str, now: int, window: RecentKeys, limits: Limits
) -> Classified | None:
    """Sort the events of an array if all are accepted without remark under one channel; None if they are not.

    The arguments are those of `classify`.
    """
    if len(array) > min(SMALL, limits.extent.size):
        return None
    accepted = judge_batch(array)
    if accepted is None or len(accepted.events) > limits.events:
        return None
    if len(array) > 2 * limits.extent.values and _has_long(accepted.ends, 2 * limits.extent.values):
        return None
    found = _clean_keys(accepted.events, entry, named, now, window)
    if found is None:
        return None
    channel, keys = found
    return Classified(len(keys), channel, array, keys, content_hashes(accepted.canonicals, accepted.ends))


def _clean_keys(
    events: Sequence[Event], entry: Credential, named: str, now: int, window: RecentKeys
) -> tuple[str, list[int]] | None:
    """The one channel that good events are all for, and their key hashes; None where there is anything to remark."""
    names = {event.context.channel for event in events}
    channel = names.pop() if names else default_channel(entry, named)
    if names or not channel.strip() or not (channel == entry.channel.name or (entry.is_open and entry.takes(channel))):
        return None
    keys = [key_hash(channel, event.mid) for event in events]
    if entry.is_public:
        if not all(may_be_public(event, entry.channel.public_types) for event in events):
            return None
        keys = [public_key_hash(key) for key in keys]
    if not window.is_new(keys) or max([event.ets for event in events], default=0) > now + DAY_MS:
        return None
    return channel, keys


def classify(batch: Batch, entry: Credential, named: str, now: int, window: RecentKeys, limits: Limits) -> Classified:
    """Judge all events of a batch at the time `now` (epoch ms); `named` is the channel that a header names, or empty.

    Raises BatchError when there are too many, or when they cannot be told apart.
    """
    return finish(classifying(batch, entry, named, now, window, limits))


def classifying(
    batch: Batch, entry: Credential, named: str, now: int, window: RecentKeys, limits: Limits
) -> Steps[Classified]:
    """`classify` in slices."""
    if batch.array is not None:
        clean = classify_clean(memoryview(batch.array), entry, named, now, window, limits)
        if clean is not None:
            return clean
    is_large = batch.array is not None and len(batch.array) > SMALL
    texts = yield from batch.parting(limits.events)
    pile = _Classifier(entry, default_channel(entry, named), now, window, limits)
    group: list[bytes] = []
    for index, text in enumerate(texts):
        group.append(bytes(text))
        if (
            not is_large
            or len(group) == _GROUP_EVENTS
            or sum(map(len, group)) > _GROUP_BYTES
            or index + 1 == len(texts)
        ):
            yield
            yield from pile.put_group(index + 1 - len(group), group)
            group = []
    return pile.sorted(len(texts))


def _has_long(ends: list[int], size: int) -> bool:
    """Whether a line is so long, by where the lines end; eight together are looked at first, as hardly any is."""
    if not ends:
        return False
    coarse = [0, *ends[::8], ends[-1]]
    return max(map(sub, coarse[1:], coarse)) >= size and _longest(ends) >= size


def _longest(ends: list[int]) -> int:
    """The length of the longest line, by where the lines end."""
    return max(ends[0], *map(sub, ends[1:], ends)) if len(ends) > 1 else ends[-1]


def default_channel(entry: Credential, named: str) -> str:
    """The channel of the events that name none; `named` is that of a header, or empty."""
    return named if named and entry.takes(named) else entry.channel.name


class _Classifier:
    """The events of a request while they are sorted one by one."""

    def __init__(self, entry: Credential, default: str, now: int, window: RecentKeys, limits: Limits) -> None:
        self._entry = entry
        self._profile = Profile(entry.channel.profile)
        self._default = default
        self._now = now
        self._window = window
        self._extent = limits.extent
        self._events = bytearray(b"[")
        self._seen: dict[int, int] = {}
        self._out = Classified(0, default)
        self._all_default = True

    def put_group(self, first: int, texts: list[bytes]) -> Steps[None]:
        """Judge events that follow each other, at once if they are all good."""
        is_ordinary = len(texts) > 1 and all(len(text) <= 2 * self._extent.values for text in texts)
        if is_ordinary and self._takes_all(first, texts):
            return
        for index, text in enumerate(texts, first):
            self.put(index, text)
            yield

    def _takes_all(self, first: int, texts: list[bytes]) -> bool:
        """Keep events in which all is good; false, and nothing done, if that cannot be said of them."""
        joined = b",".join(texts)
        accepted = judge_batch(b"[%b]" % joined)
        found = accepted and _clean_keys(accepted.events, self._entry, self._default, self._now, self._window)
        if not accepted or not found or not self._seen.keys().isdisjoint(found[1]):
            return False
        channel, keys = found
        out, contents = self._out, content_hashes(accepted.canonicals, accepted.ends)
        self._events += b"," + joined if out.keys else joined
        self._seen.update(zip(keys, contents, strict=True))
        out.keys += keys
        out.contents += contents
        out.indexes += range(first, first + len(keys))
        out.channels += [channel] * len(keys)
        self._all_default = self._all_default and channel == self._default
        return True

    def put(self, index: int, text: bytes) -> None:
        """Judge one event and put it where it belongs."""
        if (excess := self._extent.fault(text)) is not None:
            return self._refuse(index, [excess], self._seen_in(_glimpse(text)), None)
        verdict = judge(text, self._profile)
        if verdict.event is None:
            payload = payload_text(text, verdict.value, masked=not self._entry.channel.keep_payloads)
            return self._refuse(index, list(verdict.findings), self._seen_in(verdict.value), payload)
        forbidden = not_public(verdict.event, self._entry.channel.public_types) if self._entry.is_public else None
        if forbidden is not None:
            value = msgspec.json.decode(text)
            payload = payload_text(text, value, masked=not self._entry.channel.keep_payloads)
            traits = msgspec.structs.replace(self._seen_in(value), mid=verdict.event.mid)
            return self._refuse(index, [forbidden], traits, payload)
        channel, findings = self._place(verdict.event, list(verdict.findings))
        return self._keep(index, text, verdict.event, verdict.canonical, channel, findings)

    def sorted(self, of: int) -> Classified:
        """Everything that was put here."""
        out = self._out
        out.of = of
        self._events += b"]"
        out.events = memoryview(self._events)
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
            self._out.repeats.append(Duplicate(index, event.mid, eid, float(event.ets), channel, kind))
        elif known is not None:
            payload = payload_text(text, msgspec.json.decode(text), masked=not self._entry.channel.keep_payloads)
            traits = _Traits(event.mid, eid, event.ets, channel)
            self._refuse(index, [Finding.make(Reason.MID_CONFLICT, "$.mid", "string")], traits, payload)
        else:
            self._seen[key] = content
            if self._out.keys:
                self._events += b","
            self._events += text
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

    def _seen_in(self, value: Any) -> "_Traits":
        """What is kept of a refused event besides its payload: no more than is plausible, unless payloads are kept."""
        if not isinstance(value, dict):
            return _Traits()
        context = value.get("context")
        channel = context.get("channel") if isinstance(context, dict) else None
        return _Traits(
            self._mid(value.get("mid")),
            known_eid(value.get("eid")),
            plausible_time(number(value.get("ets"))),
            channel if isinstance(channel, str) else "",
        )

    def _mid(self, mid: Any) -> str | None:
        if self._entry.channel.keep_payloads and isinstance(mid, str):
            return mid[:LONGEST_MID]
        return plausible_id(mid)

    def _refuse(self, index: int, findings: list[Finding], traits: "_Traits", payload: str | None) -> None:
        channel = traits.channel if traits.channel.strip() and self._entry.takes(traits.channel) else self._default
        self._out.refused.append(Rejected(index, findings, traits.mid, traits.eid, traits.ets, channel, payload))


class _Traits(Struct):
    """What could be read of a refused event."""

    mid: str | None = None
    eid: str | None = None
    ets: float | None = None
    channel: str = ""


class _Glimpse(Struct):
    mid: Raw = Raw()
    eid: Raw = Raw()


_glimpse_decoder = msgspec.json.Decoder(_Glimpse)
_short = msgspec.json.Decoder(str)


def _glimpse(text: bytes) -> dict[str, str]:
    """What an event that is too large to be read in full calls itself."""
    try:
        found = _glimpse_decoder.decode(text)
        pairs = (("mid", bytes(found.mid)), ("eid", bytes(found.eid)))
        return {name: _short.decode(raw) for name, raw in pairs if raw[:1] == b'"' and len(raw) <= _LONGEST_GLIMPSE}
    except JSON_ERRORS:
        return {}
