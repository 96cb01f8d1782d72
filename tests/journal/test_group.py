"""Group commit on a real loop over real journals."""

import asyncio
import errno
import os
from collections.abc import Sequence
from pathlib import Path
from threading import Event

import pytest

from footfall.journal.base import JournalFullError, WriteFailedError
from footfall.journal.frame import FRAME_SIZE
from footfall.journal.group_commit import GroupCommit
from footfall.journal.memory import MemoryLog
from footfall.journal.writer import SegmentWriter

from .folders import read_all, read_folder

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Gate:
    """A sync that can be held, and fails when told to."""

    def __init__(self) -> None:
        self.entered = Event()
        self.go = Event()
        self.go.set()
        self.fails = False
        self.count = 0

    def __call__(self, file: int) -> None:
        self.count += 1
        self.entered.set()
        assert self.go.wait(10)
        if self.fails:
            raise OSError(errno.EIO, "Input/output error")
        os.fdatasync(file)

    async def hold(self, group: GroupCommit) -> "asyncio.Future[int]":
        """Append a record and hold its sync: what is appended from now on goes into the next group."""
        await group.append(b"before")
        self.go.clear()
        self.entered.clear()
        held = group.append(b"held")
        assert await asyncio.to_thread(self.entered.wait, 10)
        return held


def _open(folder: Path, sync: Gate | None = None, *, max_bytes: int = 1 << 20) -> GroupCommit:
    writer = SegmentWriter(folder, segment_bytes=1 << 16, max_bytes=max_bytes, sync=sync or os.fdatasync)
    return GroupCommit(writer, asyncio.get_running_loop())


async def test_a_record_is_readable_when_its_future_is_done(tmp_path: Path) -> None:
    group = _open(tmp_path)
    for n in range(20):
        position = await group.append(b"%d" % n)
        content = read_folder(tmp_path)
        assert content.payloads[-1] == b"%d" % n
        assert content.records[-1].next == position
    group.close()


async def test_records_of_many_tasks_share_syncs_and_keep_their_order(tmp_path: Path) -> None:
    gate = Gate()
    group = _open(tmp_path, gate)
    await gate.hold(group)
    before = gate.count
    futures = [group.append(b"%d" % n) for n in range(100)]
    gate.go.set()

    positions = await asyncio.gather(*futures)

    assert gate.count == before + 1
    assert len(set(positions)) == 1
    group.close()
    assert read_folder(tmp_path).payloads[2:] == [b"%d" % n for n in range(100)]


async def test_a_group_is_bounded(tmp_path: Path) -> None:
    gate = Gate()
    group = _open(tmp_path, gate, max_bytes=64 << 20)
    await gate.hold(group)
    small = [group.append(b"x") for _ in range(1000)]
    large = [group.append(b"x" * (3 << 20)) for _ in range(5)]
    gate.go.set()

    assert len(set(await asyncio.gather(*small))) == 2
    assert len(set(await asyncio.gather(*large))) == 2
    group.close()


async def test_pending_bytes_count_what_is_not_acknowledged(tmp_path: Path) -> None:
    gate = Gate()
    group = _open(tmp_path, gate)
    assert group.pending_bytes == 0
    held = await gate.hold(group)
    rest = [group.append(b"12345"), group.append(b"67890")]
    assert group.pending_bytes == len(b"held1234567890") + 3 * FRAME_SIZE
    gate.go.set()
    await asyncio.gather(held, *rest)
    assert group.pending_bytes == 0
    group.close()


async def test_cancelled_futures_harm_nobody(tmp_path: Path) -> None:
    gate = Gate()
    group = _open(tmp_path, gate)
    held = await gate.hold(group)
    first, second, third = (group.append(name) for name in (b"first", b"second", b"third"))
    held.cancel()
    second.cancel()
    gate.go.set()

    assert await first == await third
    assert await group.append(b"fourth") > third.result()
    assert group.pending_bytes == 0
    group.close()


async def test_a_failed_sync_fails_its_own_group_only(tmp_path: Path) -> None:
    gate = Gate()
    group = _open(tmp_path, gate)
    held = await gate.hold(group)
    gate.fails = True
    rest = group.append(b"rest")
    gate.go.set()
    with pytest.raises(WriteFailedError, match="Input/output error"):
        await held
    with pytest.raises(WriteFailedError, match="Input/output error"):
        await rest
    gate.fails = False

    await group.append(b"after")

    group.close()
    content = read_folder(tmp_path)
    assert content.payloads == [b"before", b"after"]
    assert content.numbers == [0, 1]


async def test_every_future_of_a_failed_group_has_an_error_of_its_own(tmp_path: Path) -> None:
    gate = Gate()
    group = _open(tmp_path, gate)
    held = await gate.hold(group)
    gate.fails = True
    futures = [group.append(b"x") for _ in range(3)]
    gate.go.set()
    errors = await asyncio.gather(held, *futures, return_exceptions=True)
    assert len({id(error) for error in errors}) == 4
    gate.fails = False
    group.close()


async def test_a_full_journal_is_refused_before_queuing(tmp_path: Path) -> None:
    gate = Gate()
    group = _open(tmp_path, gate, max_bytes=10_000)
    held = await gate.hold(group)
    queued = group.append(b"x" * 9_000)
    with pytest.raises(JournalFullError):
        group.append(b"x" * 1_000)
    gate.go.set()
    await asyncio.gather(held, queued)
    with pytest.raises(JournalFullError):
        group.append(b"x" * 1_000)
    group.close()


async def test_close_waits_for_what_is_queued(tmp_path: Path) -> None:
    group = _open(tmp_path)
    futures = [group.append(b"%d" % n) for n in range(2000)]

    group.close()

    assert len(read_folder(tmp_path).records) == 2000
    assert max(await asyncio.gather(*futures)) == read_folder(tmp_path).records[-1].next
    SegmentWriter(tmp_path).close()


async def test_a_closed_group_refuses(tmp_path: Path) -> None:
    group = _open(tmp_path)
    group.close()
    group.close()
    with pytest.raises(WriteFailedError, match="closed"):
        group.append(b"late")


async def test_an_empty_record_is_refused_alone() -> None:
    log = MemoryLog()
    group = GroupCommit(log, asyncio.get_running_loop())
    good = group.append(b"good")
    with pytest.raises(ValueError, match="1 byte"):
        group.append(b"")
    await good
    group.close()
    assert read_all(log).payloads == [b"good"]


class Broken(MemoryLog):
    """A journal with a fault in its code."""

    def append(self, records: Sequence[bytes]) -> int:
        raise RuntimeError("a fault")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_fault_in_the_thread_leaves_nobody_waiting() -> None:
    group = GroupCommit(Broken(), asyncio.get_running_loop())
    futures = [group.append(b"x") for _ in range(1000)]
    errors = await asyncio.gather(*futures, return_exceptions=True)
    assert {type(error) for error in errors} == {WriteFailedError}
    assert group.pending_bytes == 0
    with pytest.raises(WriteFailedError):
        group.append(b"y")
    group.close()


async def test_a_loop_that_is_gone_does_not_stop_the_writing(tmp_path: Path) -> None:
    groups: list[GroupCommit] = []

    async def serve() -> None:
        groups.append(_open(tmp_path))
        groups[0].append(b"last words")

    await asyncio.to_thread(asyncio.run, serve())
    groups[0].close()
    assert read_folder(tmp_path).payloads == [b"last words"]
