"""The outbox on disk: one SQLite file for each process, so that a killed process loses nothing that `put` returned for.

A folder may be shared by many processes. Each writes a file of its own, held by a lock that ends with the process; what
a process left behind is taken over by the next one that starts in the folder. Surviving a power cut is not promised for
the last moments: the file is synced when it is tidied up, not at every event.
"""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from uuid import uuid4

from footfall.tracker.outbox import MAX_BYTES, Aside, Batch, MemoryOutbox, Outbox, OutboxError, Waiting, within

_SUFFIX = ".outbox"
_SCHEMA = """
    CREATE TABLE IF NOT EXISTS events (
        number INTEGER PRIMARY KEY, mid TEXT NOT NULL, event BLOB NOT NULL, batch TEXT);
    CREATE TABLE IF NOT EXISTS aside (
        number INTEGER PRIMARY KEY, mid TEXT NOT NULL, event BLOB NOT NULL,
        code TEXT NOT NULL, message TEXT NOT NULL, path TEXT NOT NULL, at INTEGER NOT NULL);
"""
_PUT = "INSERT INTO events (mid, event) VALUES (?, ?)"
_OLDEST = "SELECT number, mid, event FROM events WHERE batch IS NULL ORDER BY number LIMIT ?"
_UNDER_WAY = "SELECT number, mid, event FROM events WHERE batch = ? ORDER BY number"
_TIDY_EVERY = 4 << 20  # bytes written between two times that the file is synced and its log is emptied

_left: list[object] = []  # connections of a parent process: closing one here would end the parent's log


