"""A disk that remembers what was synced, and what a power cut may leave of the rest."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

from footfall.journal.segments import DURABLE

_SECTOR = 512


class Disk:
    """The `sync` of a writer on a folder. Before the sync number `ends_in`, the power is cut; it fails from then on."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.folder = folder
        self.ends_in = self.fails_in = -1
        self.left: Path | None = None
        self._random = random
        self._synced = {path.name: path.read_bytes() for path in folder.glob("*.seg")}
        self._marks: list[bytes | None] = [None, b"", b"\xff" * 24]

    def __call__(self, file: int) -> None:
        self.ends_in -= 1
        self.fails_in -= 1
        if self.ends_in == 0:
            self.left = self.cut()
        if self.left is not None or self.fails_in == 0:
            raise OSError(errno.EIO, "Input/output error")
        path = Path(os.readlink(f"/proc/self/fd/{file}"))
        self._synced = {name: data for name, data in self._synced.items() if (self.folder / name).exists()}
        self._synced[path.name] = path.read_bytes()

    def note_mark(self) -> None:
        """The mark may reach the disk as it is now, or not."""
        self._marks.append((self.folder / DURABLE).read_bytes())

    def cut(self) -> Path:
        """Make a folder of what the disk may hold after a power cut."""
        target = self.folder.with_name(f"{self.folder.name}'")
        target.mkdir()
        for name in ("journal.json", "released"):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, target)
        names = {path.name for path in self.folder.glob("*.seg")}
        for name in sorted(names | {name for name in self._synced if self._random.random() < 0.5}):
            self._leave(name, target / name)
        mark = self._random.choice([*self._marks[:3], *self._marks[-3:]])
        if mark is not None:
            (target / DURABLE).write_bytes(mark)
        return target

    def _leave(self, name: str, target: Path) -> None:
        path, synced = self.folder / name, self._synced.get(name)
        if synced is None and self._random.random() < 0.5:
            return
        written = path.read_bytes() if path.exists() else synced or b""
        target.write_bytes(_mix(self._random, synced or b"", written))


def _mix(random: Random, synced: bytes, written: bytes) -> bytes:
    """What may be on the disk of a file that was written to since it was synced: any of the sectors, and one torn."""
    size = random.choice((len(synced), len(written)))
    old, new = (data.ljust(size, b"\0")[:size] for data in (synced, written))
    chance = random.choice((0.0, 0.5, 1.0))
    takes: Callable[[], bool] = lambda: random.random() < chance  # noqa: E731
    sectors = [(new if takes() else old)[at : at + _SECTOR] for at in range(0, size, _SECTOR)]
    mixed = b"".join(sectors)
    torn = random.randrange(size + 1)
    end = torn - torn % _SECTOR + _SECTOR
    return mixed[:torn] + old[torn:end] + mixed[end:]
