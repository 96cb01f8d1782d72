"""What a backup is: a list of files with their checksums, written last, so that one without it is no backup.

TARGET/footfall-backup.json      whose backups these are
TARGET/files/…                   data files of the lake, shared by all backups that hold them; they never change
TARGET/backups/NAME/…            what belongs to one backup: logs, journals, control database, settings, plans
TARGET/backups/NAME/manifest.json
"""

from pathlib import Path
from typing import Literal

from msgspec import DecodeError, Struct, json

from footfall.errors import TerminalError

FORMAT = 1
TARGET = "footfall-backup.json"
MANIFEST = "manifest.json"
FILES = "files"
BACKUPS = "backups"


class BackupError(TerminalError):
    """A backup cannot be made, or is not what it should be."""


class TargetHeader(Struct, frozen=True):
    """Whose backups a folder holds."""

    installation: str
    format: int = FORMAT


class BackupFile(Struct, frozen=True):
    """A file by its path below the data folder; `size` is in bytes, `checksum` the XXH3-64 of its content.

    `place` says whether it is shared with other backups.
    """

    path: str
    size: int
    checksum: str
    place: Literal["shared", "own"]


class Manifest(Struct, frozen=True):
    """One backup; `made_at` is epoch ms. `missing` are files of the lake that could not be read when it was made."""

    installation: str
    made_at: int
    version: str
    files: list[BackupFile]
    missing: list[str] = []
    format: int = FORMAT

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size for file in self.files)


def names(target: Path) -> list[str]:
    """The backups in a folder that are complete, the newest last. Raises BackupError."""
    _header(target)
    return sorted(path.parent.name for path in (target / BACKUPS).glob(f"*/{MANIFEST}"))


def read(target: Path, name: str) -> Manifest:
    """The manifest of a backup. Raises BackupError."""
    path = target / BACKUPS / name / MANIFEST
    try:
        found = json.decode(path.read_bytes(), type=Manifest)
    except (OSError, DecodeError) as error:
        raise BackupError(f"there is no backup {name} in {target}: {error}") from error
    if found.format > FORMAT:
        raise BackupError(f"{path} has format {found.format}; this version reads {FORMAT}")
    return found


def place(target: Path, name: str, file: BackupFile) -> Path:
    """Where a file of a backup is."""
    return target / FILES / file.path if file.place == "shared" else target / BACKUPS / name / file.path


def _header(target: Path) -> TargetHeader:
    header = read_header(target)
    if header is None:
        raise BackupError(f"{target} holds no backups of footfall")
    return header


def read_header(target: Path) -> TargetHeader | None:
    """Whose backups a folder holds; None for one that holds none. Raises BackupError."""
    try:
        return json.decode((target / TARGET).read_bytes(), type=TargetHeader)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, DecodeError) as error:
        raise BackupError(f"{target / TARGET} cannot be read: {error}") from error
