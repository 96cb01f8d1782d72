"""What is said of events: the shape of the JSON that `footfall check` prints, and counts of it."""

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from msgspec import UNSET, Struct, UnsetType, field

from footfall.check.chunk import Place
from footfall.check.repairs import REPAIRS
from footfall.plans.outcome import Remark
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

Outcome = Literal["accepted", "warned", "rejected"]
Level = Literal["error", "warning"]


class Note(Struct):
    """One finding about an event: a stable code, the path it is about, and what to do.

    An error is what the collector rejects, or a rule that is broken; `rule` names a rule of a workflow.
    """

    code: str
    path: str
    message: str
    hint: str
    level: Level
    line: int
    column: int
    plan: str | UnsetType = UNSET
    rule: str | UnsetType = UNSET


class Part(Struct):
    """The part that an event has in a flow, or in a run of a workflow."""

    plan: str
    id: str
    outcome: str


class Report(Struct):
    """What is said of one event: where it stands, the verdict, and the first plan's step that it is.

    `index` counts the events of the file from 0. `flows` is there where flows were asked for.
    """

    file: str
    line: int
    index: int
    mid: str | None
    eid: str | None
    verdict: Outcome
    findings: list[Note]
    plan: str | None = None
    step: str | None = None
    flows: list[Part] | UnsetType = UNSET

    def add(self, notes: Iterable[Note]) -> None:
        """Add findings that do not change what the collector does with the event."""
        self.findings += notes
        if self.findings and self.verdict == "accepted":
            self.verdict = "warned"


class Tally(Struct):
    """Counts of what was found."""

    verdicts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    errors: int = 0

    @property
    def events(self) -> int:
        """How many events there were, and things in place of one."""
        return self.verdicts.total()

    def count(self, report: Report) -> None:
        """Count an event in."""
        self.verdicts[report.verdict] += 1
        for note in report.findings:
            self.codes[note.code] += 1
            self.errors += note.level == "error"

    def add(self, other: "Tally") -> None:
        """Add what others counted."""
        self.verdicts += other.verdicts
        self.codes += other.codes
        self.errors += other.errors


def note_of_finding(finding: Finding, level: Level, place: Place) -> Note:
    """What the judge found."""
    hint = finding.reason.hint
    if finding.code == Reason.MALFORMED_JSON.code:
        hint = "Write it as JSON; what people write in documents is read with --lenient."
    return Note(finding.code, finding.path, finding.message, hint, level, place.line, place.column)


def note_of_repair(code: str, path: str, place: Place) -> Note:
    """What was read although it is no JSON."""
    message, hint = REPAIRS[code]
    return Note(code, path, message, hint, "warning", place.line, place.column)


def note_of_remark(remark: Remark, plan: str, place: Place) -> Note:
    """What a plan says."""
    level: Level = "error" if remark.severity == "error" else "warning"
    return Note(
        remark.code,
        remark.path or "$",
        remark.message,
        remark.hint,
        level,
        place.line,
        place.column,
        plan,
        remark.rule or UNSET,
    )
