"""The entries of a Delta table's log as files: found, read, and judged whole or torn; without Delta's library.

An entry is a JSON file of one action a line. Ours say how many actions they hold, so that one which a power cut left
short is known from one that is whole.
"""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from msgspec import UNSET, DecodeError, Raw, Struct, UnsetType, field, json

ACTIONS = "footfall.actions"
LOG = "_delta_log"


class Added(Struct, frozen=True):
    """A file that an entry adds."""

    path: str
    dataChange: bool = True  # noqa: N815 - Delta's name


class Txn(Struct, frozen=True):
    """A position that an entry records for an application."""

    appId: str  # noqa: N815 - Delta's name
    version: int


class _CommitInfo(Struct, frozen=True):
    actions: str | None = field(name=ACTIONS, default=None)
    timestamp: int = 0


class _Line(Struct, frozen=True):
    add: Added | None = None
    remove: Raw | UnsetType = UNSET
    txn: Txn | None = None
    commit_info: _CommitInfo | None = field(name="commitInfo", default=None)

    @property
    def is_action(self) -> bool:
        return self.add is not None or self.remove is not UNSET or self.txn is not None


class Entry(Struct, frozen=True):
    """What a version says: files added, positions by application, when it was written (epoch ms by that clock).

    `announced` is how many actions it should hold, None where it does not say, and `found` how many it does.
    """

    added: list[Added]
    positions: dict[str, int]
    at: int
    announced: int | None
    found: int
    has_lines: bool

    @property
    def new_paths(self) -> list[str]:
        """Relative paths of the files with new data."""
        return [unquote(file.path) for file in self.added if file.dataChange]

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing."""
        return self.has_lines and self.announced in (None, self.found)


_decode = json.Decoder(_Line).decode


def entry_path(folder: Path, version: int) -> Path:
    """The file of a version, below a table's folder."""
    return folder / LOG / f"{version:020d}.json"


def read_entry(path: Path) -> Entry | None:
    """What an entry says; None where there is none, or none that can be read. Raises OSError."""
    try:
        return parse_entry(path.read_bytes())
    except FileNotFoundError:
        return None


def parse_entry(text: bytes) -> Entry | None:
    """What the text of an entry says; None where it cannot be read."""
    try:
        lines = [_decode(line) for line in text.splitlines()]
    except (DecodeError, UnicodeDecodeError):
        return None
    told = [line.commit_info for line in lines if line.commit_info is not None]
    announced = next((info.actions for info in told if info.actions is not None and info.actions.isdecimal()), None)
    return Entry(
        [line.add for line in lines if line.add is not None],
        {line.txn.appId: line.txn.version for line in lines if line.txn is not None},
        max((info.timestamp for info in told), default=0),
        int(announced) if announced is not None else None,
        sum(line.is_action for line in lines),
        bool(lines),
    )


def versions(folder: Path) -> list[int]:
    """The versions that the log has an entry of, in order; none where there is no log. Raises OSError."""
    try:
        names = [path.stem for path in (folder / LOG).iterdir() if path.suffix == ".json"]
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isdecimal())


def is_log(folder: Path) -> bool:
    """Whether a table's folder has a log with anything in it."""
    log = folder / LOG
    return log.is_dir() and any(path.suffix in (".json", ".parquet") for path in log.iterdir())


def newest_version(folder: Path) -> int:
    """The newest version that the log has an entry of; -1 where it has none. Raises OSError."""
    return max(versions(folder), default=-1)


def newest_positions(folder: Path) -> Iterator[dict[str, int]]:
    """The positions that the log's entries record, the newest first. Raises OSError."""
    for version in reversed(versions(folder)):
        entry = read_entry(entry_path(folder, version))
        if entry is not None and entry.positions:
            yield entry.positions
