"""A private PostgreSQL cluster on a Unix socket, with the events in a row table and the obvious indexes."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pyarrow as pa
import pyarrow.csv

from bench.programs import find

_COLUMNS: dict[str, str] = {
    "received_at": "timestamp",
    "occurred_at": "timestamp",
    "channel": "text",
    "event_type": "text",
    "mid": "text",
    "actor_id": "text",
    "env": "text",
    "sid": "text",
    "did": "text",
    "pdata_id": "text",
    "object_id": "text",
    "object_type": "text",
    "edata_type": "text",
    "edata_pageid": "text",
    "edata_duration": "float8",
}
_INDEXES: tuple[LiteralString, ...] = (
    "CREATE UNIQUE INDEX ON events (channel, mid)",
    "CREATE INDEX ON events (occurred_at, event_type)",
    "CREATE INDEX ON events (event_type, occurred_at)",
    "CREATE INDEX ON events (channel, occurred_at)",
    "CREATE INDEX ON events (sid)",
)
_ROLLUP: LiteralString = """
CREATE MATERIALIZED VIEW hourly AS
SELECT date_trunc('hour', occurred_at) AS hour, channel, event_type, count(*) AS n FROM events GROUP BY 1, 2, 3
"""
SETTINGS = {
    "shared_buffers": "2GB",
    "work_mem": "256MB",
    "maintenance_work_mem": "1GB",
    "effective_cache_size": "8GB",
    "random_page_cost": "1.1",
    "max_wal_size": "8GB",
    "max_parallel_workers_per_gather": "2",
}
_START_SECONDS = 60.0

Row = tuple[Any, ...]


class Postgres:
    """A connection to the private cluster."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
        connection.execute(f"CREATE TABLE events ({columns})")

    @property
    def version(self) -> str:
        """Version of the server."""
        return str(self._connection.info.parameter_status("server_version") or "?").split()[0]

    def copy(self, table: pa.Table) -> None:
        """Load rows by COPY."""
        chosen = table.select(list(_COLUMNS))
        sink = pa.BufferOutputStream()
        options = pyarrow.csv.WriteOptions(include_header=False)
        pyarrow.csv.write_csv(chosen, sink, options)
        with self._connection.cursor() as cursor, cursor.copy("COPY events FROM STDIN (FORMAT csv)") as copy:
            copy.write(sink.getvalue())

    def finish(self) -> None:
        """Build the indexes and the rollup, and bring the planner's knowledge up to date."""
        for statement in (*_INDEXES, _ROLLUP, "VACUUM ANALYZE", "CHECKPOINT"):
            self._connection.execute(statement)

    def query(self, sql: str) -> list[Row]:
        """Rows of one query."""
        return self._connection.execute(sql).fetchall()


@contextmanager
def running() -> Iterator[Postgres]:
    """A new cluster with default durability (fsync on), removed at the end. Raises MissingProgramError."""
    postgres, initdb = find("postgres"), find("initdb")
    folder = Path(tempfile.mkdtemp(prefix="footfall-pg-", dir="/var/tmp"))
    user = _user(folder)
    try:
        init = [initdb, "-D", str(folder / "data"), "-U", "bench", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command = [postgres, "-D", str(folder / "data"), "-c", "listen_addresses=", "-k", str(folder), *settings]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder, start_new_session=True)
        try:
            with _connect(folder, process) as connection:
                yield Postgres(connection)
        finally:
            process.terminate()  # "smart" shutdown: nobody is connected any more
            process.wait(60)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _user(folder: Path) -> str | None:
    """PostgreSQL refuses to run as root: its own user does then, and owns the folder."""
    if os.geteuid() != 0:
        return None
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return owner.pw_name


def _connect(folder: Path, process: "subprocess.Popen[bytes]") -> psycopg.Connection[Row]:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return psycopg.connect(host=str(folder), user="bench", dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
