"""What there is to fold: new commits of the events table one after the other, or its files where the log has a gap.

Folding is the same however often an event comes, so a place need not be exact, only never too far on. Two things tell
it: the version up to which every commit was folded, or, on the way through a gap, the time up to which files were.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from msgspec import DecodeError, Struct

from footfall.errors import TransientError
from footfall.lake import delta_log
from footfall.lake.log_entry import entry_path, newest_version, read_entry
from footfall.lake.tables import EVENTS_TABLE, plain

_MARGIN_MS = 600_000  # for clocks that were set back
_STORED = "fate=stored"
_MOST_COMMITS = 600
IN_A_GAP = -1


class FollowingError(TransientError):
    """The events table cannot be read at present."""


class Place(Struct, frozen=True):
    """How far the events were folded: version `version`, committed at `until` (epoch ms).

    In a gap the version is -1, and every file that was written up to `until` is done.
    """

    version: int = IN_A_GAP
    until: int = -1


class Chunk(Struct, frozen=True):
    """Files of stored events to fold, and the place that is reached with them.

    `waiting` says that there is more, `again` that events may have been folded before.
    """

    paths: list[Path]
    place: Place
    waiting: bool
    again: bool = False


class ChangeFeed:
    """The events table, as one that only reads it sees it. `most` bounds the bytes of files in one chunk."""

    def __init__(self, root: Path, most: int) -> None:
        self._folder = root / EVENTS_TABLE.name
        self._most = most

    def identity(self) -> str:
        """What tells this table from one that was put in its place; empty while there is none."""
        table = self._table()
        return "" if table is None else str(table.metadata().id)

    def newest(self) -> int:
        """The newest version; -1 while there is none."""
        return newest_version(self._folder)

    def is_current(self, path: Path) -> bool:
        """Whether a file belongs to the newest version, so that it should be there. Raises FollowingError."""
        table = self._table()
        return table is not None and any(path == self._folder / found for _, _, found in _stored(table, -1))

    def next(self, place: Place) -> Chunk | None:
        """What comes after a place; None when there is nothing new. Raises FollowingError."""
        try:
            if place.version != IN_A_GAP:
                return self._commits(place) or self._gap(place)
            return self._files(place)
        except (DeltaError, DecodeError, OSError) as error:
            raise FollowingError(f"the events cannot be followed: {plain(error)}") from error

    def _gap(self, place: Place) -> Chunk | None:
        """Enter the gap behind a place, if there is one."""
        if self.newest() <= place.version:
            return None
        return self._files(Place(IN_A_GAP, max(-1, place.until - _MARGIN_MS)))

    def _commits(self, place: Place) -> Chunk | None:
        """The commits after a place, as far as the log and the files are still there; None where there are none."""
        paths: list[Path] = []
        size, version, until = 0, place.version, place.until
        while size < self._most and version - place.version < _MOST_COMMITS:
            entry = read_entry(entry_path(self._folder, version + 1))
            sizes = None if entry is None else self._sizes(entry.new_paths)
            if entry is None or sizes is None:
                break
            paths += sizes
            size += sum(sizes.values())
            version, until = version + 1, max(until, entry.at)
        if version == place.version:
            return None
        self._make_durable(range(place.version + 1, version + 1))
        return Chunk(paths, Place(version, until), entry_path(self._folder, version + 1).exists())

    def _sizes(self, added: list[str]) -> dict[Path, int] | None:
        """The files of stored events with their sizes; None where one is gone."""
        paths = [self._folder / path for path in added if _STORED in path.split("/")]
        try:
            return {path: path.stat().st_size for path in paths}
        except FileNotFoundError:
            return None

    def _files(self, place: Place) -> Chunk | None:
        """The next files by the time they were written."""
        table = self._table()
        if table is None:
            return None
        files = sorted(_stored(table, place.until))
        taken, size = 0, 0
        while taken < len(files) and (size < self._most or files[taken][0] == files[taken - 1][0]):
            size += files[taken][1]
            taken += 1
        paths = [self._folder / path for _, _, path in files[:taken]]
        until = files[taken - 1][0] if taken else place.until
        is_over = taken == len(files)
        if is_over and entry_path(self._folder, table.version()).exists():
            self._make_durable(range(table.version(), table.version() + 1))
        return Chunk(paths, Place(table.version() if is_over else IN_A_GAP, until), not is_over, again=True)

    def _make_durable(self, versions: range) -> None:
        """A commit that a power cut may still undo comes back under the same number with other events."""
        delta_log.sync_entries(self._folder, versions)

    def _table(self) -> DeltaTable | None:
        try:
            return DeltaTable(self._folder)
        except TableNotFoundError:
            return None
        except (DeltaError, OSError) as error:
            raise FollowingError(f"the events cannot be followed: {plain(error)}") from error


def _stored(table: DeltaTable, since: int) -> Iterator[tuple[int, int, str]]:
    """Time written, size and path of the files of stored events that were written after a time."""
    adds = pa.table(table.get_add_actions(flatten=True))
    names = ("modification_time", "size_bytes", "path", "partition.fate")
    for at, size, path, fate in zip(*(adds.column(name).to_pylist() for name in names), strict=True):
        if fate == "stored" and at > since:
            yield at, size, path
