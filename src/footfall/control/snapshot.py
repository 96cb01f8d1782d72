"""The control database as collectors see it; read with the standard library, as SQLAlchemy costs 42 MiB a process."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import msgspec
from msgspec import structs

from footfall.control.access import Channel, Key, KeyIndex
from footfall.control.openness import is_closed
from footfall.control.tokens import Kind

_CHANNELS = "SELECT name, options FROM channels"
_USERS = "SELECT count(*) FROM users"
_KEYS = "SELECT id, kind, channel, digest, expires_at FROM keys"

OPEN = KeyIndex({}, {}, is_open=True)
UNKNOWN = KeyIndex({}, {}, is_known=False)

_options = msgspec.json.Decoder(dict[str, Any])


class Snapshot:
    """The newest readable state of the control database; it may be made before the database is.

    `trouble` says why the state that `current` returned may be old or is not known; None when all is well.
    """

    def __init__(self, path: Path) -> None:
        self.trouble: str | None = None
        self._path = path
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._version: int | None = None
        self._directory = UNKNOWN

    def current(self) -> KeyIndex:
        """The channels and keys as of now, or the last that could be read; costs microseconds when nothing changed.

        It is not known as long as there should be a database and none could be read.
        """
        with self._lock:
            try:
                self._refresh()
            except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
                self.trouble = f"{self._path.name} cannot be read: {error}"
                self._disconnect()
            return self._directory

    def close(self) -> None:
        """Release the database."""
        with self._lock:
            self._disconnect()

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._disconnect()
            if self._file or is_closed(self._path):
                self.trouble = f"{self._path.name} is gone"
            else:
                self.trouble, self._directory = None, OPEN
            return
        if self._database is None or self._file != (found.st_dev, found.st_ino):
            self._disconnect()
            self._database = _connect(self._path)
            self._file = (found.st_dev, found.st_ino)
        version = self._database.execute("PRAGMA data_version").fetchone()[0]
        if version != self._version:
            read, closed = _read(self._database), is_closed(self._path)
            if read is None and closed:
                self.trouble = f"{self._path.name} has lost what was in it"
                return
            self._directory = OPEN if read is None else structs.replace(read, is_open=read.is_open and not closed)
            self._version = version
        self.trouble = None

    def _disconnect(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = self._version = None


def _connect(path: Path) -> sqlite3.Connection:
    # No waiting for locks: this runs on a collector's event loop, and the next call tries again.
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0, isolation_level=None, check_same_thread=False
    )


def _read(database: sqlite3.Connection) -> KeyIndex | None:
    """What the database says; None where it has no tables yet."""
    database.execute("BEGIN")  # both queries see the same state
    try:
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return None
        channels = database.execute(_CHANNELS).fetchall()
        keys = database.execute(_KEYS).fetchall()
        users = database.execute(_USERS).fetchone()[0]
    finally:
        database.execute("COMMIT")
    known = {name: _channel(name, options) for name, options in channels}
    return KeyIndex(known, {row[0]: _key(*row, known=known) for row in keys}, is_open=not channels and not users)


def _channel(name: str, options: str) -> Channel:
    return msgspec.convert(_options.decode(options) | {"name": name}, Channel)


def _key(
    key_id: str, kind: Kind, channel: str, digest: bytes, expires_at: int | None, *, known: dict[str, Channel]
) -> Key:
    origins = known[channel].origins if kind == "public" and channel in known else ()
    return Key(key_id, kind, channel, digest, origins, expires_at)
