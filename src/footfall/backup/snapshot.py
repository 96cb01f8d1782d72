"""What belongs to one backup of a folder in use, so that it is one state of it.

The journals come first and the lake after them: whatever was acknowledged when the backup began is in the one or the
other, and where the lake has more of a journal than its copy, footfall begins a new journal at the next start. Of the
lake's tables those that are made of events come first, so that they never know more than the events.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from msgspec import Struct, field

from footfall.backup.manifest import BackupError
from footfall.journal.segments import (
    DURABLE,
    IDENTITY,
    RELEASED,
    Place,
    Segment,
    extents,
    journals,
    pack_mark,
    read_mark,
)
from footfall.lake import catalog, log_entry
from footfall.lake.delta_log import checkpoint_path
from footfall.lake.tables import EVENTS_TABLE, FLOWS_TABLE, HOURLY_TABLE, TableLayout, plain

_TABLES = (FLOWS_TABLE, HOURLY_TABLE, EVENTS_TABLE)
_SMALL = (
    "footfall.toml",
    "closed",
    "incidents.ndjson",
    "installation.json",
    "lake/installation.json",
    "lake/tables.json",
)
_FOLDERS = ("plans", "lake/quarantine")
_CONTROL = "control.db"
_TRIES = 10


class Source(Struct, frozen=True):
    """A file to copy: `size` bytes of it, or `content` where that was put together; `path` is below the data folder.

    `handle` is an open file, which stays readable when its name goes.
    """

    path: str
    size: int
    handle: int = -1
    content: bytes | None = None


class DataFile(Struct, frozen=True):
    """A data file of the lake, by its path below the data folder, with its size in bytes by the log."""

    path: str
    size: int


class Snapshot(Struct):
    """Everything of one state; `own` is ready to be copied, `shared` is there for as long as the lake is held."""

    own: list[Source] = field(default_factory=list)
    shared: list[DataFile] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """The size of everything together."""
        return sum(file.size for file in self.own) + sum(file.size for file in self.shared)


@contextmanager
def snapshot(data: Path) -> Iterator[Snapshot]:
    """Look at everything in a data folder; open files are closed after the block. Raises BackupError and OSError."""
    found = Snapshot()
    try:
        for folder in journals(data / "journal"):
            found.own += _journal(data, folder)
        found.own.append(_small(data, "journal/installation.json"))
        for layout in _TABLES:
            _add_table(data, layout, found)
        found.own += [_small(data, name) for name in _SMALL if (data / name).is_file()]
        for name in _FOLDERS:
            paths = sorted(path for path in (data / name).rglob("*") if path.is_file())
            found.own += [_small(data, path.relative_to(data).as_posix()) for path in paths]
        if (data / _CONTROL).exists():
            found.own.append(Source(_CONTROL, 0, content=_control(data / _CONTROL)))
        yield found
    finally:
        for source in found.own:
            if source.handle >= 0:
                os.close(source.handle)


def _journal(data: Path, folder: Path) -> Iterator[Source]:
    """A journal up to what was durable at this moment."""
    relative = folder.relative_to(data).as_posix()
    yield _small(data, f"{relative}/{IDENTITY}")
    durable, released = (read_mark(folder / name) or Place() for name in (DURABLE, RELEASED))
    for name, place in ((DURABLE, durable), (RELEASED, released)):
        yield Source(f"{relative}/{name}", 0, content=pack_mark(place))
    for segment, stop in extents(folder):
        if segment.base < durable.position:
            yield from _segment(relative, segment, min(durable.position, stop or durable.position))


def _segment(relative: str, segment: Segment, end: int) -> Iterator[Source]:
    try:
        handle = os.open(segment.path, os.O_RDONLY)
    except FileNotFoundError:
        return  # its records are in the lake since a moment ago
    size = min(segment.offset(end), os.fstat(handle).st_size)
    yield Source(f"{relative}/{segment.path.name}", size, handle)


def _add_table(data: Path, layout: TableLayout, found: Snapshot) -> None:
    """A table's newest version: its log from the last checkpoint on, and its files."""
    name = layout.name
    folder = data / "lake" / name
    for _ in range(_TRIES):
        try:
            table = DeltaTable(folder)
            log = list(_log(data, folder, table.version()))
        except TableNotFoundError:
            if catalog.is_lost(data / "lake", name) and not layout.is_derived:
                raise BackupError(f"the log of the table {name} is gone; see `footfall lake check`") from None
            return
        except FileNotFoundError:
            continue  # an entry was removed meanwhile, for which there is a newer checkpoint
        except DeltaError as error:
            raise BackupError(f"the table {name} cannot be read: {plain(error)}; see `footfall lake check`") from error
        adds = pa.table(table.get_add_actions(flatten=True))
        pairs = zip(adds.column("path").to_pylist(), adds.column("size_bytes").to_pylist(), strict=True)
        found.own += log
        found.shared += [DataFile(f"lake/{name}/{unquote(path)}", size) for path, size in pairs]
        return
    raise BackupError(f"the log of the table {name} does not stand still")


def _log(data: Path, folder: Path, version: int) -> Iterator[Source]:
    checkpoints = [known for known in range(version, -1, -1) if checkpoint_path(folder, known).exists()][:1]
    first = checkpoints[0] + 1 if checkpoints else 0
    paths = [checkpoint_path(folder, known) for known in checkpoints]
    paths += [log_entry.entry_path(folder, number) for number in range(first, version + 1)]
    opened: list[Source] = []
    try:
        for path in paths:
            handle = os.open(path, os.O_RDONLY)
            opened.append(Source(path.relative_to(data).as_posix(), os.fstat(handle).st_size, handle))
    except FileNotFoundError:
        for source in opened:
            os.close(source.handle)
        raise
    return iter(opened)


def _small(data: Path, name: str) -> Source:
    return Source(name, 0, content=(data / name).read_bytes())


def _control(path: Path) -> bytes:
    """The control database as one file, whatever is being written to it."""
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(":memory:")) as copy,
        ):
            source.backup(copy)
            return copy.serialize()
    except sqlite3.Error as error:
        raise BackupError(f"{path.name} cannot be read: {error}") from error
