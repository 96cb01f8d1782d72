"""Journals of these tests live in memory, where there is such a place: what a disk forgets is simulated anyway."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .folders import FAST


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=FAST) as folder:
        yield Path(folder)
