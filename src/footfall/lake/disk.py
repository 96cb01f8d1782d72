"""Making files durable: what was written, and the names it was written under."""

import os
from pathlib import Path


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
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def replace_durably(path: Path, content: bytes) -> None:
    """Give a file another content, whole or not at all, and make it durable. Raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync(path.parent)
