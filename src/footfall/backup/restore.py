"""Bringing a backup back: every file is proved while it is copied, and the folder is of use only when all are there."""

import os
from collections.abc import Callable
from pathlib import Path

from msgspec import DecodeError, Struct, json

from footfall.backup import manifest
from footfall.backup.copying import Advance, copy
from footfall.backup.manifest import BackupError, BackupFile, Manifest
from footfall.installation import FILE as INSTALLATION
from footfall.installation import RESTORING
from footfall.lake.data_files import checksum
from footfall.lake.disk import make_folder, replace_durably

Progress = Callable[[int, int], None]


class _Marker(Struct, frozen=True):
    """What is being restored, while that is under way."""

    installation: str
    name: str


def choose(target: Path, name: str | None) -> str:
    """The backup to restore: the newest, unless another is named. Raises BackupError."""
    known = manifest.names(target)
    if not known:
        raise BackupError(f"{target} holds no complete backup")
    if name is not None and name not in known:
        raise BackupError(f"there is no backup {name} in {target}; there are {', '.join(known)}")
    return name or known[-1]


def restore(target: Path, name: str, data: Path, progress: Progress) -> Manifest:
    """Write a backup to an empty folder; one that was begun and killed is gone on with. Raises BackupError."""
    found = manifest.read(target, name)
    try:
        _begin(data, _Marker(found.installation, name))
        _copy_all(target, name, found, data, progress)
        (data / RESTORING).unlink()
    except OSError as error:
        raise BackupError(f"the backup cannot be restored: {error.filename or data}: {error.strerror}") from error
    return found


def verify(target: Path, name: str, progress: Progress) -> list[str]:
    """The files of a backup that are not what was copied. Raises BackupError."""
    found, done, wrong = manifest.read(target, name), 0, []
    for file in found.files:
        path = manifest.place(target, name, file)
        try:
            if path.stat().st_size != file.size or (file.checksum and checksum(path) != file.checksum):
                wrong.append(file.path)
        except OSError:
            wrong.append(file.path)
        done += file.size
        progress(done, found.bytes)
    return wrong


def _begin(data: Path, marker: _Marker) -> None:
    make_folder(data)
    try:
        before = json.decode((data / RESTORING).read_bytes(), type=_Marker)
    except FileNotFoundError:
        before = None
    except DecodeError as error:
        raise BackupError(f"{data / RESTORING} cannot be read: {error}") from error
    if before is not None and before != marker:
        raise BackupError(f"{data} holds an unfinished restore of {before.name}: go on with that, or empty the folder")
    if before is None:
        if any(path.name not in ("lock", "lost+found") for path in data.iterdir()):
            raise BackupError(f"{data} is not empty: restore to a new folder")
        replace_durably(data / RESTORING, json.encode(marker))


def _copy_all(target: Path, name: str, found: Manifest, data: Path, progress: Progress) -> None:
    done, total = 0, found.bytes

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress(done, total)

    # The folder's own id comes last: what has it has everything.
    for file in sorted(found.files, key=lambda file: file.path == INSTALLATION):
        _copy(manifest.place(target, name, file), data / file.path, file, advance)


def _copy(source: Path, path: Path, file: BackupFile, advance: Advance) -> None:
    if path.exists() and path.stat().st_size == file.size and checksum(path) == (file.checksum or checksum(source)):
        advance(file.size)
        return
    try:
        handle = os.open(source, os.O_RDONLY)
    except FileNotFoundError:
        raise BackupError(f"the backup has lost {file.path}: choose an older one") from None
    try:
        if os.fstat(handle).st_size != file.size:
            raise BackupError(f"the backup's {file.path} is not what was copied: choose an older one")
        summed = copy(handle, path, file.size, advance)
    finally:
        os.close(handle)
    if file.checksum and summed != file.checksum:
        path.unlink()
        raise BackupError(f"the backup's {file.path} is not what was copied: choose an older one")
