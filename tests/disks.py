"""File systems of their own for tests, small enough to be used up."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system in memory, by options such as `size=1m`; the test is skipped where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "footfall", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("no file system may be mounted here")
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
