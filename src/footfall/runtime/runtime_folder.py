"""What processes have for each other while they run: a private folder of small files and a socket.

It is `DIR/run`, or a folder of its own in `$RUNTIME_DIRECTORY`. Whatever is in it can be lost at any time, and is made
again by whoever needs it.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

_T = TypeVar("_T")
VARIABLE = "RUNTIME_DIRECTORY"
SPILL = "footfall-query-"
LOCK = "lock"  # of the supervisor, in the data folder
_KEPT = ("pipeline.json", "flows.json", "flows-swept", "flows-vacuumed", "rebuild-flows")
_LONGEST_NAME = 100  # bytes of a Unix socket's name; systems take 107 or 103
_BLOCK = 4096


def folder(data: Path) -> Path:
    """Where the runtime files of a data folder are."""
    given = os.environ.get(VARIABLE, "").partition(":")[0]
    if not given.startswith(os.sep):
        return data / "run"
    return Path(given) / f"footfall-{hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]}"


def prepare(path: Path) -> None:
    """Make the folder, readable by nobody else. Raises OSError.

    The folder above it is made only where the system says where that is: a data folder that is gone may be on a disk
    that is not mounted.
    """
    if os.environ.get(VARIABLE) and path.parent == Path(os.environ[VARIABLE].partition(":")[0]):
        path.parent.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)


def sweep(path: Path) -> None:
    """Remove what processes that are gone left, but for what is of use to the next ones. Raises OSError."""
    for left in path.iterdir():
        if left.name in _KEPT:
            continue
        if left.is_dir() and not left.is_symlink():
            if left.name.startswith(SPILL):
                shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def note(lock: int, path: Path) -> None:
    """Write into the file of the supervisor's lock where the folder is, for who has another environment."""
    os.ftruncate(lock, 0)
    os.pwrite(lock, os.fsencode(path.absolute()), 0)


def noted(data: Path) -> Path | None:
    """Where the folder is by the note of the supervisor that served this data folder last; None where there is none."""
    try:
        found = Path(os.fsdecode((data / LOCK).read_bytes()))
    except OSError:
        return None
    return found if found.is_absolute() and found.is_dir() else None


def write(path: Path, content: bytes) -> None:
    """Replace a small file at once, so that no reader sees half of it. Raises OSError.

    Where the disk has no room for a new file, the old one is written over in place. Blanks follow the content, so that
    the next one fits.
    """
    size = _BLOCK
    while size < len(content):
        size *= 2
    try:
        try:
            _replace(path, content.ljust(size))
        except FileNotFoundError:
            prepare(path.parent)
            _replace(path, content.ljust(size))
    except OSError:
        if not _overwrite(path, content):
            raise


def read(path: Path, decoder: msgspec.json.Decoder[_T]) -> _T | None:
    """What a process wrote last; None where there is nothing that can be read."""
    try:
        return decoder.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        handle = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            _write_all(handle, content)
        finally:
            os.close(handle)
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def _write_all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(handle, view) :]


def _overwrite(path: Path, content: bytes) -> bool:
    """Write over a file where it stands; false where that cannot be."""
    try:
        handle = os.open(path, os.O_WRONLY)
    except OSError:
        return False
    try:
        size = os.fstat(handle).st_size
        if len(content) > size:
            return False
        _write_all(handle, content.ljust(size))
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


@contextmanager
def socket_name(path: Path) -> Iterator[str]:
    """A name for a Unix socket that is short enough, during the block. Raises OSError where its folder is gone."""
    if len(os.fsencode(path)) <= _LONGEST_NAME or not hasattr(os, "O_PATH"):
        yield str(path)
        return
    handle = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{path.name}"
    finally:
        os.close(handle)
