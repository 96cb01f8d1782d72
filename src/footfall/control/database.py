"""Opens the control database, brings its tables up to date, and says in our words what the database refuses."""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from footfall.control.errors import ControlBusyError, ControlError, DamagedControlError, NewerSchemaError
from footfall.control.openness import MARKER, is_closed
from footfall.control.schema_version import HEAD

MIGRATIONS = Path(__file__).parent / "migrations"

_PATIENCE = 10.0
_LOCKED = "BEGIN IMMEDIATE"
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}


def open_database(path: Path) -> Engine:
    """An engine on the file, made or migrated where needed and readable by its owner only.

    Raises NewerSchemaError, DamagedControlError or ControlBusyError.
    """
    _require_not_lost(path)
    _keep_private(path)
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": _PATIENCE}, json_deserializer=_read_options)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    try:
        with translated(path):
            _bring_to_head(engine, path.name)
    except (ControlError, ControlBusyError):
        engine.dispose()
        raise
    return engine


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session that sees one state of the database."""
    with translated(_path(engine)), Session(engine) as session:
        yield session


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session that holds the write lock from its start, and commits at the end or changes nothing."""
    with translated(_path(engine)), Session(engine.execution_options(begin=_LOCKED)) as session, session.begin():
        yield session


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what the database raises into ControlBusyError where waiting helps, DamagedControlError where not."""
    try:
        yield
    except DBAPIError as error:
        if _passes(error, path):
            raise ControlBusyError(f"{path.name} cannot be used now: {error.orig}") from error
        raise DamagedControlError(f"{path.name} cannot be used: {error.orig}") from error


def _passes(error: DBAPIError, path: Path) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is None:
        return isinstance(error, OperationalError)
    if code & 0xFF == sqlite3.SQLITE_CANTOPEN:
        return path.is_file() and os.access(path, os.R_OK | os.W_OK)  # then this process may open no more files
    return code & 0xFF in _PASSING


def _read_options(value: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(value, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise DamagedControlError(f"a row of the control database cannot be read: {error}") from error


def _path(engine: Engine) -> Path:
    return Path(engine.url.database or "control database")


def _require_not_lost(path: Path) -> None:
    """Keep a database that is gone from being replaced by an empty one, which would end all keys and logins."""
    try:
        is_lost = is_closed(path) and (not path.exists() or path.stat().st_size == 0)
    except OSError as error:
        raise DamagedControlError(f"{path.name} cannot be used: {error.strerror}") from error
    if is_lost:
        raise DamagedControlError(
            f"{path.name} is gone, with all keys and logins: restore it; if it is lost for good, "
            f"remove the file {MARKER} beside it and make new ones"
        )


def _keep_private(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        for name in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            with contextlib.suppress(FileNotFoundError):
                if name.stat().st_mode & 0o077:
                    name.chmod(0o600)
    except OSError as error:
        raise DamagedControlError(f"{path.name} cannot be used: {error.strerror}") from error


def _prepare(connection: sqlite3.Connection, record: Any) -> None:
    # The driver would begin transactions on its own, too late for DDL and for taking the write lock; _begin does it.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA temp_store = MEMORY")  # the system's temporary folder may be full


def _begin(connection: Connection) -> None:
    statement = connection.get_execution_options().get("begin", "BEGIN")
    if statement:
        connection.exec_driver_sql(statement)


def _bring_to_head(engine: Engine, name: str) -> None:
    with engine.connect() as connection:
        if _revision(connection, name) == HEAD:
            return
    with engine.execution_options(begin=None).connect() as connection:  # the mode cannot change in a transaction
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
    with engine.execution_options(begin=_LOCKED).begin() as connection:
        # Another process may have migrated while this one waited for the lock.
        if _revision(connection, name) != HEAD:
            _migrate(connection)


def _revision(connection: Connection, name: str) -> str | None:
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    revision = "alembic_version" in tables and connection.scalar(text("SELECT version_num FROM alembic_version"))
    if not revision or not revision.isdigit():
        raise DamagedControlError(f"{name} is a database, but not of footfall")
    if revision > HEAD:
        raise NewerSchemaError(
            f"{name} has schema {revision}, this footfall knows {HEAD}: use the footfall that wrote it, or a newer one"
        )
    return str(revision)


def _migrate(connection: Connection) -> None:
    # Only a new or old database needs Alembic, and it costs a tenth of a second and 10 MiB to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
