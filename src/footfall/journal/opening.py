"""Opening a journal that may be older than what was read from it: restored from long ago, or a copy of another one.

What such a journal is given next would stand at positions that its reader has passed. So it is left as it is, in a
folder beside, and a new one with an id of its own is begun.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from msgspec import Struct

from footfall.journal.segments import journals, make_folder, read_identity, sync_folder
from footfall.journal.writer import SegmentWriter

Open = Callable[[Path], SegmentWriter]
# Whether somebody has read a journal beyond its end: nobody has, somebody has, or nobody can say.
Standing = Literal["current", "older", "unknown"]
Standings = Callable[[str, int], Standing]


class LeftAside(Struct, frozen=True):
    """A journal that was moved: the name of its folder now, and why."""

    name: str
    why: Standing | Literal["copy"]


def open_current(folder: Path, open_writer: Open, standing: Standings) -> tuple[SegmentWriter, LeftAside | None]:
    """The writer of a journal, and what became of the one before, None if it goes on.

    `standing` tells of an id and an end how the journal stands to who reads it. Raises what `open_writer` does, and
    OSError.
    """
    writer = open_writer(folder)
    stands = standing(writer.id, writer.end)
    if stands == "current" and not _is_copy(folder, writer.id):
        return writer, None
    writer.close()
    aside = _aside(folder, writer.id)
    folder.rename(aside)
    sync_folder(folder.parent)
    make_folder(folder)
    return open_writer(folder), LeftAside(aside.name, "copy" if stands == "current" else stands)


def _is_copy(folder: Path, journal: str) -> bool:
    """Whether another journal beside has the same id; of the two, the one whose name comes first keeps it."""
    others = (other for other in journals(folder.parent) if other.name < folder.name)
    return any(found is not None and found.id == journal for found in map(read_identity, others))


def _aside(folder: Path, journal: str) -> Path:
    """A free name; the same id may have been left aside before."""
    number, aside = 1, folder.with_name(f"{folder.name}-{journal}")
    while aside.exists():
        number += 1
        aside = folder.with_name(f"{folder.name}-{journal}-{number}")
    return aside