class DiskOutbox:
    """An outbox in a folder; see Outbox for the contract.

    When `max_bytes` of events wait, the oldest make way. A file that is no outbox any more is given another name.
    Raises OutboxError when the folder cannot be used.
    """

    _path: Path
    _lock: int
    _puts: sqlite3.Connection
    _sends: sqlite3.Connection
    _mutex: Lock
    _under_way: Batch | None
    _limit: int
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
        try:
            with self._mutex:
                self._puts.execute(_PUT, (mid, event))
        except sqlite3.Error as error:
            raise _failure(error) from error
        self._count += 1
        self._bytes += len(event)
        self._written += len(event)
        return 0 if self._bytes <= self._max_bytes else self._make_way()

    def take(self, events: int, size: int) -> Batch | None:
        """The oldest events; see Outbox."""
        with _reading():
            if self._under_way is None:
                self._under_way = self._begin(min(events, self._limit or events), size)
                self._limit = 0
            self._tidy()
            return self._under_way

    def split(self, batch: Batch) -> None:
        """Let the events be taken in smaller batches; see Outbox."""
        with self._writing():
            self._sends.execute("UPDATE events SET batch = NULL WHERE batch = ?", (batch.msgid,))
        self._limit = max(1, len(batch.events) // 2)
        self._under_way = None

    def done(self, batch: Batch, aside: Sequence[Aside] = ()) -> None:
        """Forget a batch; see Outbox."""
        now = time.time_ns() // 1_000_000
        rows = [(one.mid, one.event, one.code, one.message, one.path, now) for one in aside]
        with self._writing(), _transaction(self._sends):
            self._sends.execute("DELETE FROM events WHERE batch = ?", (batch.msgid,))
            if rows:
                self._sends.executemany(
                    "INSERT INTO aside (mid, event, code, message, path, at) VALUES (?, ?, ?, ?, ?, ?)", rows
                )
                self._sends.execute(
                    "DELETE FROM aside WHERE number <= (SELECT max(number) FROM aside) - ?", (self._max_aside,)
                )
        self._count -= len(batch.events)
        self._bytes -= sum(len(waiting.event) for waiting in batch.events)
        self._under_way = None

    def aside(self) -> list[Aside]:
        """What was put aside; see Outbox."""
        with _reading():
            rows = self._sends.execute("SELECT mid, event, code, message, path FROM aside ORDER BY number")
            return [Aside(*row) for row in rows]

    def waiting(self) -> tuple[int, int]:
        """Events and bytes; see Outbox."""
        return self._count, self._bytes

    def close(self) -> None:
        """Close the file, and remove it when nothing is left in it."""
        if self._lock < 0:
            return
        is_empty = self._is_empty()
        self._puts.close()
        self._sends.close()
        if is_empty:
            _remove(self._path)
        os.close(self._lock)
        self._lock = -1

    def reopen(self) -> None:
        """After a fork: leave the parent's file to the parent and begin one of our own."""
        _left.extend((self._puts, self._sends))
        os.close(self._lock)
        self._open()

    def _open(self) -> None:
        self._mutex = Lock()
        self._under_way = None
        self._limit = self._written = self._count = self._bytes = 0
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._path = self._folder / f"{os.getpid()}-{uuid4().hex[:8]}{_SUFFIX}"
            self._lock = _locked(self._path)
            self._puts, self._sends = _connect(self._path), _connect(self._path)
            self._puts.executescript(_SCHEMA)
            for path in sorted(self._folder.glob(f"*{_SUFFIX}"), key=_age):
                self._adopt(path)
        except (OSError, sqlite3.Error) as error:
            raise OutboxError(f"the outbox in {self._folder} cannot be opened: {error}") from error
        self._count, self._bytes = self._sends.execute(
            "SELECT count(*), coalesce(sum(length(event)), 0) FROM events"
        ).fetchone()

    def _adopt(self, path: Path) -> None:
        """Take over what a process left that is gone; batches under way keep their msgid."""
        if path == self._path or (lock := _try_lock(path)) is None:
            return
        try:
            with _connection(path) as left:
                events = left.execute("SELECT mid, event, batch FROM events ORDER BY number").fetchall()
                aside = left.execute("SELECT mid, event, code, message, path, at FROM aside ORDER BY number").fetchall()
            with _transaction(self._sends):
                self._sends.executemany("INSERT INTO events (mid, event, batch) VALUES (?, ?, ?)", events)
                self._sends.executemany(
                    "INSERT INTO aside (mid, event, code, message, path, at) VALUES (?, ?, ?, ?, ?, ?)", aside
                )
            _remove(path)
        except sqlite3.DatabaseError:
            path.rename(path.with_suffix(f".damaged-{uuid4().hex[:8]}"))
        finally:
            os.close(lock)

    def _begin(self, number: int, size: int) -> Batch | None:
        begun = self._sends.execute(
            "SELECT batch FROM events WHERE batch IS NOT NULL ORDER BY number LIMIT 1"
        ).fetchone()
        if begun is not None:
            return Batch(begun[0], [Waiting(*row) for row in self._sends.execute(_UNDER_WAY, begun)])
        oldest = within([Waiting(*row) for row in self._sends.execute(_OLDEST, (number,))], number, size)
        if not oldest:
            return None
        msgid = uuid4().hex
        with self._writing():
            self._sends.execute(
                "UPDATE events SET batch = ? WHERE number BETWEEN ? AND ?", (msgid, oldest[0].number, oldest[-1].number)
            )
        return Batch(msgid, oldest)

    def _make_way(self) -> int:
        """Drop the oldest twentieth, but nothing that is under way."""
        with self._writing():
            rows = self._puts.execute(
                "DELETE FROM events WHERE number IN "
                "(SELECT number FROM events WHERE batch IS NULL ORDER BY number LIMIT ?) RETURNING length(event)",
                (max(1, self._count // 20),),
            ).fetchall()
        self._count -= len(rows)
        self._bytes -= sum(size for (size,) in rows)
        return len(rows)

    def _tidy(self) -> None:
        """Sync the file and begin its log anew, now and then; on the sender's time, never on the application's."""
        if self._written > _TIDY_EVERY:
            self._written = 0
            self._sends.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _is_empty(self) -> bool:
        with suppress(sqlite3.Error):
            return not self._count and not self._sends.execute("SELECT count(*) FROM aside").fetchone()[0]
        return False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._mutex, _reading():
            yield


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


@contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    connection = _connect(path)
    try:
        connection.executescript(_SCHEMA)
        yield connection
    finally:
        connection.close()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _failure(error) from error


def _failure(error: sqlite3.Error) -> OutboxError:
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
    for name in (path.name, path.name + "-wal", path.name + "-shm", path.with_suffix(".lock").name):
        path.with_name(name).unlink(missing_ok=True)


def _age(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
