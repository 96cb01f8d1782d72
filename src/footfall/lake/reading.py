"""Queries on the lake: DuckDB over the files of the Delta tables' newest versions."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from msgspec import Struct

from footfall.failure import TerminalError, TransientError
from footfall.lake.columns import EVENTS, HOURLY, Column

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
_READ_ONLY = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}


class QueryError(TerminalError):
    """The query cannot be answered as it is written."""


class QueryTimeoutError(TransientError):
    """The query took longer than it may."""


class Rows(Struct, frozen=True):
    """The answer to a query."""

    columns: list[str]
    rows: list[tuple[Any, ...]]

    def records(self) -> list[dict[str, Any]]:
        """The rows as one mapping each, for output."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class _Source:
    """One Delta table as a DuckDB view that follows its newest version."""

    def __init__(self, folder: Path, view: str, columns: tuple[Column, ...]) -> None:
        self._folder = folder
        self._view = view
        self._columns = columns
        self._table: DeltaTable | None = None
        self._shown: int | None = None

    @property
    def version(self) -> int:
        return self._table.version() if self._table is not None else -1

    def refresh(self, connection: duckdb.DuckDBPyConnection) -> None:
        if self._table is None:
            with suppress(TableNotFoundError):
                self._table = DeltaTable(self._folder)
        else:
            self._table.update_incremental()
        if self._shown != self.version:
            files = self._table.file_uris() if self._table is not None else []
            connection.execute(f"CREATE OR REPLACE VIEW {self._view} AS {self._select(files)}")
            self._shown = self.version

    def _select(self, files: list[str]) -> str:
        if not files:
            typed = (f"NULL::{_SQL_TYPES[column.kind]} AS {_quoted(column.name)}" for column in self._columns)
            return f"SELECT {', '.join(typed)} WHERE false"
        names = ", ".join(_quoted(column.name) for column in self._columns)
        paths = ", ".join("'" + path.replace("'", "''") + "'" for path in files)
        return f"SELECT {names} FROM read_parquet([{paths}], hive_partitioning=true, union_by_name=true)"  # noqa: S608


class LakeReader:
    """Read-only SQL over the views events, failed, ledger and hourly; safe to share between threads.

    Every query sees one version of each table: the newest at its start. `memory` bounds what DuckDB may use.
    """

    def __init__(self, root: Path, *, memory: str = "512MB", threads: int = 2) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._sources = (_Source(root / "events", "ledger", EVENTS), _Source(root / "hourly", "increments", HOURLY))
        self._connection = duckdb.connect(config={"memory_limit": memory, "threads": threads})
        self._prepare()

    def version(self) -> int:
        """Version of the events table; -1 while there is none."""
        with self._lock:
            self._refresh()
            return self._sources[0].version

    def query(self, sql: str, parameters: Parameters = (), *, timeout: float | None = None) -> Rows:
        """Answer one SELECT; `$name` parameters; `timeout` in seconds.

        Raises QueryError for anything that is not one readable SELECT, QueryTimeoutError when it takes too long.
        """
        with self.stream(sql, parameters, timeout=timeout) as (columns, batches):
            return Rows(columns, [row for batch in batches for row in batch])

    @contextmanager
    def stream(
        self, sql: str, parameters: Parameters = (), *, timeout: float | None = None, size: int = 2048
    ) -> Iterator[tuple[list[str], Iterator[list[tuple[Any, ...]]]]]:
        """Answer one SELECT in batches of rows, for results of any size; raises like `query`."""
        with self._lock:
            self._refresh()
            cursor = self._connection.cursor()
        clock = threading.Timer(timeout, cursor.interrupt) if timeout is not None else None
        try:
            if clock is not None:
                clock.daemon = True
                clock.start()
            cursor.execute(self._checked(sql), parameters or None)
            columns = [name for name, *_ in cursor.description or []]
            yield columns, iter(lambda: cursor.fetchmany(size), [])
        except duckdb.InterruptException as error:
            raise QueryTimeoutError(f"the query took longer than {timeout:g} s") from error
        except (duckdb.Error, OverflowError) as error:
            raise QueryError(str(error)) from error
        finally:
            if clock is not None:
                clock.cancel()
            cursor.close()

    def copy(self, sql: str, target: Path, options: str) -> None:
        """Write the answer to a SELECT to a file; the caller has checked where. Raises QueryError."""
        with self._lock:
            self._refresh()
        quoted = str(target).replace("'", "''")
        try:
            self._connection.cursor().execute(f"COPY ({self._checked(sql)}) TO '{quoted}' ({options})")
        except duckdb.Error as error:
            raise QueryError(str(error)) from error

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()

    def lock_down(self) -> None:
        """From now on refuse to read or write anything but the lake, for queries written by users."""
        folder = str(self._root.absolute()).replace("'", "''")
        self._connection.execute(f"SET allowed_directories=['{folder}']")
        self._connection.execute("SET enable_external_access=false")
        self._connection.execute("SET lock_configuration=true")

    def _prepare(self) -> None:
        for statement in (
            "SET TimeZone='UTC'",
            "SET preserve_insertion_order=false",
            "SET autoinstall_known_extensions=false",
            "SET autoload_known_extensions=false",
        ):
            self._connection.execute(statement)
        with self._lock:
            self._refresh()
            for view, text in _VIEWS.items():
                self._connection.execute(f"CREATE VIEW {view} AS {text}")

    def _refresh(self) -> None:
        for source in self._sources:
            source.refresh(self._connection)

    @staticmethod
    def _checked(sql: str) -> str:
        try:
            statements = duckdb.extract_statements(sql)
        except duckdb.Error as error:
            raise QueryError(str(error)) from error
        if len(statements) != 1 or statements[0].type not in _READ_ONLY:
            raise QueryError("write one SELECT: the lake is read-only")
        return sql.strip().rstrip(";")


_VIEWS = {
    "events": "SELECT * FROM ledger WHERE fate = 'stored'",
    "failed": "SELECT * FROM ledger WHERE fate = 'rejected'",
    "hourly": (
        "SELECT hour, channel, event_type, fate, CAST(sum(n) AS BIGINT) AS n FROM increments "
        "GROUP BY hour, channel, event_type, fate"
    ),
}


def _quoted(name: str) -> str:
    return f'"{name}"'
