from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.control.store import Control


class Clock:
    """A time that moves when the test says so, in epoch ms."""

    def __init__(self) -> None:
        self.now = 1_760_000_000_000

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "control.db"


@pytest.fixture
def control(path: Path, clock: Clock) -> Iterator[Control]:
    with Control.open(path, clock=clock) as opened:
        yield opened
