"""Disks that are full or fail: the append is refused, nothing of it is read, and writing goes on when it can."""

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from footfall.journal.base import WriteFailedError
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import DURABLE, segments
from footfall.journal.writer import SegmentWriter

from .folders import Content, copy, open_writer, read_all, read_folder, write


class Disk:
    """Syncs, until told to fail; something can be done just before it fails."""

    def __init__(self) -> None:
        self.fails_in = -1
        self.before: Callable[[], object] = lambda: None

    def __call__(self, handle: int) -> None:
        self.fails_in -= 1
        if self.fails_in == 0:
            self.before()
            raise OSError(errno.ENOSPC, "No space left on device")
        os.fsync(handle)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: writes stop there half-way, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("fails_in", range(1, 8))
def test_a_sync_that_fails_anywhere_in_a_group_of_several_segments(tmp_path: Path, fails_in: int) -> None:
    disk = Disk()
    writer = SegmentWriter(tmp_path / "0", segment_bytes=500, sync=disk, sync_names=disk)
    writer.append([b"first" * 40])
    disk.fails_in = fails_in

    with pytest.raises(WriteFailedError, match="No space left"):
        writer.append([b"lost" * 50] * 9)

    assert read_folder(tmp_path / "0").payloads == [b"first" * 40]
    writer.append([b"second" * 40] * 5)
    for folder in (tmp_path / "0", copy(tmp_path / "0")):
        content = read_folder(folder)
        assert content.payloads == [b"first" * 40, *[b"second" * 40] * 5]
        assert content.numbers == list(range(6))
        assert content.damage == []


@pytest.mark.parametrize("fails_in", range(1, 8))
def test_a_reader_that_looks_while_a_group_fails_is_not_misled(tmp_path: Path, fails_in: int) -> None:
    disk = Disk()
    writer = SegmentWriter(tmp_path, segment_bytes=500, sync=disk, sync_names=disk)
    first = writer.append([b"first" * 40])
    writer.append([b"second" * 30])
    reader = SegmentReader(tmp_path)
    seen: list[Content] = []
    disk.before = lambda: seen.append(read_all(reader, first))
    disk.fails_in = fails_in
    with pytest.raises(WriteFailedError):
        writer.append([b"lost", *[b"lost" * 50] * 9])
    assert [content.payloads for content in seen] == [[b"second" * 30]]

    writer.append([b"third" * 50] * 5)

    content = read_all(reader)
    assert content.numbers == list(range(7))
    assert content.damage == []


@pytest.mark.parametrize("fails_in", range(1, 5))
def test_a_segment_is_not_dropped_before_a_later_one_has_records(tmp_path: Path, fails_in: int) -> None:
    disk = Disk()
    writer = SegmentWriter(tmp_path / "0", segment_bytes=500, sync=disk, sync_names=disk)
    end = writer.append([b"x" * 400])
    reader = SegmentReader(tmp_path / "0")
    disk.before = lambda: reader.truncate(end)
    disk.fails_in = fails_in
    with pytest.raises(WriteFailedError):
        writer.append([b"lost" * 100])
    folder = copy(tmp_path / "0")
    (folder / DURABLE).unlink()

    open_writer(folder).append([b"y"])

    assert read_folder(folder, end).numbers == [1]


def test_a_failed_group_is_gone_also_after_a_restart(tmp_path: Path) -> None:
    disk = Disk()
    writer = SegmentWriter(tmp_path / "0", segment_bytes=500, sync=disk, sync_names=disk)
    writer.append([b"first"])
    disk.fails_in = 3
    with pytest.raises(WriteFailedError):
        writer.append([b"lost" * 50] * 9)

    folder = copy(tmp_path / "0")
    open_writer(folder).close()

    assert read_folder(folder).payloads == [b"first"]


