"""The outbox on disk: an SQLite file for each process, so that a killed process loses nothing that `put` returned for.

Beside it stands an intake (see there), from which the sender moves the events over. A folder may be shared by many
processes. Each writes files of its own, held by a lock that ends with the process; what a process left behind is taken
over by the next one that starts in the folder. Surviving a power cut is not promised for the last moments: the database
is synced when it is tidied up, not at every event.
"""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from uuid import uuid4

from footfall.tracker.append_log import AppendLog, left
from footfall.tracker.outbox import MAX_BYTES, Aside, Batch, MemoryOutbox, Outbox, OutboxError, Waiting, within

_SUFFIX = ".outbox"
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS events (
        number INTEGER PRIMARY KEY, mid TEXT NOT NULL, event BLOB NOT NULL, batch TEXT);
    CREATE INDEX IF NOT EXISTS under_way ON events (batch) WHERE batch IS NOT NULL;
    CREATE TABLE IF NOT EXISTS aside (
        number INTEGER PRIMARY KEY, mid TEXT NOT NULL, event BLOB NOT NULL,
        code TEXT NOT NULL, message TEXT NOT NULL, path TEXT NOT NULL, at INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS intake (moved INTEGER NOT NULL);
    INSERT INTO intake SELECT 0 WHERE NOT EXISTS (SELECT * FROM intake);
"""
_PUT = "INSERT INTO events (mid, event) VALUES (?, ?)"
_PUT_ASIDE = "INSERT INTO aside (mid, event, code, message, path, at) VALUES (?, ?, ?, ?, ?, ?)"
_OLDEST = "SELECT number, mid, event FROM events WHERE batch IS NULL ORDER BY number LIMIT ?"
_BEGUN = "SELECT batch FROM events INDEXED BY under_way WHERE batch IS NOT NULL ORDER BY number LIMIT 1"
_UNDER_WAY = "SELECT number, mid, event FROM events WHERE batch = ? ORDER BY number"
_TIDY_EVERY = 4 << 20  # bytes of events between two times that the file is synced and its log is emptied
_MOST_UNMOVED = 1 << 20  # bytes in the intake that wait for the sender; then a call moves them

_Rows = list[tuple[object, ...]]

_left: list[object] = []  # connections of a parent process: closing one here would end the parent's log


class DiskOutbox:
    """An outbox in a folder; see Outbox for the contract.

    When `max_bytes` of events wait, the oldest make way. A file that is no outbox any more is given another name.
    Raises OutboxError when the folder cannot be used.
    """

    _path: Path
    _lock: int
    _connection: sqlite3.Connection
    _intake: AppendLog
    _database_lock: Lock  # held for moments of the disk, by the sender and rarely by a call
    _intake_lock: Lock  # held for one append; taken after the other
    _under_way: Batch | None
    _limit: int
    _moved: int
    _written: int
    _count: int
    _bytes: int

    def __init__(self, folder: Path | str, max_bytes: int = MAX_BYTES, max_aside: int = 1000) -> None:
        self._folder = Path(folder)
        self._max_bytes = max_bytes
        self._max_aside = max_aside
        self._open()

    def put(self, mid: str, event: bytes) -> int:
        """Keep an event; see Outbox. It survives the end of the process once this returns."""
        is_full = self._bytes + len(event) > self._max_bytes
        dropped = self._make_way(len(event)) if is_full or self._intake.size - self._moved > _MOST_UNMOVED else 0
        try:
            with self._intake_lock:
                self._intake.append(mid, event)
                self._count += 1
                self._bytes += len(event)
        except OSError as error:
            raise _failure(error) from error
        return dropped

    def take(self, events: int, size: int) -> Batch | None:
        """The oldest events; see Outbox."""
        with self._using():
            self._move()
            if self._under_way is None:
                self._under_way = self._begin(min(events, self._limit or events), size)
                self._limit = 0
            return self._under_way

    def split(self, batch: Batch) -> None:
        """Let the events be taken in smaller batches; see Outbox."""
        with self._using():
            self._connection.execute("UPDATE events SET batch = NULL WHERE batch = ?", (batch.msgid,))
        self._limit = max(1, len(batch.events) // 2)
        self._under_way = None

    def done(self, batch: Batch, aside: Sequence[Aside] = ()) -> None:
        """Forget a batch; see Outbox."""
        now = time.time_ns() // 1_000_000
        rows = [(one.mid, one.event, one.code, one.message, one.path, now) for one in aside]
        with self._using(), _transaction(self._connection):
            self._connection.execute("DELETE FROM events WHERE batch = ?", (batch.msgid,))
            if rows:
                self._connection.executemany(_PUT_ASIDE, rows)
                self._connection.execute(
                    "DELETE FROM aside WHERE number <= (SELECT max(number) FROM aside) - ?", (self._max_aside,)
                )
        sizes = [len(waiting.event) for waiting in batch.events]
        self._forget(sizes)
        self._written += sum(sizes)
        self._under_way = None

    def aside(self) -> list[Aside]:
        """What was put aside; see Outbox."""
        with self._using():
            rows = self._connection.execute("SELECT mid, event, code, message, path FROM aside ORDER BY number")
            return [Aside(*row) for row in rows]

    def waiting(self) -> tuple[int, int]:
        """Events and bytes; see Outbox."""
        return self._count, self._bytes

    def close(self) -> None:
        """Close the files, and remove them when nothing is left in them."""
        if self._lock < 0:
            return
        is_empty = self._is_empty()
        self._connection.close()
        self._intake.close()
        if is_empty:
            _remove(self._path)
        os.close(self._lock)
        self._lock = -1

    def reopen(self) -> None:
        """After a fork: leave the parent's files to the parent and begin others of our own."""
        _left.append(self._connection)
        self._intake.close()
        os.close(self._lock)
        self._open()

    def _open(self) -> None:
        self._database_lock, self._intake_lock = Lock(), Lock()
        self._under_way = None
        self._limit = self._moved = self._written = self._count = self._bytes = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path = self._folder / f"{os.getpid()}-{uuid4().hex[:8]}{_SUFFIX}"
            self._lock = _locked(self._path)
            self._connection = _connect(self._path)
            self._connection.executescript(_SCHEMA)
            self._intake = AppendLog(intake_of(self._path))
            for path in sorted(self._folder.glob(f"*{_SUFFIX}"), key=_age):
                self._adopt(path)
        except (OSError, sqlite3.Error) as error:
            raise OutboxError(f"the outbox in {self._folder} cannot be opened: {error}") from error
        self._count, self._bytes = self._connection.execute(
            "SELECT count(*), coalesce(sum(length(event)), 0) FROM events"
        ).fetchone()
        self._written = self._bytes

    def _adopt(self, path: Path) -> None:
        """Take over what a process left that is gone; batches under way keep their msgid."""
        if path == self._path or (lock := _try_lock(path)) is None:
            return
        try:
            events, aside, moved = _content(path)
            with _transaction(self._connection):
                self._connection.executemany("INSERT INTO events (mid, event, batch) VALUES (?, ?, ?)", events)
                self._connection.executemany(_PUT, left(intake_of(path), moved))
                self._connection.executemany(_PUT_ASIDE, aside)
            _remove(path)
        finally:
            os.close(lock)

    def _move(self) -> None:
        """Move the intake's events to the database; sync and begin the intake anew now and then."""
        self._move_rest()
        if self._written > _TIDY_EVERY:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            with self._intake_lock:  # calls wait, for the moment that it takes to move what came meanwhile
                self._move_rest()
                # In this order: who is killed in between has events sent twice, which the server sees, and none lost.
                self._connection.execute("UPDATE intake SET moved = 0")
                self._intake.clear()
                self._moved = self._written = 0

    def _move_rest(self) -> None:
        end = self._intake.size
        if end == self._moved:
            return
        with _transaction(self._connection):
            self._connection.executemany(_PUT, self._intake.between(self._moved, end))
            self._connection.execute("UPDATE intake SET moved = ?", (end,))
        self._written += end - self._moved
        self._moved = end

    def _begin(self, number: int, size: int) -> Batch | None:
        begun = self._connection.execute(_BEGUN).fetchone()
        if begun is not None:
            return Batch(begun[0], [Waiting(*row) for row in self._connection.execute(_UNDER_WAY, begun)])
        oldest = within([Waiting(*row) for row in self._connection.execute(_OLDEST, (number,))], number, size)
        if not oldest:
            return None
        msgid = uuid4().hex
        self._connection.execute(
            "UPDATE events SET batch = ? WHERE number BETWEEN ? AND ?", (msgid, oldest[0].number, oldest[-1].number)
        )
        return Batch(msgid, oldest)

    def _make_way(self, size: int) -> int:
        """Have room for so many bytes: drop the oldest twentieth, but nothing that is under way."""
        with self._using():
            self._move()
            if self._bytes + size <= self._max_bytes:
                return 0
            rows = self._connection.execute(
                "DELETE FROM events WHERE number IN "
                "(SELECT number FROM events WHERE batch IS NULL ORDER BY number LIMIT ?) RETURNING length(event)",
                (max(1, self._count // 20),),
            ).fetchall()
        self._forget([length for (length,) in rows])
        return len(rows)

    def _forget(self, sizes: list[int]) -> None:
        with self._intake_lock:
            self._count -= len(sizes)
            self._bytes -= sum(sizes)

    def _is_empty(self) -> bool:
        with suppress(sqlite3.Error):
            return not self._count and not self._connection.execute("SELECT count(*) FROM aside").fetchone()[0]
        return False

    @contextmanager
    def _using(self) -> Iterator[None]:
        try:
            with self._database_lock:
                yield
        except (OSError, sqlite3.Error) as error:
            raise _failure(error) from error


def intake_of(path: Path) -> Path:
    """The intake that belongs to a database."""
    return path.with_suffix(".intake")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA page_size = 2048")  # every event writes one page: half of the usual size, half the work
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def on_disk(folder: Path, log: logging.Logger, max_bytes: int = MAX_BYTES) -> Outbox:
    """An outbox in a folder; where that cannot be had, one in memory."""
    try:
        return DiskOutbox(folder, max_bytes)
    except OutboxError as error:
        log.warning("%s; events wait in memory", error)
        return MemoryOutbox(max_bytes)


def forked(outbox: Outbox, log: logging.Logger) -> Outbox:
    """What a child process goes on with: nothing of what waits in its parent's, which the parent sends.

    An outbox of the application's own is left as it is.
    """
    if isinstance(outbox, MemoryOutbox):
        return MemoryOutbox()
    if isinstance(outbox, DiskOutbox):
        try:
            outbox.reopen()
        except OutboxError as error:
            log.warning("%s; events wait in memory", error)
            return MemoryOutbox()
    return outbox


def _content(path: Path) -> tuple[_Rows, _Rows, int]:
    """Events, what lies aside, and how far the intake was moved. A file that is no outbox gets another name."""
    try:
        with closing(_connect(path)) as rows:
            rows.executescript(_SCHEMA)
            return (
                rows.execute("SELECT mid, event, batch FROM events ORDER BY number").fetchall(),
                rows.execute("SELECT mid, event, code, message, path, at FROM aside ORDER BY number").fetchall(),
                rows.execute("SELECT moved FROM intake").fetchone()[0],
            )
    except sqlite3.DatabaseError:
        path.rename(path.with_suffix(f".damaged-{uuid4().hex[:8]}"))
        return [], [], 0


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        yield


def _failure(error: Exception) -> OutboxError:
    return OutboxError(f"the outbox cannot be used: {error}")


def _locked(path: Path) -> int:
    lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return lock


def _try_lock(path: Path) -> int | None:
    with suppress(BlockingIOError):
        return _locked(path)
    return None


def _remove(path: Path) -> None:
    names = (path.name, path.name + "-wal", path.name + "-shm", path.with_suffix(".lock").name)
    for name in (intake_of(path).name, *names):
        path.with_name(name).unlink(missing_ok=True)


def _age(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
