"""A whole check: inputs read, events examined, flows judged, reports handed on in the order of the events."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Protocol

import msgspec
from msgspec import Struct

from footfall.check.chunk import Place
from footfall.check.examine import Brief, Found
from footfall.check.flows import Flow, Followed, Follower
from footfall.check.inputs import Inputs
from footfall.check.numbering import Numbering
from footfall.check.report import Report, Tally, note_of_remark
from footfall.check.source import InputError, InputSource
from footfall.check.worker_pool import examine

_IN_MEMORY = 1 << 26
_LINES = 2000

_report = msgspec.json.Decoder(Report)
_encoder = msgspec.json.Encoder()


class Summary(Struct):
    """What was found in all: counts, inputs that could not be used, and flows if they were asked for.

    `loose` counts the steps that nothing ties to a flow.
    """

    tally: Tally
    problems: list[InputError]
    flows: list[Flow] | None = None
    loose: int = 0


class Writer(Protocol):
    """Prints reports."""

    def write(self, reports: bytes) -> None:
        """Print reports, which are lines of JSON; there may be none."""

    def end(self, summary: Summary) -> None:
        """Print what is left."""


Watch = Callable[[InputSource | None, int], None]


def check(names: Iterable[str], brief: Brief, jobs: int, writer: Writer, watch: Watch) -> Summary:
    """Check inputs by name, `-` being standard input; raises TerminalError when a worker dies.

    `watch` is told again and again which input is being read, and how many events have been examined. What flows add
    to a report is known only at the end, so reports wait in a file if `follows` is set.
    """
    inputs = Inputs(names, loosely=brief.loosely)
    summary = Summary(Tally(), inputs.problems)
    found = _examined(inputs, brief, jobs, summary.tally, watch)
    if brief.follows:
        followed = _follow(found, brief, summary.tally, writer)
        summary.flows, summary.loose = followed.flows, followed.loose
    else:
        for one in found:
            writer.write(one.reports)
    writer.end(summary)
    return summary


def _examined(inputs: Inputs, brief: Brief, jobs: int, tally: Tally, watch: Watch) -> Iterator[Found]:
    numbering = Numbering()
    for found in examine(inputs.chunks(), brief, jobs):
        numbering.mend(found)
        tally.add(found.tally)
        watch(inputs.current, tally.events)
        yield found


def _follow(found: Iterator[Found], brief: Brief, tally: Tally, writer: Writer) -> Followed:
    follower = Follower(brief.plans, loosely=brief.loosely)
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
        for one in found:
            follower.take(one)
            spool.write(one.reports)
        spool.seek(0)
        followed = follower.judge()
        for reports in _completed(spool, followed, tally):
            writer.write(reports)
    return followed


def _completed(spool: IO[bytes], followed: Followed, tally: Tally) -> Iterator[bytes]:
    lines: list[bytes] = []
    for ordinal, line in enumerate(spool):
        is_part = ordinal in followed.parts
        lines.append(_with_flows(line, ordinal, followed, tally) if is_part else line)
        if len(lines) == _LINES:
            yield b"".join(lines)
            lines = []
    yield b"".join(lines)


def _with_flows(line: bytes, ordinal: int, followed: Followed, tally: Tally) -> bytes:
    report = _report.decode(line)
    report.flows = followed.parts[ordinal]
    if report.plan is None and ordinal in followed.steps:
        report.plan, report.step = followed.steps[ordinal]
    notes = [note_of_remark(remark, plan, Place(report.line)) for plan, remark in followed.remarks.get(ordinal, ())]
    tally.verdicts[report.verdict] -= 1
    report.add(notes)
    tally.verdicts[report.verdict] += 1
    for note in notes:
        tally.codes[note.code] += 1
        tally.errors += note.level == "error"
    return _encoder.encode(report) + b"\n"
