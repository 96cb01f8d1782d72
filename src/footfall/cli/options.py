"""Options that several commands share."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from footfall.cli.output import Format
from footfall.errors import TerminalError

if TYPE_CHECKING:
    from footfall.lake.query import LakeReader

Data = Annotated[Path, typer.Option("--data", envvar="FOOTFALL_DATA", help="Folder that holds everything.")]
Shown = Annotated[Format, typer.Option("--format", help="How to print the answer.")]
DEFAULT_DATA = Path("data")


def existing(data: Path) -> Path:
    """The data folder, which must be there; raises TerminalError when it is not."""
    if not data.is_dir():
        raise TerminalError(f"there is no data folder {data}: name it with --data, or start `footfall serve` first")
    return data


def open_lake(data: Path) -> "LakeReader":
    """The lake in a data folder; raises TerminalError when there is no such folder."""
    from footfall.lake.query import LakeReader

    return LakeReader(existing(data) / "lake")
