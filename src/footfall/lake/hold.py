"""Keeping files that the lake has replaced for as long as somebody copies them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footfall.lake.disk import open_lock

_FILE = "hold.lock"


@contextmanager
def holding(root: Path) -> Iterator[None]:
    """Nothing is removed from the lake during the block; several may hold it. Raises OSError."""
    handle = _open(root)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def removing(root: Path) -> Iterator[bool]:
    """Whether files may be removed from the lake during the block: not while somebody holds it. Raises OSError."""
    handle = _open(root)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(handle)


def _open(root: Path) -> int:
    return open_lock(root / _FILE)
