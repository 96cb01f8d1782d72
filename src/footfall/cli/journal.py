"""`footfall journal`: a look into the journals."""

from typing import Annotated

import typer

from footfall.cli.maintenance import create_journal
from footfall.cli.options import DEFAULT_DATA, Data, Shown, existing
from footfall.cli.output import Format, emit, emit_json

app = typer.Typer(help="The journals.", no_args_is_help=True)


app.command("create")(create_journal)


@app.callback()
def group() -> None:
    """The journals."""


@app.command()
def inspect(
    data: Data = DEFAULT_DATA,
    records: Annotated[bool, typer.Option("--records", help="List every record instead of the segments.")] = False,
    shown: Shown = Format.TABLE,
) -> None:
    """Show each journal's segments, how far they are durable, and damage; works while a collector writes.

    Exit 1 when something that was durable cannot be read.

    Example: `footfall journal inspect --data data`
    """
    from footfall.journal.inspect import entries
    from footfall.journal.inspect import inspect as look
    from footfall.journal.segments import journals

    folders = journals(existing(data) / "journal")
    if records:
        rows = (
            (folder.name, entry.number, entry.position, entry.size) for folder in folders for entry in entries(folder)
        )
        emit(("journal", "number", "position", "bytes"), ([row] for row in rows), shown)
        return
    reports = [look(folder) for folder in folders]
    if shown is Format.JSON:
        emit_json(reports)
    else:
        columns = ("journal", "state", "segment", "first", "records", "used", "allocated", "gaps")
        segments = [
            (
                report.folder,
                report.state,
                found.file,
                found.first,
                found.records,
                found.used,
                found.allocated,
                len(found.gaps),
            )
            for report in reports
            for found in report.segments
        ]
        emit(columns, [segments], shown)
    if any(report.damaged for report in reports):
        raise typer.Exit(1)
