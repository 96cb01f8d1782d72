"""Printing data as it comes: as a table for people, as JSON or CSV for programs."""

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import chain, islice
from typing import IO, Any

import msgspec

from footfall.cli.tables import print_table
from footfall.errors import TerminalError
from footfall.runtime.escaping import csv_cell, harmless, json_text, plain

_END = object()


class AbandonedError(Exception):
    """Nobody waits for the answer any more: the process is to end at once, with this exit code."""

    def __init__(self, code: int = 0) -> None:
        super().__init__(code)
        self.code = code


class Format(StrEnum):
    """What `--format` may be."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def emit(columns: Sequence[str], batches: Iterable[Sequence[Sequence[Any]]], shown: Format, *, limit: int = 0) -> None:
    """Print rows as they come, JSON as one array of objects; at most `limit` of them, unless that is 0.

    Raises TerminalError when stdout cannot be written, AbandonedError when nobody reads it.
    """
    rows = chain.from_iterable(batches)
    some = islice(rows, limit) if limit else rows
    with _stdout() as out:
        if shown is Format.JSON:
            _emit_json(columns, some, out)
        elif shown is Format.CSV:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(map(harmless, columns))
            writer.writerows(map(csv_cell, row) for row in some)
        else:
            print_table(columns, some, out)
    if limit and next(rows, _END) is not _END:
        sys.stderr.write(f"{limit:,} rows are shown, and there are more: --limit 0 shows all.\n")


def emit_structs(found: Sequence[msgspec.Struct], shape: type[msgspec.Struct], shown: Format) -> None:
    """Print Structs of one shape as rows."""
    emit(shape.__struct_fields__, [[msgspec.structs.astuple(item) for item in found]], shown)


def emit_json(value: Any) -> None:
    """Print one JSON value."""
    with _stdout() as out:
        out.write(json_text(value) + "\n")


def _emit_json(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: IO[str]) -> None:
    out.write("[")
    separator = ""
    for row in rows:
        out.write(separator + json_text(dict(zip(columns, map(plain, row), strict=True))))
        separator = ",\n"
    out.write("]\n")


@contextmanager
def _stdout() -> Iterator[IO[str]]:
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise AbandonedError from error
    except OSError as error:
        if error.filename is not None:  # of a file that was read
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is not written at the end
        raise TerminalError(f"the answer cannot be written: {error.strerror}") from error
