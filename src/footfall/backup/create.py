"""Making a backup: what the lake has gained since the last one, and all that is small."""

import fcntl
import os
import shutil
import time
from calendar import timegm
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct, json
from xxhash import xxh3_64_hexdigest

import footfall
from footfall.backup import manifest
from footfall.backup.copying import Advance, copy
from footfall.backup.manifest import BackupError, BackupFile, Manifest, TargetHeader
from footfall.backup.snapshot import DataFile, Snapshot, Source, snapshot
from footfall.installation import Installation
from footfall.lake.data_files import DataFileName
from footfall.lake.disk import make_folder, replace_durably
from footfall.lake.hold import holding

_NAME = "%Y-%m-%dT%H%M%SZ"

Progress = Callable[[int, int], None]
"""Told how many bytes are done, and of how many."""


class Made(Struct, frozen=True):
    """A backup that was made: how many bytes it has, and how many of them were copied this time."""

    name: str
    files: int
    bytes: int
    copied: int
    missing: list[str]


def create(data: Path, target: Path, own: Installation, progress: Progress, *, keep: int | None = None) -> Made:
    """Back a data folder up, also while it is in use; of all backups `keep` stay, all when not given.

    What is there already is not copied again; what a killed backup left is gone on with, or removed. Raises
    BackupError.
    """
    try:
        make_folder(target)
        with _locked(target), holding(data / "lake"), snapshot(data) as found:
            _prepare(target, own)
            made = _create(data, target, own, found, progress)
            if keep is not None:
                _prune(target, keep)
            return made
    except OSError as error:
        raise BackupError(f"the backup cannot be made: {error.filename or target}: {error.strerror}") from error


def _create(data: Path, target: Path, own: Installation, found: Snapshot, progress: Progress) -> Made:
    name = _new_name(target)
    folder = target / manifest.BACKUPS / name
    done, copied, total = 0, 0, found.bytes

    def advance(size: int) -> None:
        nonlocal done, copied
        done, copied = done + size, copied + size
        progress(done, total)

    def skip(size: int) -> None:
        nonlocal done
        done += size
        progress(done, total)

    files, missing = [_copy_own(folder, source, advance) for source in found.own], []
    for file in found.shared:
        copied_file = _copy_shared(data, target, file, advance, skip)
        if copied_file is None:
            missing.append(file.path)
        else:
            files.append(copied_file)
    whole = Manifest(own.id, time.time_ns() // 1_000_000, footfall.__version__, files, missing)
    replace_durably(folder / manifest.MANIFEST, json.encode(whole))
    return Made(name, len(files), whole.bytes, copied, missing)


def _copy_own(folder: Path, source: Source, advance: Advance) -> BackupFile:
    path = folder / source.path
    if source.content is None:
        summed = copy(source.handle, path, source.size, advance)
        return BackupFile(source.path, source.size, summed, "own")
    make_folder(path.parent)
    replace_durably(path, source.content)
    return BackupFile(source.path, len(source.content), xxh3_64_hexdigest(source.content), "own")


def _copy_shared(data: Path, target: Path, file: DataFile, advance: Advance, skip: Advance) -> BackupFile | None:
    """Copy a file of the lake unless it is there; None for one that is not what was written, and is not there either.

    One from before names had checksums is proved by its size alone.
    """
    path = target / manifest.FILES / file.path
    name = DataFileName.parse(file.path)
    wanted = name.checksum if name is not None else None
    if path.exists() and path.stat().st_size == file.size:
        skip(file.size)
        return BackupFile(file.path, file.size, wanted or "", "shared")
    try:
        handle = os.open(data / file.path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if os.fstat(handle).st_size != file.size:
            return None
        summed = copy(handle, path, file.size, advance)
    finally:
        os.close(handle)
    if wanted is not None and summed != wanted:
        path.unlink()
        return None
    return BackupFile(file.path, file.size, summed, "shared")


def _prepare(target: Path, own: Installation) -> None:
    """Make sure that the folder is ours, and remove what a killed backup left."""
    header = manifest.read_header(target)
    if header is None:
        if any(path.name not in ("lock", "lost+found") for path in target.iterdir()):
            raise BackupError(f"{target} is not empty, and holds no backups of footfall")
        replace_durably(target / manifest.TARGET, json.encode(TargetHeader(own.id)))
    elif header.installation != own.id:
        raise BackupError(f"{target} holds backups of another installation, {header.installation}")
    for folder in (target / manifest.BACKUPS).glob("*"):
        if not (folder / manifest.MANIFEST).exists():
            shutil.rmtree(folder)


def _new_name(target: Path) -> str:
    """The time, or a second after the last backup where the clock says less: names tell which is the newest."""
    names = sorted(path.name for path in (target / manifest.BACKUPS).glob("*"))
    name = time.strftime(_NAME, time.gmtime())
    if not names or names[-1] < name:
        return name
    try:
        return time.strftime(_NAME, time.gmtime(timegm(time.strptime(names[-1], _NAME)) + 1))
    except ValueError as error:
        raise BackupError(f"{target / manifest.BACKUPS / names[-1]} is no backup of footfall") from error


def _prune(target: Path, keep: int) -> None:
    """Remove all backups but the newest, and the shared files that no other has."""
    names = manifest.names(target)
    for name in names[: max(0, len(names) - max(1, keep))]:
        (target / manifest.BACKUPS / name / manifest.MANIFEST).unlink()
        shutil.rmtree(target / manifest.BACKUPS / name)
    used = {
        file.path
        for name in manifest.names(target)
        for file in manifest.read(target, name).files
        if file.place == "shared"
    }
    files = target / manifest.FILES
    for path in [path for path in files.rglob("*") if path.is_file()]:
        if path.relative_to(files).as_posix() not in used:
            path.unlink()


@contextmanager
def _locked(target: Path) -> Iterator[None]:
    handle = os.open(target / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise BackupError(f"another backup to {target} is under way") from None
    finally:
        os.close(handle)
