"""Reports for people, and as one list of JSON."""

import sys
from collections.abc import Iterator
from typing import IO

import msgspec

from footfall.check.flows import Flow
from footfall.check.report import Note, Report, Tally
from footfall.check.run import Summary

_report = msgspec.json.Decoder(Report)
_MOST_CODES = 10
_COLOURS = {"rejected": "31", "error": "31", "warned": "33", "warning": "33", "accepted": "32"}


def reports_in(lines: bytes) -> Iterator[Report]:
    """The reports in lines of JSON."""
    return map(_report.decode, lines.splitlines())


class ListWriter:
    """One JSON list with an object for each event."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._before = b"["

    def write(self, reports: bytes) -> None:
        """Print objects, each in a line."""
        if reports:
            self._out.write(self._before + reports[:-1].replace(b"\n", b",\n"))
            self._before = b",\n"

    def end(self, summary: Summary) -> None:
        """Close the list."""
        self._out.write(b"[]\n" if self._before == b"[" else b"]\n")


class TextWriter:
    """Events with findings, flows, and what was counted; each hint once."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._said: set[str] = set()
        self._is_coloured = out.isatty()

    def write(self, reports: bytes) -> None:
        """Print the events that there is something to say of."""
        for report in reports_in(reports):
            if report.findings:
                self._out.write("".join(self._lines(report)))

    def end(self, summary: Summary) -> None:
        """Print flows and counts."""
        if summary.flows is not None:
            self._out.writelines(self._flow(flow) for flow in summary.flows)
        if summary.loose:
            self._out.write(f"{_several(summary.loose, 'step')} in no flow: nothing ties them to one\n")
        self._out.write(counted(summary.tally))

    def _lines(self, report: Report) -> Iterator[str]:
        named = " ".join(printable(part) for part in (report.eid, report.mid) if part)
        step = f" ({report.plan}: {report.step})" if report.plan else ""
        yield f"{printable(report.file)}:{report.line}: {self._coloured(report.verdict)} {named or 'no event'}{step}\n"
        for note in report.findings:
            yield from self._note(note, report.line)

    def _note(self, note: Note, line: int) -> Iterator[str]:
        where = f" line {note.line}" if note.line != line else ""
        rule = f" {note.rule}" if note.rule else ""
        path = f" {printable(note.path)}" if note.path != "$" else ""
        yield f"  {self._coloured(note.level)} {note.code}{rule}{path}{where}: {printable(note.message)}\n"
        if note.hint and (said := f"{note.code} {note.hint}") not in self._said:
            self._said.add(said)
            yield f"    {printable(note.hint)}\n"

    def _flow(self, flow: Flow) -> str:
        lacks = f", missing {', '.join(flow.missing)}" if flow.missing else ""
        steps = f"{len(flow.steps)} steps in {flow.duration_ms / 1000:,.1f} s"
        return f"flow {flow.plan} {printable(flow.id)}: {flow.outcome}, {steps}{lacks}\n"

    def _coloured(self, word: str) -> str:
        return f"\x1b[{_COLOURS[word]}m{word}\x1b[0m" if self._is_coloured else word


def counted(tally: Tally) -> str:
    """How many events were accepted, warned and rejected, and what was found most often."""
    parts = [f"{tally.verdicts[verdict]:,} {verdict}" for verdict in ("accepted", "warned", "rejected")]
    lines = [f"{_several(tally.events, 'event')}: {', '.join(parts)}\n"]
    common = tally.codes.most_common(_MOST_CODES)
    if common:
        more = f" and {len(tally.codes) - len(common)} others" if len(tally.codes) > len(common) else ""
        lines.append("found " + ", ".join(f"{code} {number:,}" for code, number in common) + more + "\n")
    return "".join(lines)


def _several(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def printable(text: str) -> str:
    """What came from outside must not move the terminal's cursor, nor break a line."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "\ufffd" for sign in text)


def complain(summary: Summary) -> None:
    """Say which inputs could not be used."""
    for problem in summary.problems:
        sys.stderr.write(f"footfall: {printable(str(problem))}\n")
