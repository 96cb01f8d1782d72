"""Journals of these tests live in memory, where there is such a place: what a disk forgets is simulated anyway."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from .folders import FAST


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=FAST) as name:
        folder = Path(name).resolve()
        yield folder
        _let_go(folder)


def _let_go(folder: Path) -> None:
    """Close what a test left open that plays a killed process: the kernel closes for those that really die."""
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if descriptor.readlink().is_relative_to(folder):
                os.close(int(descriptor.name))
