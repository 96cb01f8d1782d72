"""Findings as SARIF 2.1.0, which code hosts show beside the lines they are about."""

from pathlib import PurePath
from typing import IO, Any
from urllib.parse import quote

import msgspec

from footfall import __version__
from footfall.check.repairs import REPAIRS
from footfall.check.report import Note, Report
from footfall.check.report_console import reports_in
from footfall.check.run import Summary
from footfall.check.source import STDIN
from footfall.schema.reasons import Reason

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_encoder = msgspec.json.Encoder()


class SarifWriter:
    """One run. `docs` is the address of a collector, whose pages explain the reasons."""

    def __init__(self, out: IO[bytes], docs: str) -> None:
        self._out = out
        self._docs = docs.rstrip("/")
        self._rules: dict[str, dict[str, Any]] = {}
        head = {"$schema": _SCHEMA, "version": "2.1.0"}
        self._before = _encoder.encode(head)[:-1] + b',"runs":[{"results":['

    def write(self, reports: bytes) -> None:
        """Print findings as they come; the rules behind them stand at the end."""
        for report in reports_in(reports):
            for note in report.findings:
                self._rules.setdefault(note.code, self._rule(note))
                self._out.write(self._before + _encoder.encode(_result(report, note)))
                self._before = b",\n"

    def end(self, summary: Summary) -> None:
        """Print the rules, and which inputs could not be used."""
        if not self._rules:
            self._out.write(self._before)
        driver = {"name": "footfall check", "version": __version__, "rules": list(self._rules.values())}
        notifications = [
            {"level": "error", "message": {"text": problem.detail}, "locations": [_location(problem.name)]}
            for problem in summary.problems
        ]
        invocation = {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}
        rest = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "invocations": [invocation]}
        self._out.write(b"]," + _encoder.encode(rest)[1:] + b"]}\n")

    def _rule(self, note: Note) -> dict[str, Any]:
        try:
            reason = Reason.of(note.code)
        except KeyError:
            said, hint = REPAIRS.get(note.code, (note.message, note.hint))
            return _described(note.code, said, hint)
        return _described(note.code, reason.sentence, reason.hint) | {"helpUri": self._docs + reason.docs}


def _described(code: str, said: str, hint: str) -> dict[str, Any]:
    return {"id": code, "shortDescription": {"text": said}, "help": {"text": hint or said}}


def _result(report: Report, note: Note) -> dict[str, Any]:
    step = f"{report.plan}: {report.step}" if report.plan else None
    known = {"index": report.index, "mid": report.mid, "eid": report.eid, "step": step, "rule": note.rule or None}
    location = _location(report.file) | {"logicalLocations": [{"fullyQualifiedName": note.path, "kind": "member"}]}
    location["physicalLocation"]["region"] = {"startLine": note.line, "startColumn": note.column}
    return {
        "ruleId": note.code,
        "level": note.level,
        "message": {"text": f"{note.message} {note.hint}".strip()},
        "locations": [location],
        "properties": {name: value for name, value in known.items() if value is not None},
    }


def _location(name: str) -> dict[str, Any]:
    path = PurePath("stdin" if name == STDIN else name)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix())
    return {"physicalLocation": {"artifactLocation": {"uri": uri}}}
