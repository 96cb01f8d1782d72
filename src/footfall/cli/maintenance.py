"""`footfall lake`, `journal create` and `incident`: looking after the stores."""

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from footfall.cli.options import DEFAULT_DATA, Data, Shown, existing
from footfall.cli.output import Format, emit, emit_json, emit_structs
from footfall.errors import TerminalError

lake = typer.Typer(help="The lake: looked over, mended, made anew.", no_args_is_help=True)
incident = typer.Typer(help="What went wrong and is remembered until somebody closes it.", no_args_is_help=True)

Deep = Annotated[bool, typer.Option("--deep", help="Read every byte and compare checksums.")]


@lake.command("check")
def check_lake(data: Data = DEFAULT_DATA, deep: Deep = False, shown: Shown = Format.TABLE) -> None:
    """Look the lake over, while footfall runs or not: logs, files, and what lies beside them; say what can be done.

    Exit 1 when anything is damaged or missing. Files that no version knows are listed, and change nothing.

    Example: `footfall lake check --deep --data data`
    """
    from footfall.lake.check import LakeFault, check

    found = check(existing(data) / "lake", deep=deep)
    if found or shown is not Format.TABLE:
        emit_structs(found, LakeFault, shown)
    if not found:
        sys.stderr.write("The lake is as it was written.\n")
    if any(fault.is_loss for fault in found):
        raise typer.Exit(1)


@lake.command()
def repair(
    data: Data = DEFAULT_DATA,
    source: Annotated[Path | None, typer.Option("--from", help="Folder of backups to take files from.")] = None,
    salvage: Annotated[
        bool, typer.Option("--salvage", help="Take broken files out of the lake, but for what can be read of them.")
    ] = False,
    deep: Deep = False,
) -> None:
    """Mend what `lake check` found; footfall must not run on the folder. What is taken out is kept in lake/aside.

    Exit 1 when something is left to be done.

    Example: `footfall lake repair --from /mnt/backup/footfall --data data`
    """
    from footfall import permissions, settings
    from footfall.backup import manifest
    from footfall.incidents import Incidents
    from footfall.lake.repair import repair as run
    from footfall.pipeline.proof import journals_hold

    root = existing(data) / "lake"
    spare = source / manifest.FILES if source is not None else None
    if spare is not None and not spare.is_dir():
        raise TerminalError(f"{source} holds no backups of footfall")
    with ExitStack() as stack:
        _lock(stack, root)
        done = run(root, journals_hold(data / "journal"), spare=spare, salvage=salvage, deep=deep)
    permissions.tighten(data, settings.load({"data": data}).lake_group)
    for line in done.done:
        sys.stderr.write(f"{line}\n")
    if done.rows_lost:
        what = f"{done.rows_lost} rows were given up with files that could not be read"
        when = datetime.now(UTC).isoformat(timespec="seconds")
        Incidents(data).note("loss", what, when, "`footfall audit` lists their records.")
    if done.left:
        sys.stderr.write("Left to be done:\n")
        emit(("file", "why", "do"), [[(one.where, one.why, one.do) for one in done.left]], Format.TABLE)
        raise typer.Exit(1)
    if not done.done:
        sys.stderr.write("There was nothing to mend.\n")


@lake.command("create")
def create_lake(data: Data = DEFAULT_DATA) -> None:
    """Make an empty lake for an installation that has lost it for good; what the journals hold goes there.

    Example: `footfall lake create --data data`
    """
    _create(data, "lake")


def create_journal(data: Data = DEFAULT_DATA) -> None:
    """Make an empty folder of journals for an installation that has lost it for good.

    What the lost journals held and the lake does not is gone.

    Example: `footfall journal create --data data`
    """
    _create(data, "journal")


@incident.command("list")
def list_incidents(data: Data = DEFAULT_DATA, shown: Shown = Format.TABLE) -> None:
    """List what went wrong and was not closed; exit 1 when data was lost.

    Example: `footfall incident list --data data`
    """
    from footfall.incidents import Incidents

    found = Incidents(existing(data)).open()
    if shown is Format.JSON:
        emit_json([{"number": number, "incident": one} for number, one in found.items()])
    else:
        rows = [(number, _time(one.at), one.severity, one.what, one.where, one.do) for number, one in found.items()]
        emit(("number", "at", "severity", "what", "where", "do"), [rows], shown)
    if any(one.severity == "loss" for one in found.values()):
        raise typer.Exit(1)


@incident.command("close")
def close_incident(
    numbers: Annotated[list[int], typer.Argument(help="Numbers, as `incident list` shows them.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Close incidents that were dealt with, so that health and audit show them no longer.

    Example: `footfall incident close 3 --data data`
    """
    from footfall.incidents import Incidents

    incidents = Incidents(existing(data))
    unknown = set(numbers) - set(incidents.open())
    if unknown:
        raise TerminalError(f"there is no open incident {min(unknown)}: `footfall incident list` shows them")
    for number in dict.fromkeys(numbers):
        incidents.close(number)


def _create(data: Path, name: str) -> None:
    from footfall.installation import create_store

    create_store(existing(data), name)
    sys.stderr.write(f"{data / name} is an empty {name} of this installation now.\n")


def _lock(stack: ExitStack, root: Path) -> None:
    from footfall.flows.flow_table import LOCK
    from footfall.lake.lock import LakeLock

    for name in ("lock", LOCK):
        stack.callback(LakeLock(root, name=name).release)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