def test_a_write_that_stops_half_way(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, segment_bytes=1 << 16)
    writer.append([b"first"])
    with largest_file(5000), pytest.raises(WriteFailedError, match="too large"):
        writer.append([b"lost" * 1000, b"lost" * 1000])
    writer.append([b"second"])
    content = read_folder(tmp_path)
    assert content.payloads == [b"first", b"second"]
    assert content.numbers == [0, 1]


def test_no_room_for_a_new_segment(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, segment_bytes=1 << 16)
    writer.append([b"x" * 60_000])
    before = sorted(path.name for path in tmp_path.iterdir())
    with largest_file(5000):
        for _ in range(3):
            with pytest.raises(WriteFailedError):
                writer.append([b"y" * 10_000])
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    writer.append([b"z" * 10_000])
    assert read_folder(tmp_path).payloads == [b"x" * 60_000, b"z" * 10_000]


def test_segments_are_dropped_on_a_full_disk(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, segment_bytes=500)
    end = writer.append([b"x" * 400] * 5)
    with largest_file(0):
        assert SegmentReader(tmp_path).truncate(end) > 1500
    assert len(segments(tmp_path)) == 1


def test_a_journal_opens_on_a_full_disk(tmp_path: Path) -> None:
    write(tmp_path / "0", [[b"first"]])
    folder = copy(tmp_path / "0")
    os.truncate(segments(folder)[-1].path, 200)
    with largest_file(200):
        writer = open_writer(folder)
        with pytest.raises(WriteFailedError):
            writer.append([b"lost" * 100])
    writer.append([b"second"])
    assert read_folder(folder).payloads == [b"first", b"second"]


def test_a_damaged_journal_opens_on_a_full_disk(tmp_path: Path) -> None:
    write(tmp_path / "0", [[b"first"], [b"second"]])
    folder = copy(tmp_path / "0")
    os.truncate(segments(folder)[-1].path, 100)
    with largest_file(100):
        writer = open_writer(folder)
        assert writer.recovery.damaged > 0
    writer.append([b"third"])
    assert read_folder(folder).numbers == [0, 2]


def test_a_new_journal_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with largest_file(0), pytest.raises(WriteFailedError, match="too large"):
        open_writer(tmp_path / "0")
    open_writer(tmp_path / "0").close()


def test_a_file_system_that_cannot_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: int, offset: int, size: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    writer = SegmentWriter(tmp_path / "0", segment_bytes=500)
    for n in range(20):
        writer.append([b"%d" % n * 60])
    left = copy(tmp_path / "0")
    (left / DURABLE).unlink()

    open_writer(left).close()

    assert read_folder(left).payloads == [b"%d" % n * 60 for n in range(20)]


FILL = """
import sys
from pathlib import Path
from footfall.journal.base import WriteFailedError
from footfall.journal.reader import SegmentReader
from footfall.journal.writer import SegmentWriter

folder = Path(sys.argv[1]) / "journal"
writer = SegmentWriter(folder, segment_bytes=100_000)
written = 0
try:
    while True:
        writer.append([b"%d" % written * 1000])
        written += 1
except WriteFailedError as error:
    print(error)
reader = SegmentReader(folder)
reader.truncate(writer.end // 2)
position = reader.start
for n in range(10):
    writer.append([b"%d" % (written + n) * 1000])
while pieces := reader.read(position, 1 << 20):
    records = pieces
    position = pieces[-1].next
assert [record.number for record in records][-1] == written + 9
assert records[-1].payload == b"%d" % (written + 9) * 1000
writer.close()
print("recovered", SegmentWriter(folder).recovery)
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    inside = f"mount -t tmpfs -o size=1m tmpfs {tmp_path} && exec {sys.executable} -c '{FILL}' {tmp_path}"
    if subprocess.run(["unshare", "-rm", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system does not let tests mount a file system of their own")
    done = subprocess.run(["unshare", "-rm", "sh", "-c", inside], check=False, capture_output=True, text=True)
    assert "No space left on device" in done.stdout, done.stderr
    assert "recovered Recovery(cut=0, damaged=0)" in done.stdout, done.stderr
