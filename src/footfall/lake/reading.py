"""Queries on the lake: DuckDB over the files of the Delta tables' newest versions."""

import tempfile
import threading
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from msgspec import Struct

from footfall.failure import TerminalError, TransientError
from footfall.lake.columns import Column
from footfall.lake.guard import ForbiddenError, check
from footfall.lake.layout import EVENTS_TABLE, FLOWS_TABLE, HOURLY_TABLE, Layout, plain, schema_number

Parameters = Mapping[str, Any] | Sequence[Any]

_SQL_TYPES = {
    "string": "VARCHAR",
    "double": "DOUBLE",
    "long": "BIGINT",
    "integer": "INTEGER",
    "date": "DATE",
    "timestamp_ntz": "TIMESTAMP",
    "strings": "VARCHAR[]",
}
_SPILL = "4GB"
_REMEMBERED = 1000
_VIEWS = {
    "events": "SELECT * FROM ledger WHERE fate = 'stored'",
    "failed": "SELECT * FROM ledger WHERE fate = 'rejected'",
    "hourly": (
        "SELECT hour, channel, event_type, fate, CAST(sum(n) AS BIGINT) AS n FROM increments "
        "GROUP BY hour, channel, event_type, fate"
    ),
    "flows": """
        WITH newest AS (SELECT plan, key, max(revision) AS revision FROM revisions GROUP BY plan, key),
        shown AS (
            -- The passing of time, which writes no row, ends what nothing more came for.
            SELECT *, later_outcome IS NOT NULL AND epoch_ms(now()) - epoch_ms(ended_at) > idle_ms AS is_over
            FROM revisions JOIN newest USING (plan, key, revision)
            WHERE outcome IS NOT NULL
        )
        SELECT plan, plan_version, kind, id, channel, channels, sid, did, began_at, ended_at, duration_ms,
            steps, if(is_over, later_missing, missing) AS missing, out_of_order,
            if(is_over, later_outcome, outcome) AS outcome, result,
            if(is_over, later_remarks, remarks) AS remarks, events, revision
        FROM shown""",
}
_TABLES = {"ledger": EVENTS_TABLE, "increments": HOURLY_TABLE, "revisions": FLOWS_TABLE}


class QueryError(TerminalError):
    """The query cannot be answered as it is written."""


class QueryTimeoutError(TransientError):
    """The query took longer than it may."""


class LakeReadError(TransientError):
    """The lake cannot be read at present."""


class LakeExhaustedError(TransientError):
    """The query needs more memory, disk or threads than there are at present; a narrower one needs less."""

    retry_after = 5.0


