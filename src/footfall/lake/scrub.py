"""Proving the lake's files in the background, so that what rots is found before it is needed.

Every file is read in full once a day, a little at a time: 8 MB a second at most, and nothing while the pipeline is
behind. What is not as it was written is noted for the readers, who leave it out and say so.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO

import structlog
from msgspec import Struct
from xxhash import xxh3_64

from footfall.lake import broken_files
from footfall.lake.broken_files import BrokenFiles
from footfall.lake.data_files import CHANGED, DataFileName, write_number
from footfall.lake.table import CommitError, LakeTable

_log = structlog.get_logger()
_STEP_SECONDS = 0.25
_STEP_BYTES = 2 << 20
_REST_SECONDS = 86_400.0
_FIRST_REST_SECONDS = 60.0


class _Target(Struct, frozen=True):
    table: LakeTable
    path: str


class _Reading(Struct):
    target: _Target
    file: IO[bytes]
    checksum: xxh3_64


class Scrub:
    """Goes through the files of some tables of a lake, those first that are noted already."""

    def __init__(self, root: Path, tables: Sequence[LakeTable], is_behind: Callable[[], bool] = lambda: False) -> None:
        self._root = root
        self._tables = tables
        self._is_behind = is_behind
        self._noted: BrokenFiles = broken_files.read(root)
        self._left: list[_Target] = []
        self._suspected: set[str] = set()
        self._reading: _Reading | None = None
        self._next_pass = time.monotonic() + (0 if self._noted else _FIRST_REST_SECONDS)
        self._next_step = 0.0

    @property
    def broken(self) -> set[Path]:
        """The files that are noted."""
        return {self._root / table / path for table, files in self._noted.items() for path in files}

    def step(self) -> None:
        """Read on a little if it is time; never blocks for long."""
        now = time.monotonic()
        if now < self._next_step or (self._is_resting(now) or self._is_behind()):
            return
        self._next_step = now + _STEP_SECONDS
        try:
            self.advance()
        except (CommitError, OSError) as error:
            _log.warning("files of the lake cannot be proved", error=type(error).__name__)
            self._next_step = now + _FIRST_REST_SECONDS

    def suspect(self, table: LakeTable, paths: Iterable[str]) -> None:
        """Look at these files (relative paths) next, as somebody could not read them."""
        new = set(paths) - self._suspected
        self._suspected |= new
        self._left += [_Target(table, path) for path in new]

    def advance(self) -> None:
        """Read at most 2 MiB of the next file. Raises CommitError, or OSError when nothing can be noted."""
        if self._reading is None:
            if not self._left:
                self._begin()
            if self._left:
                self._open(self._left.pop())
            return
        reading = self._reading
        try:
            data = reading.file.read(_STEP_BYTES)
        except OSError as error:
            self._end(reading.target, f"it cannot be read: {error.strerror}")
            return
        reading.checksum.update(data)
        if len(data) < _STEP_BYTES:
            name = DataFileName.parse(reading.target.path)
            is_whole = name is not None and reading.checksum.hexdigest() == name.checksum
            self._end(reading.target, None if is_whole else CHANGED)

    def close(self) -> None:
        """Let go of the file that is being read."""
        if self._reading is not None:
            self._reading.file.close()
            self._reading = None

    def _is_resting(self, now: float) -> bool:
        return self._reading is None and not self._left and now < self._next_pass

    def _begin(self) -> None:
        """List the files for another pass, the next one last; forget notes on files that no table has any more."""
        self._next_pass = time.monotonic() + _REST_SECONDS
        self._suspected.clear()
        paths = {table.folder.name: set(table.adds().column("path").to_pylist()) for table in self._tables}
        self._note({name: _those_in(files, paths.get(name)) for name, files in self._noted.items()})
        for table in self._tables:
            self._left += [_Target(table, path) for path in sorted(paths[table.folder.name], key=write_number)]
        self._left.sort(key=lambda target: target.path in self._noted.get(target.table.folder.name, {}))

    def _open(self, target: _Target) -> None:
        name = DataFileName.parse(target.path)
        if name is None or name.checksum is None:
            return  # from before there were checksums: compaction reads it page by page
        try:
            self._reading = _Reading(target, (target.table.folder / target.path).open("rb", buffering=0), xxh3_64())
        except FileNotFoundError:
            self._end(target, "it is missing")
        except OSError as error:
            self._end(target, f"it cannot be read: {error.strerror}")

    def _end(self, target: _Target, why: str | None) -> None:
        """Note what was found, unless the file was replaced meanwhile."""
        self.close()
        table = target.table.folder.name
        files = dict(self._noted.get(table, {}))
        files.pop(target.path, None)
        if why is not None and target.path in target.table.adds().column("path").to_pylist():
            _log.error("a lake file is not what was written", table=table, file=target.path, why=why)
            files[target.path] = why
        self._note({**self._noted, table: files})

    def _note(self, found: BrokenFiles) -> None:
        if found != self._noted:
            broken_files.note(self._root, found)
            self._noted = found


def _those_in(files: dict[str, str], known: set[str] | None) -> dict[str, str]:
    return files if known is None else {path: why for path, why in files.items() if path in known}
