"""The files of a Delta table's log: made durable, read back, and repaired after a power cut.

A killed process leaves whole files. A machine that loses its power may leave the newest ones torn, as long as nobody
has synced them; a table does not open then. Every commit is synced before the journals are cut behind it, so what is
torn is still in the journals, and may go.
"""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field, json

from footfall.lake.disk import sync

ACTIONS = "footfall.actions"
_NEWEST = 8  # entries that may not have been synced: those of a vacuum, and the one behind it
_LEFTOVER = re.compile(r"\.tmp$|#\d+$")
_LAST_CHECKPOINT = "_last_checkpoint"


class _Added(Struct):
    path: str
    dataChange: bool = True  # noqa: N815 - Delta's name


class _CommitInfo(Struct):
    actions: str | None = field(name=ACTIONS, default=None)
    timestamp: int = 0


class _Line(Struct):
    add: _Added | None = None
    remove: Raw | UnsetType = UNSET
    txn: Raw | UnsetType = UNSET
    commit_info: _CommitInfo | None = field(name="commitInfo", default=None)

    @property
    def is_action(self) -> bool:
        return self.add is not None or self.remove is not UNSET or self.txn is not UNSET


class Commit(Struct, frozen=True):
    """What a version added: relative paths of files with new data, and when, epoch ms by the writer's clock."""

    added: list[str]
    at: int


class _Last(Struct):
    version: int


_decode = json.Decoder(_Line).decode


def entry(folder: Path, version: int) -> Path:
    """The log entry of a version."""
    return folder / "_delta_log" / f"{version:020d}.json"


def added(folder: Path, version: int) -> list[str] | None:
    """Relative paths of the files that a version added with new data; None when the log no longer says."""
    commit = committed(folder, version)
    return None if commit is None else commit.added


def committed(folder: Path, version: int) -> Commit | None:
    """What a version added; None when the log no longer says, or not yet."""
    try:
        lines = _read(entry(folder, version))
    except FileNotFoundError:
        return None
    at = max((line.commit_info.timestamp for line in lines if line.commit_info is not None), default=0)
    return Commit([line.add.path for line in lines if line.add is not None and line.add.dataChange], at)


def sync_entries(folder: Path, versions: range) -> None:
    """Bring the entries of these versions to the disk. Raises OSError."""
    for version in versions:
        sync(entry(folder, version))
    sync(folder / "_delta_log")


def sync_checkpoint(folder: Path, version: int) -> None:
    """Bring a checkpoint to the disk, before entries are removed that it stands for. Raises OSError."""
    log = folder / "_delta_log"
    sync(log / f"{version:020d}.checkpoint.parquet")
    sync(log / _LAST_CHECKPOINT)
    sync(log)


def repair(folder: Path) -> list[str]:
    """Put aside what a crash left unfinished in the log, and return its names; make the rest durable. Raises OSError.

    Nobody may be writing. What is torn stays as NAME.torn, for people to look at.
    """
    log = folder / "_delta_log"
    if not log.is_dir():
        return []
    for path in _leftovers(log):
        path.unlink()
    torn = [*_torn_checkpoints(log), *_torn_entries(log)]
    for path in torn:
        path.replace(f"{path}.torn")
    for path in _newest(log):
        sync(path)
    sync(log)
    return [path.name for path in torn]


def _read(path: Path) -> list[_Line]:
    return [_decode(line) for line in path.read_bytes().splitlines()]


def _leftovers(log: Path) -> list[Path]:
    return [path for path in log.iterdir() if _LEFTOVER.search(path.name)]


def _newest(log: Path) -> list[Path]:
    return sorted(log.glob("*.json"))[-_NEWEST:]


def _torn_entries(log: Path) -> list[Path]:
    """The first of the newest entries that is torn, and all behind it."""
    newest = _newest(log)
    for number, path in enumerate(newest):
        if not _is_whole(path):
            return newest[number:]
    return []


def _is_whole(path: Path) -> bool:
    try:
        lines = _read(path)
    except (DecodeError, UnicodeDecodeError):
        return False
    announced = next((line.commit_info.actions for line in lines if line.commit_info is not None), None)
    found = sum(line.is_action for line in lines)
    return bool(lines) and (announced is None or int(announced) == found)


def _torn_checkpoints(log: Path) -> list[Path]:
    """Checkpoints newer than the newest that can be read, and the file that names one of them."""
    torn = []
    for path in sorted(log.glob("*.checkpoint.parquet"), reverse=True):
        if _is_readable(path):
            break
        torn.append(path)
    last = log / _LAST_CHECKPOINT
    named = _named_checkpoint(last) if last.exists() else None
    if last.exists() and (named is None or named in torn or not named.exists()):
        torn.append(last)
    return torn


def _named_checkpoint(last: Path) -> Path | None:
    try:
        version = json.decode(last.read_bytes(), type=_Last).version
    except (DecodeError, UnicodeDecodeError):
        return None
    return last.with_name(f"{version:020d}.checkpoint.parquet")


def _is_readable(path: Path) -> bool:
    try:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group)
    except (OSError, pa.ArrowException):
        return False
    return True
