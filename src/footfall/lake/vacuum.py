"""Which files of a table's folder may go: those that the table gave up, and those that it never came to know.

A file in the folder is *live*, or was *replaced* (the log says so and when), or was *given up*: begun by us, as the
recovery record proves, and never committed. All others are unknown, and nobody but a person may remove them.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from footfall.lake.data_files import file_id

_HOUR = 3600.0


class StrayFiles(Struct, frozen=True):
    """Files, relative to the table's folder, that the table does not know: those that may go, and all others."""

    given_up: list[str]
    unknown: list[str]


def stray_files(folder: Path, known: set[str], begun: set[str], older_than_hours: float = 0.0) -> StrayFiles:
    """Sort the files that the table does not know, if they were not written in the last hours. Raises OSError."""
    latest = time.time() - older_than_hours * _HOUR
    given_up: list[str] = []
    unknown: list[str] = []
    for path in data_paths(folder):
        relative = path.relative_to(folder).as_posix()
        if relative in known or _modified(path) > latest:
            continue
        (given_up if file_id(path.name) in begun else unknown).append(relative)
    return StrayFiles(sorted(given_up), sorted(unknown))


def data_paths(folder: Path) -> Iterator[Path]:
    """All files below a table's folder but its log and what is beside it under a name with an underscore."""
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith("_")]
        yield from (Path(place, name) for name in names if not name.startswith("_"))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
