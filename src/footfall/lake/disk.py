"""Making files durable: what was written, and the names it was written under.

What is made in a folder that a group may read and that hands its group on, as that of a lake with a `lake_group`, may
be read by that group, whoever makes it; all else is private.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

_SHARED = 0o2750


def sync(path: Path) -> None:
    """Bring a file's content, or a folder's names, to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path, *, within: Path | None = None) -> None:
    """Create a folder and those above it, durably. Raises OSError.

    Nothing is made at or above `within`: where that is gone, it was moved away or is on a disk that is not mounted.
    """
    if folder.is_dir():
        return
    if folder == within:
        raise FileNotFoundError(2, "the folder is gone", str(folder))
    make_folder(folder.parent, within=within)
    folder.mkdir(mode=0o700, exist_ok=True)
    if _is_shared(folder.parent):
        folder.chmod(_SHARED)
    sync(folder.parent)


def open_lock(path: Path, flags: int = 0) -> int:
    """Open a file to lock or to append to, made where it is missing. Raises OSError."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR | flags, 0o600)
    share(handle, path.parent)
    return handle


def share(handle: int, folder: Path) -> None:
    """Let those read an open file that may read its folder."""
    if _is_shared(folder):
        with suppress(OSError):  # another user's, as when root looks after the lake
            os.fchmod(handle, 0o640)


def _is_shared(folder: Path) -> bool:
    return stat.S_IMODE(folder.stat().st_mode) == _SHARED


def replace_durably(path: Path, content: bytes) -> None:
    """Give a file another content, whole or not at all, and make it durable. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as file:
            share(file.fileno(), path.parent)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)
