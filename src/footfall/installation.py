"""Whose folder it is: an installation has an id, and each of its stores knows it.

So a store that is missing, empty or somebody else's is told from a new one: a disk that is not mounted, a folder that
was moved, a lake restored beside the journals of another. Only a folder that holds nothing becomes a new installation,
and only `create_store` makes an empty store in one that exists.
"""

import fcntl
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import DecodeError, Struct, json

from footfall.control.migrate import migrate
from footfall.errors import TerminalError
from footfall.journal.segments import RELEASED, journals, read_mark
from footfall.lake import catalog, log_entry
from footfall.lake.disk import make_folder, replace_durably

FILE = "installation.json"
RESTORING = "restoring.json"
STORES = ("lake", "journal")
_CONTROL = "control.db"
_LOCK = "installation.lock"
# What may stand in a folder that becomes an installation; channels and logins may be made before the first start.
_HARMLESS = {
    "footfall.toml",
    "plans",
    "lock",
    "processes.lock",
    _LOCK,
    "lost+found",
    _CONTROL,
    f"{_CONTROL}-wal",
    f"{_CONTROL}-shm",
    "closed",
}


class InstallationError(TerminalError):
    """The folder is not what it should be; nothing was changed."""


class Installation(Struct, frozen=True):
    """Who an installation is: 16 hexadecimal digits, and when it was made, epoch ms."""

    id: str
    created_at: int


def open_installation(data: Path, expected: str = "") -> Installation:
    """The installation in a folder, made where the folder is empty; `expected` is the id that it must have, if any.

    Raises InstallationError.
    """
    try:
        make_folder(data)
        with _locked(data):
            found = _open(data, expected)
            _check_control(data, found)
            migrate(data / _CONTROL)
            return found
    except OSError as error:
        raise InstallationError(f"{data} cannot be used: {error.strerror}") from error


def create_store(data: Path, name: str) -> None:
    """Make an empty store for an installation that has lost it. Raises InstallationError."""
    own = _read(data / FILE) or next((found for store in STORES if (found := _read(data / store / FILE))), None)
    if own is None:
        raise InstallationError(f"there is no installation in {data}")
    folder = data / name
    if folder.is_dir() and any(folder.iterdir()):
        raise InstallationError(f"{folder} is not empty: move it away first")
    try:
        make_folder(folder)
        _write(folder, own)
    except OSError as error:
        raise InstallationError(f"{folder} cannot be made: {error.strerror}") from error


def _open(data: Path, expected: str) -> Installation:
    if (data / RESTORING).exists():
        raise InstallationError(
            f"{data} holds an unfinished restore: run `footfall restore` again, or empty the folder"
        )
    own = _read(data / FILE)
    stores = {name: _read(data / name / FILE) for name in STORES}
    ids = {found.id for found in (own, *stores.values()) if found is not None}
    if len(ids) > 1:
        raise InstallationError(f"{data} holds stores of different installations: {_listed(own, stores)}")
    if expected and ids and ids != {expected}:
        raise InstallationError(f"{data} holds the installation {min(ids)}, and {expected} is wanted")
    if not ids:
        return _begin(data, expected)
    if own is None and not _has_content(data):  # it was killed while it was made
        own = next(found for found in stores.values() if found is not None)
        return _create(data, own)
    for name, found in stores.items():
        if found is None:
            raise InstallationError(_lost(data, name, min(ids)))
    if own is None:
        own = next(found for found in stores.values() if found is not None)
        _write(data, own)
    return own


def _begin(data: Path, expected: str) -> Installation:
    """Nothing here has an id: a new installation, or one from before there were any."""
    leftovers = sorted(path.name for path in data.iterdir() if path.name not in _HARMLESS)
    if not leftovers:
        if expected:
            raise InstallationError(f"{data} is empty, and holds no installation {expected}: is its disk mounted?")
        return _create(data, Installation(secrets.token_hex(8), time.time_ns() // 1_000_000))
    if not {*STORES} & {*leftovers}:
        raise InstallationError(f"{data} holds {leftovers[0]} and no installation: choose an empty folder")
    has_log = log_entry.is_log(data / "lake" / "events")
    if not has_log and _had_lake(data):
        raise InstallationError(
            f"{data} held a lake whose log is gone: mount or restore {data / 'lake'}, or a backup of everything"
        )
    return _create(data, Installation(secrets.token_hex(8), time.time_ns() // 1_000_000))


def _had_lake(data: Path) -> bool:
    """Whether anything says that events were in the lake: its files, or what the journals were told is there."""
    lake = data / "lake"
    if catalog.known_tables(lake) or (lake.is_dir() and any(lake.rglob("*.parquet"))):
        return True
    marks = (read_mark(folder / RELEASED) for folder in journals(data / "journal"))
    return any(mark is not None and mark.position > 0 for mark in marks)


def _has_content(data: Path) -> bool:
    """Whether a store holds more than its id."""
    return any(path.name != FILE for name in STORES if (data / name).is_dir() for path in (data / name).iterdir())


def _create(data: Path, new: Installation) -> Installation:
    """Write the id to all stores, and last to the folder: one that has it has them all."""
    for name in STORES:
        make_folder(data / name)
        _write(data / name, new)
    _write(data, new)
    return new


def _check_control(data: Path, own: Installation) -> None:
    """The control database knows its installation as SQLite's application id."""
    path = data / _CONTROL
    if not path.exists():
        return
    number = int(own.id[:8], 16) & 0x7FFFFFFF or 1
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5)) as database:
            found = database.execute("PRAGMA application_id").fetchone()[0]
            if not found:
                database.execute(f"PRAGMA application_id = {number}")
    except sqlite3.Error:
        return  # who needs it says what is wrong with it
    if found not in (0, number):
        raise InstallationError(f"{path} belongs to another installation than {own.id}")


def _listed(own: Installation | None, stores: dict[str, Installation | None]) -> str:
    found = [("the folder", own), *((f"its {name}", store) for name, store in stores.items())]
    return ", ".join(f"{name} {store.id}" for name, store in found if store is not None)


def _lost(data: Path, name: str, own: str) -> str:
    return (
        f"the {name} of the installation {own} is not in {data / name}: mount or restore it; "
        f"if it is lost for good, `footfall {name} create` makes an empty one"
    )


def _read(path: Path) -> Installation | None:
    try:
        return json.decode(path.read_bytes(), type=Installation)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, DecodeError) as error:
        raise InstallationError(f"{path} cannot be read: {error}") from error


def _write(folder: Path, own: Installation) -> None:
    replace_durably(folder / FILE, json.encode(own))


@contextmanager
def _locked(data: Path) -> Iterator[None]:
    """Let one process at a time look and make."""
    lock = os.open(data / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
