"""Commands that read the lake; they work from any process while `footfall serve` runs."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.options import DEFAULT_DATA, Data, Shown, open_lake
from footfall.cli.output import Format, emit, emit_structs
from footfall.cli.query import RunningQuery
from footfall.errors import TerminalError

_AT_TERMINAL = 1000

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day received, UTC: 2026-11-21.")]


class FileFormat(StrEnum):
    """What `export` can write."""

    NDJSON = "ndjson"
    PARQUET = "parquet"
    CSV = "csv"


class Dialect(StrEnum):
    """In whose words `export` can write."""

    LMS = "lms"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(query)
    app.command()(audit)
    app.command()(fate)
    app.command()(export)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT on the views events, failed, ledger, hourly and flows.")],
    data: Data = DEFAULT_DATA,
    shown: Shown = Format.TABLE,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help="Most rows to print, 0 for all; at a terminal, a table has 1,000 when left out."),
    ] = None,
) -> None:
    """Ask the lake in SQL (DuckDB's dialect), read-only.

    Rows are printed as they come, whatever their number. Where the columns of a table would be too narrow, each value
    is a line `name: value`.

    CSV, of this and every other command, is made safe for spreadsheets as told at `footfall export`. JSON has every
    value as it is.

    Example: `footfall query "SELECT event_type, count(*) FROM events GROUP BY ALL" --data data`
    """
    reader = open_lake(data)
    reader.lock_down()
    if limit is None:
        limit = _AT_TERMINAL if shown is Format.TABLE and sys.stdout.isatty() else 0
    with RunningQuery(reader).stream(sql) as (columns, batches):
        emit(columns, batches, shown, limit=limit)


def audit(
    data: Data = DEFAULT_DATA,
    day: Day = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Also read every byte of the lake and compare checksums.")
    ] = False,
    shown: Shown = Format.TABLE,
) -> None:
    """Prove that every received event has exactly one fate; exit 1 and list what does not balance otherwise.

    Checked are the books of every channel, that no record of a journal is missing and no event is stored twice, that
    the journals end where the lake goes on, and whether anything that went wrong earlier is still open.

    Example: `footfall audit --data data --day 2026-11-21`
    """
    from footfall import settings
    from footfall.cli.audit import find, print_audit

    reader = open_lake(data)
    days = settings.load({"data": data}).dedup_days
    whole = RunningQuery(reader).run(lambda asked: find(asked, data, day.date() if day else None, days, deep=deep))
    print_audit(whole, shown)
    if not whole.balances:
        raise typer.Exit(1)


def fate(
    mid: Annotated[str, typer.Argument(help="The event's mid.")],
    data: Data = DEFAULT_DATA,
    channel: Annotated[str | None, typer.Option(help="Look in this channel only.")] = None,
    shown: Shown = Format.TABLE,
) -> None:
    """Tell what became of one event, when and why; exit 1 when nothing is known of it.

    Example: `footfall fate INTERACT:5f2b --data data`
    """
    from footfall.lake.fate import EventFate, fates

    found = RunningQuery(open_lake(data)).run(lambda reader: fates(reader, mid, channel))
    emit_structs(found, EventFate, shown)
    if not found:
        sys.stderr.write("Nothing is known of this mid; events are in the lake about a second after the reply.\n")
        raise typer.Exit(1)


def export(
    data: Data = DEFAULT_DATA,
    day: Day = None,
    channel: Annotated[str | None, typer.Option(help="Only this channel.")] = None,
    file_format: Annotated[FileFormat, typer.Option("--format", help="What to write.")] = FileFormat.NDJSON,
    dialect: Annotated[
        Dialect | None, typer.Option(help="Only the events of a dialect, in its own JSON shape; ndjson.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="File to write; without it, ndjson and csv go to stdout.")] = None,
) -> None:
    """Write a day's stored events: ndjson has the events as sent, parquet and csv have the lake's columns.

    With --dialect lms: the events of the LMS, in the JSON shape that it documents.

    They come in the order in which they were received; in ndjson, each is one line. A long day takes no more memory
    than a short one, and a file is there when it is whole. Events that are stored meanwhile may be in it or not. Every
    byte is compared with its checksum first: what a disk has changed is left out and said, and the exit code is 1.

    Spreadsheets run what looks like a formula, so CSV has an apostrophe before text that begins with `=`, `+`, `-` or
    `@`. It does not matter whether that is full-width, or behind blanks, quotes, tabs or line ends. The same is done
    within a text, behind each semicolon and line end, and before a tab or line end at its beginning. Then tabs become
    blanks, line ends newlines, and other control characters U+FFFD, as do those that turn the direction of text.
    Numbers and times stay as they are. For every value as it is, take ndjson or parquet.

    Example: `footfall export --day 2026-11-21 --format parquet --output events.parquet --data data`
    """
    if day is None:
        raise TerminalError("name the day to export: --day 2026-11-21")
    from footfall.cli import exporting

    spoken = dialect.value if dialect else None
    if not exporting.export(open_lake(data), day.date(), channel, file_format.value, output, spoken):
        raise typer.Exit(1)
