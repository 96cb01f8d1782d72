"""Queries on the lake: DuckDB over the files of the Delta tables' newest versions."""

import itertools
import os
import tempfile
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
from msgspec import Struct

from footfall.errors import TerminalError, TransientError
from footfall.lake.sql_guard import ForbiddenError, check
from footfall.lake.table_view import LakeReadError, TableView, literal
from footfall.lake.tables import EVENTS_TABLE, FLOWS_TABLE, HOURLY_TABLE, TableLayout, plain
from footfall.runtime import runtime_folder

__all__ = ["LakeFileError", "LakeReadError", "LakeReader", "QueryError", "QueryTimeoutError", "Rows"]

Parameters = Mapping[str, Any] | Sequence[Any]

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


class LakeFileError(TerminalError):
    """A file of the lake cannot be read, and part of the answer was given already."""


class LakeExhaustedError(TransientError):
    """The query needs more memory, disk or threads than there are at present; a narrower one needs less."""

    retry_after = 5.0


class Rows(Struct, frozen=True):
    """The answer to a query; `remarks` say what it is without."""

    columns: list[str]
    rows: list[tuple[Any, ...]]
    remarks: list[str] = []

    def records(self) -> list[dict[str, Any]]:
        """The rows as one mapping each, for output."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class LakeReader:
    """Read-only SQL over the views events, failed, ledger, hourly and flows; safe to share between threads.

    Every query sees one version of each table: the newest at its start. `memory` bounds what DuckDB may use; what does
    not fit goes to files below `spill`, by default the system's folder for temporary ones. Files that cannot be read
    are left out of all answers, which say so.
    """

    def __init__(
        self,
        root: Path,
        *,
        memory: str = "512MB",
        threads: int = 2,
        layouts: Iterable[TableLayout] = (),
        spill: Path | None = None,
    ) -> None:
        known = {layout.name: layout for layout in (*_TABLES.values(), *layouts)}
        self._lock = threading.Lock()
        self._sources = [TableView(root, view, known[layout.name]) for view, layout in _TABLES.items()]
        self._is_locked = False
        self._has_views = False
        self._known: set[str] = set()
        self._spill = (spill or _temporary()) / f"{runtime_folder.SPILL}{uuid.uuid4().hex}"
        self._has_spilled = False
        self._connection = duckdb.connect(
            config={
                "memory_limit": memory,
                "threads": threads,
                "temp_directory": str(self._spill),
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

    @property
    def remarks(self) -> list[str]:
        """What answers are without at present, as sentences."""
        return [remark for source in self._sources for remark in source.remarks]

    def verify(self, day: date) -> None:
        """Read every byte of a day's files, and leave out those that are not what was written.

        Raises LakeReadError or LakeDamagedError.
        """
        with self._lock:
            self._refresh()
            if self._sources[0].verify(f"day={day}"):
                self._refresh()

    def query(self, sql: str, parameters: Parameters = (), *, timeout: float | None = None) -> Rows:
        """Answer one SELECT; `$name` parameters; `timeout` in seconds.

        Raises QueryError for anything that is not one readable SELECT, QueryTimeoutError when it takes too long,
        LakeReadError or LakeDamagedError when the lake is not readable, LakeExhaustedError when there is too little
        memory.
        """
        with self._cursor() as cursor, _limited(cursor, timeout):
            while True:
                try:
                    cursor.execute(self._checked(cursor, sql), parameters or None)
                    columns = [name for name, *_ in cursor.description or []]
                    return Rows(columns, cursor.fetchall(), self.remarks)
                except duckdb.Error as error:
                    self._recover(error)

    @contextmanager
    def stream(
        self, sql: str, parameters: Parameters = (), *, timeout: float | None = None, size: int = 2048
    ) -> Iterator[tuple[list[str], Iterator[list[tuple[Any, ...]]]]]:
        """Answer one SELECT in batches of rows, for results of any size; raises like `query`, and LakeFileError."""
        with self._cursor() as cursor, _limited(cursor, timeout):
            columns, first = self._begin(cursor, sql, parameters, size)
            try:
                yield columns, itertools.chain(first, iter(lambda: cursor.fetchmany(size), []))
            except duckdb.Error as error:
                self._recover(error)
                raise LakeFileError(f"{'; '.join(self.remarks)}; see `footfall lake check`") from error

    def _begin(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters, size: int
    ) -> tuple[list[str], list[list[tuple[Any, ...]]]]:
        """Execute, and fetch what comes first: until then nothing was given away, and files can be left out."""
        while True:
            try:
                cursor.execute(self._checked(cursor, sql), parameters or None)
                first = cursor.fetchmany(size)
                return [name for name, *_ in cursor.description or []], [first] if first else []
            except duckdb.Error as error:
                self._recover(error)

    def _recover(self, error: duckdb.Error) -> None:
        """Return when the query may be tried again: with a newer version, or without files that cannot be read.

        Raises the error where neither helps.
        """
        if not _may_be_a_file(error):
            raise error
        with self._lock:
            before = [source.version for source in self._sources]
            self._refresh()
            if before != [source.version for source in self._sources]:
                return
            found = [source.leave_out(str(error)) for source in self._sources]
            if not any(found):
                raise error
            self._refresh()

    def close(self) -> None:
        """Free the memory and the disk."""
        self._connection.close()

    def lock_down(self) -> None:
        """From now on refuse to read or write anything but the lake, for queries written by users."""
        folders = ", ".join(literal(str(source.folder.absolute())) for source in self._sources)
        self._connection.execute(f"SET allowed_directories=[{folders}]")
        self._connection.execute("SET enable_external_access=false")
        self._connection.execute("SET lock_configuration=true")
        self._is_locked = True

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._lock:
            self._keep_spill()
            self._refresh()
            cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    def _keep_spill(self) -> None:
        """Make the folder for what does not fit in memory again where somebody removed it: DuckDB does so only once."""
        if self._spill.is_dir():
            self._has_spilled = True
        elif self._has_spilled:
            with suppress(OSError):
                self._spill.mkdir(mode=0o700)

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


def _temporary() -> Path:
    """The system's folder for temporary files; where none can be written, queries that need one will say so."""
    try:
        return Path(tempfile.gettempdir())
    except FileNotFoundError:
        return Path(os.sep, "tmp")


def _may_be_a_file(error: duckdb.Error) -> bool:
    """Whether a broken file can be the cause: what is read wrongly shows as errors of several kinds."""
    return isinstance(error, duckdb.IOException) or type(error) is duckdb.Error or ".parquet" in str(error)


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
