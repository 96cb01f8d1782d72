"""Stored events as lines of text, written as they come."""

import re
from collections.abc import Callable, Sequence
from typing import IO, Any

from footfall.lake.columns import EVENTS, Column
from footfall.runtime.escaping import harmless

Batch = Sequence[Sequence[Any]]

_TEXT = ("string", "strings")
_QUOTED = re.compile('[",\n]')


def one_line(event: str) -> str:
    """An event in one line: breaks between its values are white space, and those within are escaped."""
    return event.replace("\n", " ").replace("\r", " ")


class LinesFile:
    """Events a line each, as `line` words them; those for which it has no words are left out and counted."""

    columns = "event"

    def __init__(self, file: IO[bytes], line: Callable[[str], str | None] = one_line) -> None:
        self._file = file
        self._line = line
        self.left_out = 0

    def write(self, batch: Batch) -> None:
        """Write events."""
        lines = [line for (event,) in batch if event is not None and (line := self._line(event)) is not None]
        self.left_out += len(batch) - len(lines)
        self._file.write("".join(f"{line}\n" for line in lines).encode())

    def finish(self) -> None:
        """Nothing is left to be written."""

    def close(self) -> None:
        """Nothing is held."""


class CsvFile:
    """The lake's columns as CSV under a line of their names, as DuckDB words them; text is harmless."""

    columns = ", ".join(
        f'"{column.name}"' if column.kind == "string" else f'CAST("{column.name}" AS VARCHAR)' for column in EVENTS
    )

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._file.write((",".join(column.name for column in EVENTS) + "\n").encode())

    def write(self, batch: Batch) -> None:
        """Write rows."""
        columns = [_csv_cells(column, values) for column, values in zip(EVENTS, zip(*batch, strict=True), strict=True)]
        self._file.write("".join(f"{','.join(row)}\n" for row in zip(*columns, strict=True)).encode())

    def finish(self) -> None:
        """Nothing is left to be written."""

    def close(self) -> None:
        """Nothing is held."""


def _csv_cells(column: Column, values: Sequence[str | None]) -> list[str]:
    if column.name == "event":
        return [_csv_cell(None if value is None else one_line(value)) for value in values]
    cells = {value: _csv_cell(value) if column.kind in _TEXT else value or "" for value in set(values)}  # often few
    return [cells[value] for value in values]


def _csv_cell(text: str | None) -> str:
    """Text in quotes where it needs them; empty text too, which is not the same as none."""
    if text is None:
        return ""
    safe = harmless(text)
    return safe if safe and not _QUOTED.search(safe) else '"' + safe.replace('"', '""') + '"'
