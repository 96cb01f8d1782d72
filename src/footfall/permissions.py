"""Who may read what footfall makes: its own user alone; and the lake, a group that one setting names.

Files are private from the moment they are made, by the umask of every process of ours. What may be shared are the lake
and all below it (folders 2750, files 0640); to get there, the group may pass through the data folder (0710).
"""

import grp
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from footfall.errors import TerminalError
from footfall.settings import Settings

_PRIVATE, _SHARED = 0o077, 0o027
_FOLDER, _FILE, _PASSAGE = 0o2750, 0o640, 0o710
_OTHERS = 0o077 | stat.S_ISGID
_before: list[int] = []


def begin() -> None:
    """From now on, what this process and its children make is private."""
    _before.append(os.umask(_PRIVATE))


def begin_sharing(settings: Settings) -> None:
    """The same for one that writes the lake, which its group may read; all else it makes has a mode of its own."""
    if settings.lake_group:
        os.umask(_SHARED)


@contextmanager
def for_user() -> Iterator[None]:
    """What is made in the block is the user's own, where the user wants it: as private as everything of theirs."""
    if not _before:
        yield
        return
    own = os.umask(_before[0])
    try:
        yield
    finally:
        os.umask(own)


def tighten(data: Path, group: str) -> None:
    """Make everything in a data folder private that is this user's, and share the lake with the group, if any.

    Raises TerminalError for a group that is not known, or that this user may not give files to.
    """
    number = _number(group)
    lake = data / "lake"
    faults = _Faults()
    for path, found in _walk(data, (lake, data / "journal")):
        is_shared = number is not None and (path == lake or lake in path.parents)
        _set(path, found, number if is_shared else None, faults)
    if number is not None:
        _give(data, data.stat(), number, _PASSAGE, faults)
    if faults.count:
        import structlog  # not for everybody who sets a umask

        structlog.get_logger().warning("files cannot be made private", files=faults.count, first=faults.first)


class _Faults(Struct):
    """How many files could not be changed, and what the first was."""

    count: int = 0
    first: str = ""

    def note(self, path: Path, error: OSError) -> None:
        self.count += 1
        self.first = self.first or f"{path}: {error.strerror}"


def _walk(data: Path, stores: tuple[Path, ...]) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything in the folder, and itself; links are followed where a store is one."""
    yield data, data.stat()
    waiting = [data, *(store for store in stores if store.is_symlink() and store.is_dir())]
    for store in waiting[1:]:
        yield store, store.stat()
    while waiting:
        try:
            entries = list(os.scandir(waiting.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                found = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISLNK(found.st_mode):
                continue
            yield Path(entry.path), found
            if stat.S_ISDIR(found.st_mode):
                waiting.append(Path(entry.path))


def _set(path: Path, found: os.stat_result, group: int | None, faults: _Faults) -> None:
    if found.st_uid != os.geteuid():
        return
    is_folder = stat.S_ISDIR(found.st_mode)
    if group is not None:
        _give(path, found, group, _FOLDER if is_folder else _FILE, faults)
    elif found.st_mode & (_OTHERS if is_folder else 0o077):
        try:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)
        except FileNotFoundError:
            return
        except OSError as error:
            faults.note(path, error)


def _give(path: Path, found: os.stat_result, group: int, mode: int, faults: _Faults) -> None:
    """Give a file to the group; raises TerminalError where this user may not."""
    try:
        if found.st_gid != group:
            os.chown(path, -1, group)
        if found.st_gid != group or stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)
    except FileNotFoundError:
        return
    except PermissionError as error:
        raise TerminalError(
            f"setting lake_group: {path} cannot be given to the group: is this user a member of it?"
        ) from error
    except OSError as error:
        faults.note(path, error)


def _number(group: str) -> int | None:
    if not group:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise TerminalError(f"setting lake_group: there is no group {group!r}") from None
