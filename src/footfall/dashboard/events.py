"""Single events: the newest, one by its place in the journal, and all that carry one mid."""

import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from footfall.dashboard.parameters import DAY, FeedRange, known
from footfall.dashboard.queries import PATIENCE, LakeAnswer, ask
from footfall.dashboard.responses import ApiError
from footfall.lake.fate import EventFate
from footfall.lake.fate import fates as receptions
from footfall.lake.query import LakeReader, QueryTimeoutError
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

# Events of several journals are committed together, but need not have been received in the order of the commits.
OVERLAP = 10_000
_SEARCH_PATIENCE = 3.0
_FIRST_STRETCH = 10_000
_GROWTH = 20
_LONGEST = 800 * DAY
_CLOCKS_AHEAD = 60_000
_MOST_FATES = 200
_LONGEST_PATH = 300
_EPOCH, _MS, _HALF_MS = datetime(1970, 1, 1), timedelta(milliseconds=1), timedelta(microseconds=500)

_ID = re.compile(r"(\d{1,14})\.([^.\s]{1,100})\.(\d{1,18})\.(\d{1,9})(?:\.[0-9a-f]{8})?", re.ASCII)
_findings = msgspec.json.Decoder(list[Finding])


class FeedEvent(Struct):
    """An event in the feed. Times are epoch ms; `subject` is what it was about, in one word."""

    id: str
    received_at: int
    occurred_at: int | None
    fate: str
    channel: str | None
    event_type: str | None
    mid: str | None
    subject: str | None
    reasons: list[str]
    warnings: list[str]
    derived_from: str | None


class Feed(LakeAnswer):
    """The newest events, newest first.

    `cursor` is for the next `after`; the answer to it repeats some events, which `id` tells. `searched_from` says how
    far back was looked, epoch ms: a search stops after a few seconds.
    """

    version: int
    cursor: int
    searched_from: int
    events: list[FeedEvent]


class Remark(Struct):
    """One finding about an event, with what to do about it."""

    code: str
    path: str
    found: str | None
    message: str
    hint: str
    docs: str


class WholeEvent(Struct):
    """Everything known of one event. `event` is its JSON as sent, masked where it was rejected.

    Of an event that only stands at the same place as the one that was asked for, a long text is left out.
    """

    id: str
    fate: str
    received_at: int
    occurred_at: int | None
    channel: str | None
    event_type: str | None
    mid: str | None
    ets: float | None
    clock: str | None
    event: str | None
    agent: str | None
    derived_from: str | None
    journal: str
    record: int
    idx: int
    of: int
    findings: list[Remark]


class Fated(Struct):
    """What became of one event that was received with a mid. Times are epoch ms."""

    fate: str
    received_at: int
    occurred_at: int | None
    channel: str | None
    event_type: str | None
    clock: str | None
    reasons: list[str]
    findings: list[Remark]
    journal: str
    record: int
    idx: int
    of: int
    derived_from: str | None


class EventAnswer(LakeAnswer):
    """One event, and those that stood at the same place in the journal (events derived from it)."""

    event: WholeEvent
    same_place: list[WholeEvent]


class FateResult(LakeAnswer):
    """What became of an event, each time that it was received."""

    mid: str
    fates: Annotated[list[Fated], Meta(min_length=1)]


class _Newest(Struct):
    newest: int | None


def feed(reader: LakeReader, wanted: FeedRange) -> Feed:
    """The newest events that fit, looked for in ever longer stretches of time until there are enough."""
    version = reader.version()
    now = int(time.time() * 1000) + _CLOCKS_AHEAD
    after = max(0, wanted.after - OVERLAP) if isinstance(wanted.after, int) else 0
    if version < 0 or version == wanted.version:
        return Feed(version, wanted.after if isinstance(wanted.after, int) else 0, now, [])
    until = min(now, wanted.before) if isinstance(wanted.before, int) else now
    parameters = {name: known(getattr(wanted, name)) for name in ("channel", "fate", "type", "reason", "text", "limit")}
    events: list[FeedEvent] = []
    searched = until
    for since in _stretches(until, after):
        try:
            events = ask(
                reader, "feed", parameters | {"since": since, "until": until}, FeedEvent, timeout=_SEARCH_PATIENCE
            )
        except QueryTimeoutError:
            break  # a search through too much: show what was found so far
        searched = since
        if len(events) >= wanted.limit:
            break
    cursor = max((event.received_at for event in events), default=after)
    return Feed(version, cursor, searched, events)


def newest(reader: LakeReader) -> int | None:
    """When the newest event was received, epoch ms; None while there is none."""
    now = int(time.time() * 1000) + _CLOCKS_AHEAD
    for since in _stretches(now, 0):
        (row,) = ask(reader, "newest", {"since": since, "until": now}, _Newest)
        if row.newest is not None:
            return row.newest
    return None


def _stretches(until: int, earliest: int) -> Iterator[int]:
    """Starts of ever longer stretches that end at `until`; stops when the patience is used up."""
    earliest = max(0, earliest, until - _LONGEST)
    begun, length = time.monotonic(), _FIRST_STRETCH
    while until - length > earliest:
        yield until - length
        if time.monotonic() - begun > _SEARCH_PATIENCE:
            return
        length *= _GROWTH
    yield earliest


def event(reader: LakeReader, event_id: str) -> list[WholeEvent]:
    """The event of this id, and after it those derived from it; raises ApiError for none."""
    match = _ID.fullmatch(event_id)
    if match is None:
        raise ApiError(404, Reason.NOT_FOUND, "This is not the id of an event.")
    received_at, journal, record, index = match.groups()
    place = {"received_at": int(received_at), "journal": journal, "record": int(record), "idx": int(index)}
    found = ask(reader, "event", place | {"id": event_id}, WholeEvent, prepare=_explain)
    found.sort(key=lambda whole: whole.id != event_id)
    if not found or found[0].id != event_id:
        raise ApiError(404, Reason.NOT_FOUND, "There is no event of this id.")
    return found


def fates(reader: LakeReader, mid: str, channel: str | None) -> list[Fated]:
    """What became of every event that was sent with this mid, oldest first; empty when none was."""
    return [_fated(found) for found in receptions(reader, mid, channel, limit=_MOST_FATES, timeout=PATIENCE)]


def _fated(found: EventFate) -> Fated:
    return Fated(
        fate=found.fate,
        received_at=_ms(found.received_at),
        occurred_at=None if found.occurred_at is None else _ms(found.occurred_at),
        channel=found.channel,
        event_type=found.event_type,
        clock=found.clock,
        reasons=[*(found.reasons or ()), *(found.warnings or ())],
        findings=remarks(found.findings or "[]"),
        journal=found.journal,
        record=found.record,
        idx=found.idx,
        of=found.of,
        derived_from=found.derived_from,
    )


def _ms(moment: datetime) -> int:
    """Epoch ms of a time in UTC, rounded as the queries' epoch_ms does."""
    return (moment - _EPOCH + _HALF_MS) // _MS


def _explain(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"findings": remarks(row["findings"])}


def remarks(findings: str) -> list[Remark]:
    """The findings column, with the advice that belongs to each code; codes of later versions stay as they are."""
    return [_remark(finding) for finding in _findings.decode(findings)]


def _remark(finding: Finding) -> Remark:
    try:
        hint, docs = finding.reason.hint, finding.reason.docs
    except KeyError:
        hint, docs = "", "/docs/reasons"
    path, message = finding.path[:_LONGEST_PATH], finding.message[:_LONGEST_PATH]
    return Remark(finding.code, path, finding.found, message, hint, docs)
