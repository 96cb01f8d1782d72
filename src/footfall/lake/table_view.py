"""One Delta table as a DuckDB view that follows its newest version, without the files that cannot be read."""

import re
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from msgspec import Struct

from footfall.errors import TransientError
from footfall.lake import broken_files, catalog
from footfall.lake.columns import Column
from footfall.lake.damage import LakeDamagedError
from footfall.lake.data_files import fault, quick_fault
from footfall.lake.tables import TableLayout, plain, schema_number

_SQL_TYPES = {
    "string": "VARCHAR",
    "double": "DOUBLE",
    "long": "BIGINT",
    "integer": "INTEGER",
    "date": "DATE",
    "timestamp_ntz": "TIMESTAMP",
    "strings": "VARCHAR[]",
}
_NAMES = re.compile(r"[\w-]+\.\d+\.parquet")
_LOOK_AGAIN_SECONDS = 60.0
_DEEP_SECONDS = 5.0


class LakeReadError(TransientError):
    """The lake cannot be read at present."""


class LeftOut(Struct, frozen=True):
    """A file whose rows are in no answer, and why."""

    path: Path
    rows: int | None
    why: str


class TableView:
    """The view of one table. Files are left out when a query has failed on them, and looked at again every minute."""

    def __init__(self, root: Path, view: str, layout: TableLayout) -> None:
        self.folder = root / layout.name
        self._root = root
        self._view = view
        self._layout = layout
        self._table: DeltaTable | None = None
        self._shown: int | None = None
        self._left_out: dict[Path, LeftOut] = {}
        self._looked_at = 0.0
        self._heeded_at = 0

    @property
    def version(self) -> int:
        """The version that is shown; -1 where there is no table."""
        return self._table.version() if self._table is not None else -1

    @property
    def remarks(self) -> list[str]:
        """What answers are without, as sentences."""
        return [
            f"{'some' if left.rows is None else left.rows} rows of the table {self._layout.name} are left out, "
            f"for the file {left.path.name} cannot be read: {left.why}"
            for left in list(self._left_out.values())  # another thread may find more
        ]

    def refresh(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Follow the table; raises LakeReadError when its log cannot be read, LakeDamagedError when it is gone."""
        try:
            self._follow()
            self._heed()
            self._look_again()
            while self._shown != self.version:
                self._show(connection)
        except (DeltaError, duckdb.Error) as error:
            self._table = self._shown = None
            raise LakeReadError(f"the table {self._layout.name} cannot be read: {plain(error)}") from error

    def _show(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Make the view; where that fails on a file, leave it out, to be tried again. Raises duckdb.Error."""
        try:
            connection.execute(f"CREATE OR REPLACE VIEW {self._view} AS {self._select(self._files())}")
            self._shown = self.version
        except duckdb.Error as error:
            if not self.leave_out(str(error)):
                raise

    def leave_out(self, message: str) -> bool:
        """Find the files on which a query failed with a message, and show the others; whether there were any."""
        sizes = self._sizes()
        named = set(_NAMES.findall(message))
        suspects = [path for path in sizes if path.name in named]
        return self._hide(dict(_faults(suspects)) or dict(self._quick_faults(sizes)) or dict(_faults_in_time(sizes)))

    def verify(self, folder: str) -> bool:
        """Leave out the files of a partition of which any byte has changed; whether there were any."""
        return self._hide(dict(_faults(path for path in self._sizes() if folder in path.parts)))

    def _hide(self, broken: dict[Path, str]) -> bool:
        sizes = self._sizes()
        for path, why in broken.items():
            self._left_out[path] = LeftOut(path, sizes[path][1], why)
        if broken:
            self._shown = None
            self._looked_at = time.monotonic()
        return bool(broken)

    def _follow(self) -> None:
        if self._table is not None:
            self._table.update_incremental()
            return
        try:
            self._table = DeltaTable(self.folder)
        except TableNotFoundError:
            if catalog.is_lost(self._root, self._layout.name) and not self._layout.is_derived:
                raise LakeDamagedError(f"the log of the table {self._layout.name} is gone") from None

    def _heed(self) -> None:
        """Leave out what was found broken by whoever writes the lake."""
        try:
            changed_at = (self._root / broken_files.FILE).stat().st_mtime_ns
        except OSError:
            return
        if changed_at != self._heeded_at:
            self._heeded_at = changed_at
            noted = broken_files.read(self._root).get(self._layout.name, {})
            shown = self._sizes()
            self._hide({path: why for name, why in noted.items() if (path := self.folder / name) in shown})

    def _look_again(self) -> None:
        """Show files again that can be read by now, and forget those that are no longer in the table."""
        if not self._left_out or time.monotonic() - self._looked_at < _LOOK_AGAIN_SECONDS:
            return
        self._looked_at = time.monotonic()
        current = set(self._paths())
        kept = {path: left for path, left in self._left_out.items() if path in current and fault(path) is not None}
        if kept.keys() != self._left_out.keys():
            self._left_out = kept
            self._shown = None

    def _paths(self) -> list[Path]:
        return [Path(uri) for uri in self._table.file_uris()] if self._table is not None else []

    def _files(self) -> list[str]:
        paths = self._paths()
        self._left_out = {path: left for path, left in self._left_out.items() if path in set(paths)}
        return [str(path) for path in paths if path not in self._left_out]

    def _sizes(self) -> dict[Path, tuple[int, int | None]]:
        """Bytes and rows of the files that are shown, as the log has them."""
        if self._table is None:
            return {}
        adds = self._table.get_add_actions(flatten=True)
        columns = (adds.column(name).to_pylist() for name in ("path", "size_bytes", "num_records"))
        known = {self.folder / unquote(path): (size, rows) for path, size, rows in zip(*columns, strict=True)}
        return {path: told for path, told in known.items() if path not in self._left_out}

    def _quick_faults(self, sizes: dict[Path, tuple[int, int | None]]) -> Iterator[tuple[Path, str]]:
        for path, (size, _) in sizes.items():
            why = quick_fault(path, size)
            if why is not None:
                yield path, why

    def _select(self, files: list[str]) -> str:
        """All files as one SELECT; those of one schema together, which spares DuckDB from opening every file first."""
        if not files:
            return f"SELECT {', '.join(map(_null, self._layout.columns))} WHERE false"
        by_schema: dict[int, list[str]] = defaultdict(list)
        for path in files:
            by_schema[schema_number(path)].append(path)
        return " UNION ALL ".join(self._select_from(paths, schema) for schema, paths in sorted(by_schema.items()))

    def _select_from(self, files: list[str], schema: int) -> str:
        names = (_quoted(column.name) if column.since <= schema else _null(column) for column in self._layout.columns)
        paths = ", ".join(literal(path) for path in files)
        return f"SELECT {', '.join(names)} FROM read_parquet([{paths}]{self._partitioning()})"  # noqa: S608

    def _partitioning(self) -> str:
        """Without their types, DuckDB would take a plan named 2026 for a number."""
        kinds = {column.name: column.kind for column in self._layout.columns}
        types = ", ".join(f"{name}: {_SQL_TYPES[kinds[name]]}" for name in self._layout.partitions)
        return f", hive_partitioning=true, hive_types={{{types}}}" if types else ""


def _faults(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for path in paths:
        why = fault(path)
        if why is not None:
            yield path, why


def _faults_in_time(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """The first file with a fault, if it can be found in some seconds; the newest first."""
    deadline = time.monotonic() + _DEEP_SECONDS
    for path in sorted(paths, reverse=True):
        if time.monotonic() > deadline:
            return
        why = fault(path)
        if why is not None:
            yield path, why
            return


def literal(text: str) -> str:
    """A text as SQL."""
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _null(column: Column) -> str:
    return f"NULL::{_SQL_TYPES[column.kind]} AS {_quoted(column.name)}"