class Rows(Struct, frozen=True):
    """The answer to a query."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """The rows as one mapping each, for output."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class _Source:
    """One Delta table as a DuckDB view that follows its newest version."""

    def __init__(self, root: Path, view: str, layout: Layout) -> None:
        self.folder = root / layout.name
        self._view = view
        self._layout = layout
        self._table: DeltaTable | None = None
        self._shown: int | None = None

    @property
    def version(self) -> int:
        return self._table.version() if self._table is not None else -1

    def refresh(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Follow the table; raises LakeReadError when its log cannot be read."""
        try:
            self._follow()
            files = self._table.file_uris() if self._table is not None and self._shown != self.version else []
            if self._shown != self.version:
                connection.execute(f"CREATE OR REPLACE VIEW {self._view} AS {self._select(files)}")
                self._shown = self.version
        except (DeltaError, OSError, duckdb.Error) as error:
            self._table = self._shown = None
            raise LakeReadError(f"the table {self._layout.name} cannot be read: {plain(error)}") from error

    def _follow(self) -> None:
        if self._table is not None:
            self._table.update_incremental()
            return
        try:
            self._table = DeltaTable(self.folder)
        except TableNotFoundError:
            return

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
        paths = ", ".join(_literal(path) for path in files)
        return f"SELECT {', '.join(names)} FROM read_parquet([{paths}]{self._partitioning()})"  # noqa: S608

    def _partitioning(self) -> str:
        """Without their types, DuckDB would take a plan named 2026 for a number."""
        kinds = {column.name: column.kind for column in self._layout.columns}
        types = ", ".join(f"{name}: {_SQL_TYPES[kinds[name]]}" for name in self._layout.partitions)
        return f", hive_partitioning=true, hive_types={{{types}}}" if types else ""


class LakeReader:
    """Read-only SQL over the views events, failed, ledger, hourly and flows; safe to share between threads.

    Every query sees one version of each table: the newest at its start. `memory` bounds what DuckDB may use; what does
    not fit goes to files below the system's folder for temporary ones.
    """

    def __init__(
        self,
        root: Path,
        *,
        memory: str = "512MB",
        threads: int = 2,
        layouts: Iterable[Layout] = (),
    ) -> None:
        known = {layout.name: layout for layout in (*_TABLES.values(), *layouts)}
        self._lock = threading.Lock()
        self._sources = [_Source(root, view, known[layout.name]) for view, layout in _TABLES.items()]
        self._is_locked = False
        self._has_views = False
        self._known: set[str] = set()
        self._connection = duckdb.connect(
            config={
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": str(Path(tempfile.gettempdir()) / f"footfall-query-{uuid.uuid4().hex}"),
                "max_temp_directory_size": _SPILL,
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "python_enable_replacements": False,
            }
        )
        self._connection.execute("SET TimeZone='UTC'")

    def version(self) -> int:
        """Version of the events table; -1 while there is none. Raises LakeReadError."""
        with self._lock:
            self._refresh()
            return self._sources[0].version

    def query(self, sql: str, parameters: Parameters = (), *, timeout: float | None = None) -> Rows:
        """Answer one SELECT; `$name` parameters; `timeout` in seconds.

        Raises QueryError for anything that is not one readable SELECT, QueryTimeoutError when it takes too long,
        LakeReadError when the lake is not readable, LakeExhaustedError when there is too little memory.
        """
        with self.stream(sql, parameters, timeout=timeout) as (columns, batches):
            return Rows(columns, [row for batch in batches for row in batch])

    @contextmanager
    def stream(
        self, sql: str, parameters: Parameters = (), *, timeout: float | None = None, size: int = 2048
    ) -> Iterator[tuple[list[str], Iterator[list[tuple[Any, ...]]]]]:
        """Answer one SELECT in batches of rows, for results of any size; raises like `query`."""
        with self._cursor() as cursor, _limited(cursor, timeout):
            cursor.execute(self._checked(cursor, sql), parameters or None)
            columns = [name for name, *_ in cursor.description or []]
            yield columns, iter(lambda: cursor.fetchmany(size), [])

    def copy(self, sql: str, target: Path, options: str) -> None:
        """Write the answer to a SELECT to a file; the caller has checked where. Raises like `query`."""
        with self._cursor() as cursor, _limited(cursor, None):
            cursor.execute(f"COPY ({self._checked(cursor, sql)}\n) TO {_literal(str(target))} ({options})")

    def close(self) -> None:
        """Free the memory and the disk."""
        self._connection.close()

    def lock_down(self) -> None:
        """From now on refuse to read or write anything but the lake, for queries written by users."""
        folders = ", ".join(_literal(str(source.folder.absolute())) for source in self._sources)
        self._connection.execute(f"SET allowed_directories=[{folders}]")
        self._connection.execute("SET enable_external_access=false")
        self._connection.execute("SET lock_configuration=true")
        self._is_locked = True

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            self._refresh()
            cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def _refresh(self) -> None:
        for source in self._sources:
            source.refresh(self._connection)
        if not self._has_views:
            for view, text in _VIEWS.items():
                self._connection.execute(f"CREATE VIEW {view} AS {text}")
            self._has_views = True

    def _checked(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> str:
        if sql in self._known:
            return sql
        try:
            text = check(cursor, sql, by_user=self._is_locked)
        except ForbiddenError as error:
            raise QueryError(str(error)) from error
        if text == sql and len(self._known) < _REMEMBERED:
            self._known.add(text)
        return text


@contextmanager
def _limited(cursor: duckdb.DuckDBPyConnection, timeout: float | None) -> Iterator[None]:
    """Interrupt what runs longer than `timeout` seconds, and raise our own errors for DuckDB's."""
    clock = threading.Timer(timeout, cursor.interrupt) if timeout is not None else None
    try:
        if clock is not None:
            _start(clock)
        yield
    except duckdb.InterruptException as error:
        raise QueryTimeoutError(f"the query took longer than {timeout or 0:g} s") from error
    except duckdb.OutOfMemoryException as error:
        raise LakeExhaustedError("the query needs more memory or disk than there is: narrow it, or wait") from error
    except duckdb.IOException as error:
        raise LakeReadError(plain(error)) from error
    except (duckdb.Error, OverflowError) as error:
        raise QueryError(str(error)) from error
    finally:
        if clock is not None:
            clock.cancel()


def _start(clock: threading.Timer) -> None:
    clock.daemon = True
    try:
        clock.start()
    except RuntimeError as error:
        raise LakeExhaustedError("there is no thread left that could watch over the query") from error


def _quoted(name: str) -> str:
    return f'"{name}"'


def _null(column: Column) -> str:
    return f"NULL::{_SQL_TYPES[column.kind]} AS {_quoted(column.name)}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
