"""What a crash can leave behind, and that opening the journal makes it whole again."""

import contextlib
import os
import secrets
from pathlib import Path
from random import Random

import pytest

from footfall.journal.base import WriteFailedError
from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE, SMALLEST_FRAME
from footfall.journal.reader import SegmentReader
from footfall.journal.recovery import Recovery
from footfall.journal.segments import DURABLE, DurableMark, Place, read_mark, segments
from footfall.journal.writer import SegmentWriter

from .folders import copy, last_segment, open_writer, overwrite, read_all, read_folder, set_mark, write
from .power import Disk

ACKNOWLEDGED = [[b"one" * 5, b"two" * 5], [b"three" * 5]]
LAST = [b"four" * 5, b"five" * 5]
KEPT = [record for group in ACKNOWLEDGED for record in group]


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A journal of which the last group was written and never acknowledged."""
    *_, before, _ = write(tmp_path / "0", [*ACKNOWLEDGED, LAST], segment_bytes=2000)
    folder = copy(tmp_path / "0")
    set_mark(folder, before, 3)
    return folder


def _torn(folder: Path, kind: str, cut: int) -> None:
    """Take away what follows a position, as a disk does that wrote only so far."""
    path = last_segment(folder)
    if kind == "short":
        os.truncate(path, HEADER_SIZE + cut)
    else:
        size = path.stat().st_size - HEADER_SIZE - cut
        before = overwrite(path, HEADER_SIZE + cut, bytes(size))
        if kind == "noise":
            overwrite(path, HEADER_SIZE + cut, bytes(byte ^ 0xFF for byte in before))


@pytest.mark.parametrize("kind", ["short", "zero", "noise"])
def test_a_tail_torn_at_any_byte_is_cut_and_nothing_acknowledged_is(crashed: Path, kind: str) -> None:
    acknowledged = (read_mark(crashed / DURABLE) or Place()).position
    sizes = [FRAME_SIZE + len(record) for record in LAST]
    for cut in range(acknowledged, acknowledged + sum(sizes) + 1):
        folder = copy(crashed)
        _torn(folder, kind, cut)
        whole = sum(cut >= acknowledged + end for end in (sizes[0], sum(sizes)))

        writer = SegmentWriter(folder, segment_bytes=2000, sync=lambda file: None)

        assert writer.recovery.damaged == 0
        assert writer.end == acknowledged + sum(sizes[:whole])
        if kind != "noise":
            assert writer.recovery.cut <= cut - writer.end
        writer.append([b"six"])
        content = read_folder(folder)
        assert content.payloads == [*KEPT, *LAST[:whole], b"six"]
        assert content.numbers == list(range(4 + whole))
        assert content.damage == []


def test_a_torn_tail_is_told(crashed: Path) -> None:
    acknowledged = (read_mark(crashed / DURABLE) or Place()).position
    _torn(crashed, "zero", acknowledged + FRAME_SIZE + 3)
    assert open_writer(crashed).recovery == Recovery(cut=FRAME_SIZE + 3)


def test_a_torn_tail_longer_than_the_search_window(tmp_path: Path) -> None:
    end, _ = write(tmp_path / "0", [[b"one"], [b"two" * (1 << 20)]], segment_bytes=8 << 20)
    folder = copy(tmp_path / "0")
    set_mark(folder, end, 1)
    _torn(folder, "zero", end + (5 << 19))

    writer = SegmentWriter(folder, segment_bytes=8 << 20)

    assert writer.recovery == Recovery(cut=5 << 19)
    writer.append([b"three"])
    assert read_folder(folder).payloads == [b"one", b"three"]


@pytest.mark.parametrize("fails_in", range(1, 9))
def test_a_power_cut_after_a_failed_group_leaves_no_hole(tmp_path: Path, fails_in: int) -> None:
    for seed in range(15):
        disk = Disk(tmp_path / str(seed), Random(seed))
        writer = SegmentWriter(disk.folder, segment_bytes=300, sync=disk, sync_names=disk)
        writer.append([b"one"])
        disk.fails_in = fails_in
        with contextlib.suppress(WriteFailedError):
            writer.append([b"two" * 30] * 5)
        left = disk.cut()

        open_writer(left).close()

        content = read_folder(left)
        assert content.payloads == [b"one", *[b"two" * 30] * 5][: len(content.payloads)]
        assert content.payloads
        assert content.damage == []


def test_a_later_record_without_the_one_before_is_cut_too(crashed: Path) -> None:
    acknowledged = (read_mark(crashed / DURABLE) or Place()).position
    overwrite(last_segment(crashed), HEADER_SIZE + acknowledged, bytes(FRAME_SIZE))

    writer = open_writer(crashed)

    assert writer.end == acknowledged
    assert writer.recovery.cut > FRAME_SIZE
    writer.append([b"FOUR" * 5])
    again = copy(crashed)
    open_writer(again)
    for folder in (crashed, again):
        assert read_folder(folder).payloads == [*KEPT, b"FOUR" * 5]


MARKS = {
    "missing": None,
    "empty": b"",
    "short": b"\1\2\3",
    "zeros": bytes(24),
    "huge": b"\xff" * 24,
    "larger than the data": (10**9).to_bytes(8, "little") + bytes(16),
    "noise": secrets.token_bytes(24),
    "long noise": secrets.token_bytes(5000),
}


@pytest.mark.parametrize("content", MARKS.values(), ids=MARKS.keys())
def test_a_lost_mark_loses_nothing(tmp_path: Path, content: bytes | None) -> None:
    write(tmp_path / "0", [*ACKNOWLEDGED, LAST])
    folder = copy(tmp_path / "0")
    (folder / DURABLE).unlink()
    if content is not None:
        (folder / DURABLE).write_bytes(content)
    early = SegmentReader(folder)
    assert early.read(0, 1000) == []

    writer = open_writer(folder)

    assert writer.recovery == Recovery()
    writer.append([b"six"])
    for content_now in (read_all(early), read_folder(folder)):
        assert content_now.payloads == [*KEPT, *LAST, b"six"]
        assert content_now.numbers == list(range(6))


def test_an_old_mark_loses_nothing(tmp_path: Path) -> None:
    ends = write(tmp_path / "0", [*ACKNOWLEDGED, LAST])
    for position, number in zip([0, *ends], [0, 2, 3, 5], strict=True):
        folder = copy(tmp_path / "0")
        set_mark(folder, position, number)
        writer = open_writer(folder)
        assert (writer.end, writer.recovery) == (ends[-1], Recovery())
        assert read_folder(folder).numbers == list(range(5))


def test_a_reader_never_reads_behind_the_mark(tmp_path: Path) -> None:
    ends = write(tmp_path / "0", [*ACKNOWLEDGED, LAST])
    set_mark(folder := copy(tmp_path / "0"), ends[1], 3)
    assert read_folder(folder).payloads == KEPT


@pytest.mark.parametrize("has_file", [True, False])
def test_acknowledged_records_that_the_disk_lost_leave_their_positions_and_numbers_unused(
    tmp_path: Path, has_file: bool
) -> None:
    ends = write(tmp_path / "0", [*ACKNOWLEDGED, LAST], segment_bytes=150)
    folder = copy(tmp_path / "0")
    if has_file:
        _torn(folder, "zero", -HEADER_SIZE)
    else:
        last_segment(folder).unlink()

    writer = open_writer(folder)

    assert writer.recovery.damaged > 0
    assert writer.end == ends[-1]
    writer.append([b"six"])
    content = read_folder(folder)
    assert content.numbers[-1] == 5
    assert content.payloads == [*[*KEPT, *LAST][: len(content.payloads) - 1], b"six"]
    assert content.damage[0].next == ends[-1]


def test_records_that_were_read_keep_their_positions_when_mark_and_disk_forget_them(tmp_path: Path) -> None:
    ends = write(tmp_path / "0", [*ACKNOWLEDGED, LAST])
    reader = SegmentReader(tmp_path / "0")
    reader.truncate(ends[-1])
    folder = copy(tmp_path / "0")
    set_mark(folder, ends[0], 2)
    _torn(folder, "zero", ends[1] + 10)

    writer = open_writer(folder)

    assert writer.end == ends[-1]
    writer.append([b"six"])
    content = read_folder(folder, ends[-1])
    assert content.payloads == [b"six"]
    assert content.numbers[0] >= 5
    assert content.numbers[0] <= 3 + (ends[-1] - ends[1]) // SMALLEST_FRAME


def test_truncate_never_takes_back_what_was_released(tmp_path: Path) -> None:
    ends = write(tmp_path, ACKNOWLEDGED)
    SegmentReader(tmp_path).truncate(ends[1])
    SegmentReader(tmp_path).truncate(ends[0])
    assert read_mark(tmp_path / "released") == Place(ends[1])


def test_recovery_of_a_recovery_changes_nothing(crashed: Path) -> None:
    overwrite(last_segment(crashed), HEADER_SIZE, b"\0")
    ends = []
    for _ in range(3):
        writer = open_writer(crashed)
        ends.append((writer.end, read_folder(crashed).numbers))
        crashed = copy(crashed)
    assert ends[0] == ends[1] == ends[2]


def test_a_mark_is_never_half_read(tmp_path: Path) -> None:
    mark = DurableMark(tmp_path / DURABLE)
    for position in range(0, 1 << 20, 4099):
        mark.set(Place(position, position + 1))
        assert read_mark(tmp_path / DURABLE) == Place(position, position + 1)
    for offset in range(24):
        before = overwrite(tmp_path / DURABLE, offset, b"\x55")
        assert before == b"\x55" or read_mark(tmp_path / DURABLE) is None
        overwrite(tmp_path / DURABLE, offset, before)
    mark.close()


def test_a_journal_that_was_damaged_at_its_end_goes_on_in_a_new_segment(tmp_path: Path) -> None:
    ends = write(tmp_path / "0", [*ACKNOWLEDGED, LAST])
    folder = copy(tmp_path / "0")
    overwrite(last_segment(folder), HEADER_SIZE + ends[1] + FRAME_SIZE, b"\0")
    overwrite(last_segment(folder), HEADER_SIZE + ends[2] - 1, b"\0")

    writer = open_writer(folder)

    assert writer.recovery.damaged == ends[2] - ends[1]
    assert [segment.base for segment in segments(folder)] == [0, ends[2]]
    writer.append([b"six"])
    content = read_folder(folder)
    assert content.numbers == [0, 1, 2, 5]
    assert [(damage.at, damage.next) for damage in content.damage] == [(ends[1], ends[2])]
