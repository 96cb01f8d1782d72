"""Whether an installation is still open: usable without keys and logins, from its own machine.

The first channel or login ends that for good. A file beside the control database remembers it, so that a database that
is lost, emptied or cannot be read is never taken for one in which nobody has made anything yet.
"""

import os
from pathlib import Path

MARKER = "closed"
_TEXT = (
    "A channel or a login was made here, so nothing is open without a key or a login any more, also while the control\n"
    "database is missing. Remove this file only to begin anew, with a new control database.\n"
)


def is_closed(database: Path) -> bool:
    """Whether a channel or a login was ever made. Raises OSError where that cannot be told."""
    try:
        database.with_name(MARKER).stat()
    except FileNotFoundError:
        return False
    return True


def close(database: Path) -> None:
    """Remember, durably, that one is made. Raises OSError."""
    if is_closed(database):
        return
    handle = os.open(database.with_name(MARKER), os.O_CREAT | os.O_WRONLY, 0o600)
    try:
        os.write(handle, _TEXT.encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    folder = os.open(database.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
