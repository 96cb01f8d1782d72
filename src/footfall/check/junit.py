"""Reports as JUnit's XML: a suite for each file with a case for each event, and one for each plan with its flows."""

import re
import tempfile
from collections.abc import Sequence
from itertools import groupby
from typing import IO
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from footfall.check.flows import Flow
from footfall.check.report import Report
from footfall.check.report_console import reports_in
from footfall.check.run import Summary

_IN_MEMORY = 1 << 26
_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Suite(Struct):
    """The head of a suite, whose cases wait in a file: how many they are is known only at the end."""

    name: str
    start: int
    tests: int = 0
    failures: int = 0
    errors: int = 0


class JunitWriter:
    """Findings are failures; with `allow_warnings`, only errors are, and warnings are output of the case."""

    def __init__(self, out: IO[bytes], *, allow_warnings: bool) -> None:
        self._out = out
        self._allow_warnings = allow_warnings
        self._cases: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed at the end
        self._suites: list[_Suite] = []

    def write(self, reports: bytes) -> None:
        """Take reports; nothing is printed before the end."""
        for name, group in groupby(reports_in(reports), key=lambda report: report.file):
            suite = self._suite(name)
            for report in group:
                self._event(suite, report)

    def end(self, summary: Summary) -> None:
        """Print everything."""
        for problem in summary.problems:
            suite = self._suite(problem.name)
            suite.errors += 1
            error = f"<error message={_quoted(problem.detail)}/>"
            self._case(suite, "input", f"classname={_quoted(problem.name)}", error)
        for flow in summary.flows or ():
            self._flow(self._suite(f"flows of {flow.plan}"), flow)
        self._print()

    def _suite(self, name: str) -> _Suite:
        if not self._suites or self._suites[-1].name != name:
            self._suites.append(_Suite(name, self._cases.tell()))
        return self._suites[-1]

    def _event(self, suite: _Suite, report: Report) -> None:
        name = " ".join(str(part) for part in (report.index, report.eid, report.mid) if part is not None)
        place = f'classname={_quoted(report.file)} file={_quoted(report.file)} line="{report.line}"'
        findings = [(note.level, note.code, f"{note.path}: {note.message} {note.hint}") for note in report.findings]
        self._case(suite, name, place, self._said(suite, findings))

    def _flow(self, suite: _Suite, flow: Flow) -> None:
        findings = [(one.level, one.code, f"{one.message} {one.hint}") for one in flow.findings]
        said = self._said(suite, findings)
        self._case(suite, f"{flow.id} {flow.outcome}", f"classname={_quoted(flow.plan)}", said)

    def _said(self, suite: _Suite, findings: Sequence[tuple[str, str, str]]) -> str:
        fails = any(level == "error" or not self._allow_warnings for level, _, _ in findings)
        text = escape(_clean("\n".join(f"{code} {said}" for _, code, said in findings)))
        if not fails:
            return f"<system-out>{text}</system-out>" if findings else ""
        suite.failures += 1
        worst = next((one for one in findings if one[0] == "error"), findings[0])
        return f"<failure type={_quoted(worst[1])} message={_quoted(worst[2])}>{text}</failure>"

    def _case(self, suite: _Suite, name: str, attributes: str, inner: str) -> None:
        suite.tests += 1
        self._cases.write(f"<testcase name={_quoted(name)} {attributes}>{inner}</testcase>\n".encode())

    def _print(self) -> None:
        totals = [sum(getattr(suite, name) for suite in self._suites) for name in ("tests", "failures", "errors")]
        self._out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n')
        self._out.write(f'<testsuites name="footfall check" {_counts(*totals)}>\n'.encode())
        ends = [*(suite.start for suite in self._suites[1:]), self._cases.tell()]
        self._cases.seek(0)
        for suite, end in zip(self._suites, ends, strict=True):
            counts = _counts(suite.tests, suite.failures, suite.errors)
            self._out.write(f"<testsuite name={_quoted(suite.name)} {counts}>\n".encode())
            _copy(self._cases, self._out, end - suite.start)
            self._out.write(b"</testsuite>\n")
        self._out.write(b"</testsuites>\n")
        self._cases.close()


def _copy(source: IO[bytes], target: IO[bytes], size: int) -> None:
    while size > 0 and (piece := source.read(min(size, 1 << 20))):
        target.write(piece)
        size -= len(piece)


def _counts(tests: int, failures: int, errors: int) -> str:
    return f'tests="{tests}" failures="{failures}" errors="{errors}"'


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))
