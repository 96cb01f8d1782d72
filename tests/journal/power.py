"""A disk that remembers what was synced, and what a power cut may leave of the rest."""

import errno
import shutil
from pathlib import Path
from random import Random

from footfall.journal.segments import DURABLE

_SECTOR = 512


class Disk:
    """The `sync` and the `sync_names` of a writer on a folder.

    The sync number `fails_in` from now fails; before the sync number `ends_in` the power is cut and all fail from then
    on. `left` is the folder that remains.
    """

    def __init__(self, folder: Path, random: Random) -> None:
        self.folder = folder
        self.ends_in = self.fails_in = -1
        self.left: Path | None = None
        self._random = random
        self._synced = {path.name: path.read_bytes() for path in folder.glob("*.seg")}
        self._named = set(self._synced)
        self._marks: list[bytes | None] = [None, b"", b"\xff" * 24]

    def __call__(self, handle: int) -> None:
        self.ends_in -= 1
        self.fails_in -= 1
        if self.ends_in == 0:
            self.left = self.cut()
        if self.left is not None or self.fails_in == 0:
            raise OSError(errno.EIO, "Input/output error")
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path == self.folder:
            self._named = {path.name for path in self.folder.glob("*.seg")}
        else:
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
        now = {path.name for path in self.folder.glob("*.seg")}
        for name in sorted(now | self._named):
            if name in now & self._named or self._random.random() < 0.5:
                (target / name).write_bytes(self._content(name))
        mark = self._random.choice([*self._marks[:3], *self._marks[-3:]])
        if mark is not None:
            (target / DURABLE).write_bytes(mark)
        return target

    def _content(self, name: str) -> bytes:
        path, synced = self.folder / name, self._synced.get(name, b"")
        return _mix(self._random, synced, path.read_bytes() if path.exists() else synced)


def _mix(random: Random, synced: bytes, written: bytes) -> bytes:
    """What may be on the disk of a file that was written to since it was synced: any of the sectors, and one torn."""
    size = random.choice((len(synced), len(written)))
    old, new = (data.ljust(size, b"\0")[:size] for data in (synced, written))
    chance = random.choice((0.0, 0.5, 1.0))
    sectors = [(new if random.random() < chance else old)[at : at + _SECTOR] for at in range(0, size, _SECTOR)]
    mixed = b"".join(sectors)
    torn = random.randrange(size + 1)
    end = torn - torn % _SECTOR + _SECTOR
    return mixed[:torn] + old[torn:end] + mixed[end:]
