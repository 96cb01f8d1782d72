"""Group commit on a real loop over real journals."""

import asyncio
import errno
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import pytest

from footfall.journal.frame import FRAME_SIZE
from footfall.journal.group import GroupCommit
from footfall.journal.log import JournalFullError, WriteFailedError
from footfall.journal.memory import MemoryLog
from footfall.journal.writer import SegmentWriter

from .folders import read_all, read_folder


class Gate:
    """A sync that waits until it is let go, and fails when told to."""

    def __init__(self) -> None:
        self.entered = Event()
        self.go = Event()
        self.fails = False
        self.count = 0

    def __call__(self, file: int) -> None:
        self.count += 1
        self.entered.set()
        assert self.go.wait(10)
        if self.fails:
            raise OSError(errno.EIO, "Input/output error")
        os.fdatasync(file)


@pytest.fixture
def gate() -> Gate:
    return Gate()


async def _entered(gate: Gate) -> None:
    """Wait until a group is at its sync; what is appended then goes into the next."""
    assert await asyncio.to_thread(gate.entered.wait, 10)
    gate.entered.clear()


def _open(folder: Path, gate: Gate | None = None, *, max_bytes: int = 1 << 20) -> GroupCommit:
    sync = os.fdatasync if gate is None else gate
    writer = SegmentWriter(folder, segment_bytes=1 << 16, max_bytes=max_bytes, sync=sync)
    return GroupCommit(writer, asyncio.get_running_loop())


async def test_x() -> None: ...
