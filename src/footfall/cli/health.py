"""`footfall health`: on the machine itself, what `/health` tells nobody else but those who may know."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from footfall.cli.options import DEFAULT_DATA, Data, Shown, existing
from footfall.cli.output import Format, emit, emit_json

if TYPE_CHECKING:
    from footfall.health import Report


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(health)


def health(data: Data = DEFAULT_DATA, shown: Shown = Format.TABLE) -> None:
    """Say what is wrong with the footfall that serves a folder, and what to do; exit 1 when anything is.

    It is what all processes say of themselves, and what the disk says; nothing is asked over HTTP.

    Example: `footfall health --data /var/lib/footfall`
    """
    from footfall import settings
    from footfall.health import Health

    chosen = settings.load({"data": existing(data)})
    report = Health(chosen, _runtime(data)).report()
    if shown is Format.JSON:
        emit_json(report)
    else:
        _print(report, shown)
    if report.status != "ok":
        raise typer.Exit(1)


def _print(report: "Report", shown: Format) -> None:
    if report.problems:
        rows = [(problem.what, problem.do) for problem in report.problems]
        emit(("problem", "do"), [rows], shown)
    sys.stderr.write(f"footfall is {report.status}.\n")


def _runtime(data: Path) -> Path | None:
    """Where the supervisor said that the runtime files are; it may have another environment than this command."""
    from footfall.runtime import runtime_folder

    return runtime_folder.noted(data)
