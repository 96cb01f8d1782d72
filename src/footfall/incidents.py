"""What went wrong and must not be forgotten by a restart: a file of its own, one incident a line.

An incident is open until somebody closes it (`footfall incident close`); the same thing at the same place is noted only
once. Lines are appended whole, so several processes may write.
"""

import os
import time
from pathlib import Path
from typing import Literal

from msgspec import DecodeError, Struct, json

FILE = "incidents.ndjson"

Severity = Literal["loss", "notice"]


class Incident(Struct, frozen=True):
    """`what` happened, at which `where` (a journal's or a file's name), and what there is to `do`; `at` is epoch ms.

    A `loss` is data that is missing or cannot be read; a `notice` is something that was dealt with.
    """

    at: int
    severity: Severity
    what: str
    where: str
    do: str
    closes: int | None = None


class Incidents:
    """The incidents of an installation, by the numbers of their lines."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._seen: tuple[int, int] | None = None
        self._open: dict[int, Incident] = {}
        self._every: dict[int, Incident] = {}

    def open(self) -> dict[int, Incident]:
        """Those that nobody has closed, by number; what cannot be read is left out."""
        try:
            found = self._path.stat()
            if self._seen != (found.st_mtime_ns, found.st_size):
                self._open, self._every = self._read()
                self._seen = found.st_mtime_ns, found.st_size
        except OSError:
            return dict(self._open)
        return dict(self._open)

    def every(self) -> list[Incident]:
        """All that were ever noted, closed ones too."""
        self.open()
        return list(self._every.values())

    def note(self, severity: Severity, what: str, where: str, do: str) -> bool:
        """Remember something, durably; whether it was new, and not closed already. Raises OSError."""
        if any((known.what, known.where) == (what, where) for known in self.every()):
            return False
        self._append(Incident(time.time_ns() // 1_000_000, severity, what, where, do))
        return True

    def close(self, number: int) -> None:
        """Forget one. Raises KeyError when there is none of this number, and OSError."""
        incident = self.open()[number]
        self._append(Incident(time.time_ns() // 1_000_000, "notice", incident.what, incident.where, "", number))

    def _read(self) -> tuple[dict[int, Incident], dict[int, Incident]]:
        known: dict[int, Incident] = {}
        every: dict[int, Incident] = {}
        for number, line in enumerate(self._path.read_bytes().splitlines(), 1):
            try:
                incident = json.decode(line, type=Incident)
            except (DecodeError, UnicodeDecodeError):
                continue
            if incident.closes is None:
                known[number] = every[number] = incident
            else:
                known.pop(incident.closes, None)
        return known, every

    def _append(self, incident: Incident) -> None:
        handle = os.open(self._path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            os.write(handle, json.encode(incident) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
