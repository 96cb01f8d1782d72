"""Disks that are full: file systems of their own, small enough to be used up, and files that may not grow."""

import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system in memory, by options such as `size=1m`; needs the right to mount one."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "footfall", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def use_up_bytes(folder: Path) -> Path:
    """Leave no room on a file system; the file that takes it."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * (1 << 16)):
            pass
    return ballast


def use_up_inodes(folder: Path) -> list[Path]:
    """Leave no inode on a file system; the files that take them."""
    made: list[Path] = []
    while True:
        path = folder / f"ballast-{len(made)}"
        try:
            path.touch()
        except OSError:
            return made
        made.append(path)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: writes stop there, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
