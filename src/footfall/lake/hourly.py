"""Events per hour, channel, type and fate: increments that follow the events table commit by commit.

Each commit here records the version of the events table that it has counted, so it resumes exactly after a crash, and
can be rebuilt from the events at any time.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from footfall.lake.arrow import HOURLY_SCHEMA, write
from footfall.lake.removal import removals
from footfall.lake.table import HOURLY_TABLE, LakeTable

COUNTED = "footfall.events"
_KEYS = ["hour", "channel", "event_type", "fate"]
_MERGE_AT = 40
_NEEDED = ["channel", "event_type", "occurred_at", "received_at", "clock"]


def count(table: pa.Table) -> pa.Table:
    """Rows of hour, channel, event_type, fate (each may repeat) counted, or summed where they carry `n`."""
    if "n" in table.schema.names:
        totals = table.group_by(_KEYS, use_threads=False).aggregate([("n", "sum")])
        return totals.rename_columns([*_KEYS, "n"]).cast(HOURLY_SCHEMA)
    totals = table.group_by(_KEYS, use_threads=False).aggregate([([], "count_all")])
    return totals.rename_columns([*_KEYS, "n"]).cast(HOURLY_SCHEMA)


class Hourly:
    """The hourly table's writer."""

    def __init__(self, root: Path, events: LakeTable) -> None:
        self._table = LakeTable(root, HOURLY_TABLE)
        self._events = events

    @property
    def counted(self) -> int:
        """Version of the events table up to which everything is counted."""
        return self._table.position(COUNTED) or 0

    def catch_up(self) -> None:
        """Count what was committed to the events table while nobody counted. Raises CommitError or OSError."""
        for version in range(self.counted + 1, self._events.version + 1):
            paths = self._events.added(version)
            if paths is None or not all((self._events.folder / path).exists() for path in paths):
                self.rebuild()
                return
            if paths or version == self._events.version:
                parts = [HOURLY_SCHEMA.empty_table(), *(_counted_file(self._events.folder / path) for path in paths)]
                self.add(count(pa.concat_tables(parts)), version)

    def add(self, increment: pa.Table, version: int) -> None:
        """Commit the counts of one commit of the events table. Raises CommitError or OSError."""
        actions = [write(self._table.folder, increment, {})] if increment.num_rows else []
        self._table.commit(actions, {COUNTED: version})
        if len(self._table.files()) >= _MERGE_AT:
            self.merge()

    def merge(self) -> None:
        """Sum the increments up into one file."""
        old = removals(self._table.delta)
        merged = count(pq.read_table(self._table.files(), schema=HOURLY_SCHEMA).sort_by("hour"))
        self._table.commit([*old, write(self._table.folder, merged, {}, data_change=False)], {}, note="merge")

    def rebuild(self) -> None:
        """Count everything anew from the events table."""
        version = self._events.version
        parts = [_counted_file(Path(path)) for path in self._events.files()]
        total = count(pa.concat_tables([HOURLY_SCHEMA.empty_table(), *parts]))
        new = [write(self._table.folder, total, {})] if total.num_rows else []
        self._table.commit([*removals(self._table.delta, data_change=True), *new], {COUNTED: version}, note="rebuild")

    def tidy(self, hours: float) -> None:
        """Remove replaced files."""
        self._table.tidy(hours)


def _counted_file(path: Path) -> pa.Table:
    """The counts of a file of the events table."""
    fate = path.parent.name.partition("=")[2]
    table = pq.read_table(path, columns=_NEEDED, partitioning=None)
    return count(keyed(table, pa.array([fate] * table.num_rows, pa.string())))


def keyed(table: pa.Table, fate: pa.Array) -> pa.Table:
    """The columns to count by, of rows of the events table; see `clock` for which time counts."""
    trusted = pc.is_in(table.column("clock"), pa.array(["ok", "corrected"]))
    time: Any = pc.if_else(trusted, table.column("occurred_at"), table.column("received_at"))
    hour = pc.floor_temporal(time, unit="hour")
    return pa.table([hour, table.column("channel"), table.column("event_type"), fate], names=_KEYS)
