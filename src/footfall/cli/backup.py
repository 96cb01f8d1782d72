"""`footfall backup` and `footfall restore`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from footfall.cli.options import DEFAULT_DATA, Data, Shown, existing
from footfall.cli.output import Format, emit

if TYPE_CHECKING:
    from footfall.backup.manifest import Manifest

Target = Annotated[Path, typer.Argument(help="Folder of backups, best on another disk.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    target: Target,
    data: Data = DEFAULT_DATA,
    keep: Annotated[
        int | None, typer.Option(help="Keep so many of the newest backups; all when left out.", min=1)
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List the backups in the folder instead.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Read the newest backup in full instead, and compare.")
    ] = False,
    shown: Shown = Format.TABLE,
) -> None:
    """Back everything up, while footfall runs or not: only what is new is copied, and every file is read back.

    Exit 1 when a file of the lake is not what was written (the backup has all others), or --verify finds one.

    Example: `footfall backup /mnt/backup/footfall --keep 14 --data /var/lib/footfall`
    """
    from footfall.backup import manifest
    from footfall.backup.create import create
    from footfall.backup.restore import choose
    from footfall.backup.restore import verify as check
    from footfall.installation import open_installation

    if list_:
        rows = [(name, *_described(manifest.read(target, name))) for name in manifest.names(target)]
        emit(("backup", "made", "files", "bytes", "missing"), [rows], shown)
        return
    if verify:
        name = choose(target, None)
        with _progress("Verifying") as progress:
            wrong = check(target, name, progress)
        _say(
            f"The backup {name} is what was copied."
            if not wrong
            else f"The backup {name} has {len(wrong)} wrong files:"
        )
        _fail_for(wrong)
        return
    own = open_installation(existing(data))
    with _progress("Backing up") as progress:
        made = create(data, target, own, progress, keep=keep)
    _say(f"Backup {made.name}: {made.files} files, {made.bytes} bytes, of which {made.copied} were copied now.")
    if made.missing:
        _say("These files of the lake are not what was written, and not in the backup; see `footfall lake check`:")
    _fail_for(made.missing)


def restore(
    source: Target,
    data: Data = DEFAULT_DATA,
    at: Annotated[str | None, typer.Option(help="The backup to restore; the newest when left out.")] = None,
) -> None:
    """Bring a backup back, to a folder that is empty; one that was interrupted is gone on with.

    Example: `footfall restore /mnt/backup/footfall --data /var/lib/footfall`
    """
    from footfall import permissions, settings
    from footfall.backup.restore import choose
    from footfall.backup.restore import restore as run

    name = choose(source, at)
    with _progress("Restoring") as progress:
        found = run(source, name, data, progress)
    permissions.tighten(data, settings.load({"data": data}).lake_group)
    _say(f"Backup {name} of {_time(found.made_at)} is in {data}; `footfall serve --data {data}` goes on from there.")
    if found.missing:
        _say("These files of the lake could not be read when it was made; `footfall lake check` says what to do:")
    _fail_for(found.missing)


def _described(found: "Manifest") -> tuple[str, int, int, int]:
    return _time(found.made_at), len(found.files), found.bytes, len(found.missing)


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _fail_for(paths: list[str]) -> None:
    for path in paths:
        _say(f"  {path}")
    if paths:
        raise typer.Exit(1)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, and nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=max(total, 1))
