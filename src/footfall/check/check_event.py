"""What validation says of one event, read as strictly or as loosely as was asked for."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from footfall.check.chunk import Piece, Place
from footfall.check.lenient_json import BrokenError, Repair, read_loosely
from footfall.check.location import Locations
from footfall.check.report import Note, note_of_finding, note_of_repair
from footfall.schema.event_types import LEGACY_EIDS
from footfall.schema.json_text import JSON_ERRORS, read, where
from footfall.schema.reasons import Reason
from footfall.schema.schema_errors import AT_MOST
from footfall.schema.validation import judge
from footfall.schema.verdict import Finding, Profile

LARGEST_EVENT = 1 << 20

_untyped = msgspec.json.Decoder()

Fill = Callable[[dict[str, Any]], None]


class Judged(Struct):
    """The notes on an event, whether the collector takes it, and its decoded JSON as far as it could be read."""

    notes: list[Note]
    is_taken: bool = False
    value: Any = None


def judge_piece(
    piece: Piece, locations: Locations, profile: Profile, *, loosely: bool = False, fill: Fill | None = None
) -> Judged:
    """Judge a piece as the collector would judge an event; with `fill`, after completing it."""
    if piece.problem is not None:
        return Judged([note_of_finding(_said_closely(piece.problem), "error", piece.place)])
    if len(piece.text) > LARGEST_EVENT:
        return Judged([note_of_finding(Finding.make(Reason.EVENT_TOO_LARGE), "error", piece.place)])
    notes = [note_of_repair(stray.code, "$", stray.place) for stray in piece.strays]
    try:
        text, repairs = _as_json(piece, loosely=loosely)
    except BrokenError as error:
        return Judged([*notes, _malformed(str(error), locations.at(error.offset))])
    notes += [note_of_repair(one.code, one.path, locations.at(one.offset)) for one in repairs[:AT_MOST]]
    judged = _judge(text if fill is None else _filled(text, fill), profile, locations)
    judged.notes = notes + judged.notes
    return judged


def _as_json(piece: Piece, *, loosely: bool) -> tuple[bytes, list[Repair]]:
    if piece.is_json or not loosely or piece.text[:1] not in (b"{", b"["):
        return piece.text, []
    reading = read_loosely(piece.text)
    return reading.text + piece.text[reading.end :], reading.repairs


def _judge(text: bytes, profile: Profile, locations: Locations) -> Judged:
    verdict = judge(text, profile)
    if verdict.event is not None:
        notes = [note_of_finding(finding, "warning", locations.of(finding.path)) for finding in verdict.findings]
        return Judged(notes, is_taken=True, value=_untyped.decode(text))
    if verdict.findings[0].code == Reason.MALFORMED_LINE.code:
        return Judged([_not_json(text, locations)])
    notes = [note_of_finding(finding, "error", locations.of(finding.path)) for finding in verdict.findings]
    for note in notes:
        if note.code == Reason.UNKNOWN_EVENT.code:
            note.hint = _modern_name(verdict.value) or note.hint
    return Judged(notes, value=verdict.value)


def _modern_name(event: Any) -> str:
    """What to send in place of an event that V3 has no more; blank for any other."""
    eid = event.get("eid") if isinstance(event, dict) else None
    if not isinstance(eid, str) or eid not in LEGACY_EIDS:
        return ""
    modern, kind = LEGACY_EIDS[eid]
    return f"V3 has no {eid}: send {modern} with the edata.type {kind or eid}."


def _not_json(text: bytes, locations: Locations) -> Note:
    """Where a text stops being JSON; its lines are those of the file, whatever was repaired in them."""
    try:
        _untyped.decode(text)
    except JSON_ERRORS as error:
        found = where(text, error)
        detail = str(found).rpartition(" at line ")[0]
        first = locations.at(0)
        column = found.column if found.line > 1 else first.column + found.column - 1
        return _malformed(detail, Place(first.line + found.line - 1, column))
    raise AssertionError("the judge cannot read what can be read")  # pragma: no cover


def _malformed(detail: str, place: Place) -> Note:
    return note_of_finding(_said_closely(Finding.make(Reason.MALFORMED_JSON, message=detail)), "error", place)


def _said_closely(finding: Finding) -> Finding:
    if finding.code != Reason.MALFORMED_JSON.code:
        return finding
    return msgspec.structs.replace(finding, message=f"Not JSON: {finding.message}.")


def _filled(text: bytes, fill: Fill) -> bytes:
    """The text completed, where it has exactly one meaning."""
    value, unreadable = read(text)
    if unreadable is not None:
        return text
    fill(value)
    return msgspec.json.encode(value)
