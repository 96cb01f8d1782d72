"""Printing data: as a table for people, as JSON or CSV for programs."""

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

_TERMINAL_WIDTH = 200
_json = msgspec.json.Encoder(enc_hook=str)


class Format(StrEnum):
    """What `--format` may be."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def emit(columns: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]], shown: Format) -> None:
    """Print rows; JSON is one array of objects, written as the rows come."""
    if shown is Format.JSON:
        _emit_json(columns, batches)
    elif shown is Format.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        for batch in batches:
            writer.writerows([_cell(value) for value in row] for row in batch)
    else:
        _emit_table(columns, batches)


def emit_structs(found: Sequence[msgspec.Struct], shape: type[msgspec.Struct], shown: Format) -> None:
    """Print Structs of one shape as rows."""
    emit(shape.__struct_fields__, [[msgspec.structs.astuple(item) for item in found]], shown)


def emit_json(value: Any) -> None:
    """Print one JSON value."""
    sys.stdout.write(_json.encode(value).decode() + "\n")


def _emit_json(columns: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]) -> None:
    sys.stdout.write("[")
    separator = ""
    for batch in batches:
        for row in batch:
            record = dict(zip(columns, map(_plain, row), strict=True))
            sys.stdout.write(separator + _json.encode(record).decode())
            separator = ",\n"
    sys.stdout.write("]\n")


def _emit_table(columns: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for batch in batches:
        for row in batch:
            table.add_row(*(_printable(_cell(value)) for value in row))
    console = Console() if sys.stdout.isatty() else Console(width=_TERMINAL_WIDTH)
    console.print(table, markup=False, highlight=False)


def _plain(value: Any) -> Any:
    return value.isoformat() + "Z" if isinstance(value, datetime) and value.tzinfo is None else value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, dict, tuple)):
        return _json.encode(value).decode()
    return str(_plain(value))


def _printable(text: str) -> Any:
    from rich.text import Text

    # What came from outside must not move the terminal's cursor or change its title.
    return Text("".join(character if character.isprintable() or character == "\n" else "\ufffd" for character in text))
