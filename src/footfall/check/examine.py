"""What is said of each event of a chunk; this runs in worker processes."""

from collections.abc import Iterator
from typing import Any, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from footfall.check.check_event import judge_piece
from footfall.check.chunk import Chunk, Piece
from footfall.check.filling import Filling, is_blank
from footfall.check.location import Layout, Locations
from footfall.check.prefilter import Prefilter
from footfall.check.reader import Reader
from footfall.check.report import Note, Part, Report, Tally, note_of_remark
from footfall.check.scan import parts
from footfall.plans.correlation import correlation
from footfall.plans.flow import Sighting, sight
from footfall.plans.mark import Mark, mark_of, read_mark
from footfall.plans.matching import Match, Matcher
from footfall.plans.model import Plan
from footfall.plans.outcome import Remark
from footfall.plans.values import Many, value_at
from footfall.schema import events
from footfall.schema.json_text import JSON_ERRORS
from footfall.schema.roundtrip import line_ends
from footfall.schema.validation import judge_batch
from footfall.schema.verdict import Profile

_strict = msgspec.json.Decoder(events.AnyEvent)
_untyped = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_EIDS: dict[type, str] = {shape: str(shape.__struct_config__.tag) for shape in get_args(events.AnyEvent)}


class Brief(Struct, frozen=True):
    """What to look for. `loosely`, events are read as people write them in documents; `fills` completes them.

    `keeps_all` reports events of which there is nothing to say too; `follows` keeps what flows are judged from.
    """

    profile: Profile = Profile.V3
    plans: tuple[Plan, ...] = ()
    loosely: bool = False
    fills: bool = False
    keeps_all: bool = True
    follows: bool = False


class Found(Struct):
    """What was found in a chunk: reports in order, as lines of JSON, counts, and what flows are judged from.

    Each sighting stands with the name of its plan; the index of sightings and marks is the event's ordinal. `count`
    is how many events there are, `expected` how many the chunk looked like.
    """

    file: str
    expected: int
    count: int
    reports: bytes = b""
    tally: Tally = field(default_factory=Tally)
    sightings: list[tuple[str, Sighting]] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


