"""Which event is the how-many-th, where some lines held more events than one, or none."""

import msgspec
from msgspec.structs import replace

from footfall.check.examine import Found
from footfall.check.report import Report

_report = msgspec.json.Decoder(Report)
_encoder = msgspec.json.Encoder()


class Numbering:
    """Numbers anew what comes after lines that were not what they looked like."""

    def __init__(self) -> None:
        self._file = ""
        self._in_file = 0
        self._in_all = 0

    def mend(self, found: Found) -> None:
        """Correct the numbers in what was found in a chunk by what was found before."""
        if found.file != self._file:
            self._file, self._in_file = found.file, 0
        if self._in_file:
            found.reports = b"".join(self._moved(line) for line in found.reports.splitlines())
        if self._in_all:
            by = self._in_all
            found.sightings = [(plan, replace(one, index=one.index + by)) for plan, one in found.sightings]
            found.marks = [replace(mark, index=mark.index + by) for mark in found.marks]
        surplus = found.count - found.expected
        self._in_file += surplus
        self._in_all += surplus

    def _moved(self, line: bytes) -> bytes:
        report = _report.decode(line)
        report.index += self._in_file
        return _encoder.encode(report) + b"\n"
