"""Commands that read the lake; they work from any process while `footfall serve` runs."""

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.options import DEFAULT_DATA, Data, Shown, open_lake
from footfall.cli.output import Format, emit, emit_structs
from footfall.failure import TerminalError

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
) -> None:
    """Ask the lake in SQL (DuckDB's dialect), read-only.

    Example: `footfall query "SELECT event_type, count(*) FROM events GROUP BY ALL" --data data`
    """
    reader = open_lake(data)
    reader.lock_down()
    with reader.stream(sql) as (columns, batches):
        emit(columns, batches, shown)


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
    from footfall.cli.auditing import find, print_audit

    reader = open_lake(data)
    days = settings.load({"data": data}).dedup_days
    whole = find(reader, data, day.date() if day else None, days, deep=deep)
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

    found = fates(open_lake(data), mid, channel)
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

    Example: `footfall export --day 2026-11-21 --format parquet --output events.parquet --data data`
    """
    if day is None:
        raise TerminalError("name the day to export: --day 2026-11-21")
    from footfall.cli import exporting

    spoken = dialect.value if dialect else None
    exporting.export(open_lake(data), day.date(), channel, file_format.value, output, spoken)