class Examiner:
    """Examines chunks."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._matcher = Matcher(brief.plans)
        self._sieve = Prefilter(brief.plans)
        self._keys = {plan.plan: correlation(plan) for plan in brief.plans if plan.kind == "flow"}
        self._has_workflow = any(plan.kind == "workflow" for plan in brief.plans)
        self._no_flows: list[Part] | UnsetType = [] if brief.follows else UNSET
        self._filling = Filling() if brief.fills else None

    def examine(self, chunk: Chunk) -> Found:
        """What is to be said of the events of a chunk."""
        found = Found(chunk.file, chunk.count, 0)
        found.reports = _encoder.encode_lines(list(self._reports(chunk, found)))
        return found

    def _reports(self, chunk: Chunk, found: Found) -> Iterator[Report]:
        accepted = _accepted(chunk) if chunk.bulk and self._filling is None else None
        if accepted is not None:
            yield from self._of_accepted(chunk, accepted, found)
        elif chunk.is_read and (chunk.is_array or self._filling is not None or not chunk.bulk):
            yield from self._of_pieces(chunk, found)
        else:
            yield from self._of_parts(chunk, found)

    def _of_parts(self, chunk: Chunk, found: Found) -> Iterator[Report]:
        """Reports on a stretch in which something is to be remarked: it is to slow down only what stands beside it."""
        index, place = chunk.index, chunk.place
        for text in parts(chunk.bulk):
            count, ordinal = text.count(b"\n") + (text[-1:] != b"\n"), chunk.ordinal + index - chunk.index
            part = Chunk(chunk.file, index, count, [], text, place=place, is_read=False, ordinal=ordinal)
            accepted = _accepted(part) if self._filling is None else None
            before = found.count
            if accepted is not None:
                yield from self._of_accepted(part, accepted, found)
            else:
                yield from self._of_lines(part, found)
            index += found.count - before
            place = place.after(text)

    def _of_lines(self, chunk: Chunk, found: Found) -> Iterator[Report]:
        """Reports on lines among which some are not what they look like."""
        blocks = iter([chunk.bulk])
        reader = Reader(chunk.file, blocks, loosely=False, place=chunk.place, index=chunk.index, singly=True)
        for inner in reader.chunks():
            inner.ordinal = chunk.ordinal + inner.index - chunk.index
            yield from self._of_pieces(inner, found)

    def _of_accepted(self, chunk: Chunk, accepted: list[events.AnyEvent], found: Found) -> Iterator[Report]:
        """Reports on events that the judge took without remark."""
        chunk.count = len(accepted)
        found.count += chunk.count
        found.tally.verdicts["accepted"] += len(accepted)
        keeps_all, passes = self._brief.keeps_all, self._sieve.passes
        layout = Layout(chunk)
        for number, event in enumerate(accepted):
            eid = _EIDS[type(event)]
            if self._has_workflow and self._brief.follows:
                found.marks.append(read_mark(layout.text(number), chunk.ordinal + number))
            if not passes(eid, event):
                if keeps_all:
                    place = (chunk.file, layout.line(number), chunk.index + number)
                    yield Report(*place, event.mid, eid, "accepted", [], None, None, self._no_flows)
                continue
            report = self._matched(chunk, number, layout.piece(number), found)
            if report.findings or keeps_all:
                yield report

    def _matched(self, chunk: Chunk, number: int, piece: Piece, found: Found) -> Report:
        value = _untyped.decode(piece.text)
        report = self._report(chunk, number, piece, value, is_taken=True)
        self._recognise(report, value, piece)
        if self._brief.follows:
            self._sight(value, chunk.ordinal + number, found)
        if report.findings:
            found.tally.verdicts["accepted"] -= 1
            found.tally.count(report)
        return report

    def _report(self, chunk: Chunk, number: int, piece: Piece, value: dict[str, Any], *, is_taken: bool) -> Report:
        mid, eid = value.get("mid"), value.get("eid")
        return Report(
            chunk.file,
            piece.place.line,
            chunk.index + number,
            mid if isinstance(mid, str) else None,
            eid if isinstance(eid, str) else None,
            "accepted" if is_taken else "rejected",
            [],
            flows=self._no_flows,
        )

    def _of_pieces(self, chunk: Chunk, found: Found) -> Iterator[Report]:
        found.count += chunk.count
        layout = Layout(chunk)
        for number in range(chunk.count):
            report = self._of_piece(chunk, number, layout.piece(number), found)
            found.tally.count(report)
            if report.findings or self._brief.keeps_all:
                yield report

    def _of_piece(self, chunk: Chunk, number: int, piece: Piece, found: Found) -> Report:
        ordinal = chunk.ordinal + number
        filling = self._filling
        judged = judge_piece(
            piece,
            Locations(piece),
            self._brief.profile,
            loosely=self._brief.loosely,
            fill=None if filling is None else lambda value: filling.fill(value, ordinal),
        )
        value = judged.value if isinstance(judged.value, dict) else {}
        report = self._report(chunk, number, piece, value, is_taken=judged.is_taken)
        report.add(judged.notes)
        if report.eid is not None:
            self._recognise(report, value, piece)
            if self._brief.follows:
                self._sight(value, ordinal, found)
                if self._has_workflow:
                    found.marks.append(mark_of(value, ordinal))
        return report

    def _recognise(self, report: Report, value: dict[str, Any], piece: Piece) -> None:
        match = self._matcher.match(value)
        if match is None:
            return
        report.plan, report.step = match.plan.plan, match.step
        if match.warnings:
            report.add(self._notes(match, value, Locations(piece)))

    def _notes(self, match: Match, value: dict[str, Any], locations: Locations) -> list[Note]:
        return [
            note_of_remark(remark, match.plan.plan, locations.of(remark.path))
            for remark in match.warnings
            if not (self._brief.loosely and _is_about_blank(remark, value))
        ]

    def _sight(self, value: dict[str, Any], ordinal: int, found: Found) -> None:
        """Keep what the event is to flows."""
        for match in self._matcher.matches(value):
            name = match.plan.plan
            if name in self._keys:
                plain = msgspec.structs.replace(match, warnings=())
                found.sightings.append((name, sight(plain, self._keys[name](value), value, ordinal)))


def _accepted(chunk: Chunk) -> list[events.AnyEvent] | None:
    """The events of a bulk, if all of them are accepted without remark."""
    if chunk.is_array:
        batch = judge_batch(b"[%b]" % chunk.bulk)
        return None if batch is None else batch.events
    try:
        accepted = _strict.decode_lines(chunk.bulk)
    except JSON_ERRORS:
        return None
    return accepted if line_ends(chunk.bulk, _encoder.encode_lines(accepted)) is not None else None


def _is_about_blank(remark: Remark, value: dict[str, Any]) -> bool:
    """Whether a remark is about what only stands for a value in a document."""
    found = value_at(value, tuple(remark.path.removeprefix("$.").split(".")))
    return any(map(is_blank, found.values)) if isinstance(found, Many) else is_blank(found)
