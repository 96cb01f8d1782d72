"""Events per hour, channel, type and fate: increments that follow the events table commit by commit.

Each commit here records the version of the events table that it has counted, so it resumes exactly after a crash, and
can be rebuilt from the events at any time.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import structlog

from footfall.lake.arrow import HOURLY_SCHEMA
from footfall.lake.parquet import UNREADABLE, open_file
from footfall.lake.table import LakeTable
from footfall.lake.tables import HOURLY_TABLE

_log = structlog.get_logger()
COUNTED = "footfall.events"
_KEYS = ["hour", "channel", "event_type", "fate"]
_MERGE_AT = 24
_NEEDED = ["channel", "event_type", "occurred_at", "received_at", "clock"]


def count(table: pa.Table) -> pa.Table:
    """Rows of hour, channel, event_type, fate (each may repeat) counted, or summed where they carry `n`."""
    summed: Any = ("n", "sum") if "n" in table.schema.names else ([], "count_all")
    totals = table.group_by(_KEYS, use_threads=False).aggregate([summed])
    return totals.rename_columns([*_KEYS, "n"]).cast(HOURLY_SCHEMA)


class Hourly:
    """The hourly table's writer. `broken` are files of the events table whose events could not be counted."""

    def __init__(self, root: Path, events: LakeTable) -> None:
        """Open the table, without counting anything yet. Raises LakeVersionError or CommitError."""
        self.table = LakeTable(root, HOURLY_TABLE)
        self._events = events
        self.broken: set[Path] = set()

    @property
    def counted(self) -> int:
        """Version of the events table up to which everything is counted."""
        return self.table.position(COUNTED) or 0

    @property
    def remarks(self) -> list[str]:
        """What was repaired when the table was opened."""
        return self.table.remarks

    def follow(self, increment: pa.Table | None, version: int) -> None:
        """Count up to a version of the events table that was just committed; `increment` are its counts, if known.

        Raises CommitError or OSError.
        """
        if increment is not None and self.counted == version - 1:
            self._add(increment, version)
        else:
            self.catch_up()

    def catch_up(self) -> None:
        """Count what was committed to the events table while nobody counted. Raises CommitError or OSError."""
        if self.counted > self._events.version:
            self.rebuild()
            return
        for version in range(self.counted + 1, self._events.version + 1):
            paths = self._events.added(version)
            if paths is None or not all((self._events.folder / path).exists() for path in paths):
                self.rebuild()
                return
            if paths or version == self._events.version:
                self._add(self._total(self._events.folder / path for path in paths), version)

    def rebuild(self) -> None:
        """Count everything anew from the events table. Raises CommitError or OSError."""
        version = self._events.version
        self.broken.clear()
        total = self._total(self._events.files())
        new = [self.table.write(total, {})] if total.num_rows else []
        # A commit of positions that are there already would be taken for one that was made before.
        positions = {COUNTED: version} if version != self.counted else {}
        self.table.commit([*self.table.removals(data_change=True), *new], positions, note="rebuild")

    def sweep(self) -> None:
        """Remove old log entries. Raises CommitError."""
        self.table.sweep()

    def vacuum(self, hours: float) -> int:
        """Remove replaced files; return their number. Raises CommitError."""
        return self.table.vacuum(hours)

    def _add(self, increment: pa.Table, version: int) -> None:
        """Commit the counts of one commit of the events table."""
        actions = [self.table.write(increment, {})] if increment.num_rows else []
        self.table.commit(actions, {COUNTED: version})
        adds = self.table.adds()
        if adds.num_rows >= _MERGE_AT:
            try:
                self._merge(smallest(adds.column("path").to_pylist(), adds.column("size_bytes").to_pylist()))
            except UNREADABLE as error:
                _log.error("the hourly counts cannot be read and are made anew", error=type(error).__name__)
                self.rebuild()

    def _total(self, paths: Iterable[Path]) -> pa.Table:
        """The counts of files of the events table together; those that cannot be read are left out, and named."""
        total = HOURLY_SCHEMA.empty_table()
        for path in paths:
            try:
                total = count(pa.concat_tables([total, *list(_counts(path))]))
            except UNREADABLE as error:
                self.broken.add(path)
                _log.error("events cannot be counted", file=path.name, error=type(error).__name__)
        return total

    def _merge(self, paths: list[str]) -> None:
        """Sum files up into one."""
        old = self.table.removals(set(paths))
        parts = []
        for path in paths:
            with open_file(self.table.folder / path) as file:
                parts.append(file.read())
        merged = count(pa.concat_tables(parts)).sort_by("hour")
        self.table.commit([*old, self.table.write(merged, {}, data_change=False)], {}, note="merge")


def smallest(paths: list[str], sizes: list[int]) -> list[str]:
    """The files to merge: all but those much larger than the others together, so that no row is merged often."""
    by_size = sorted(zip(sizes, paths, strict=True))
    total = 0
    for number, (size, _) in enumerate(by_size):
        if number >= _MERGE_AT // 2 and size > 2 * total:
            return [path for _, path in by_size[:number]]
        total += size
    return paths


def _counts(path: Path) -> Iterator[pa.Table]:
    """The counts of a file of the events table, by row group."""
    fate = path.parent.name.partition("=")[2]
    with open_file(path) as file:
        for number in range(file.num_row_groups):
            rows = file.read_row_group(number, columns=_NEEDED)
            yield count(keyed(rows, pa.array([fate] * rows.num_rows, pa.string())))


def keyed(table: pa.Table, fate: pa.Array) -> pa.Table:
    """The columns to count by, of rows of the events table; see `clock` for which time counts."""
    trusted = pc.is_in(table.column("clock"), pa.array(["ok", "corrected"]))
    time: Any = pc.if_else(trusted, table.column("occurred_at"), table.column("received_at"))
    hour = pc.floor_temporal(time, unit="hour")
    return pa.table([hour, table.column("channel"), table.column("event_type"), fate], names=_KEYS)
