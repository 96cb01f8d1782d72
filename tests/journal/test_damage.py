"""Bits that flip on the disk: every record that is whole is read, none is ever read wrong, what is lost is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.journal.base import Damage
from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE, pack_frame
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import DURABLE, Segment, identify, read_mark, segments
from footfall.journal.writer import SegmentWriter

from .folders import Content, copy, last_segment, open_writer, overwrite, read_all, read_folder, set_mark, write

GROUPS = [[b"a" * 20, b"\xffREC" * 9], [b"c"], [b"d" * 40, b"e" * 3, b"f" * 25], [b"g" * 30]]
PAYLOADS = [record for group in GROUPS for record in group]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    write(tmp_path / "0", GROUPS, segment_bytes=300)
    return copy(tmp_path / "0")


def _frames(segment: Segment) -> Iterator[tuple[int, int]]:
    """Every offset at which the segment has something, with the number of the record there, -1 for the header."""
    yield from ((offset, -1) for offset in range(HEADER_SIZE))
    content = read_folder(segment.path.parent)
    following = [other.base for other in segments(segment.path.parent) if other.base > segment.base]
    for record in content.records:
        start = record.next - len(record.payload) - FRAME_SIZE
        if segment.base <= start < min(following, default=record.next):
            yield from ((segment.offset(at), record.number) for at in range(start, record.next))


def _assert_only_lost(content: Content, lost: int) -> None:
    assert content.numbers == [number for number in range(len(PAYLOADS)) if number != lost]
    assert content.payloads == [PAYLOADS[number] for number in content.numbers]
    assert len(content.damage) == (lost >= 0)


def test_a_reader_passes_over_a_flipped_bit_anywhere(journal: Path) -> None:
    assert len(segments(journal)) > 1
    reader = SegmentReader(journal)
    for segment in segments(journal):
        for offset, number in _frames(segment):
            for bit in (1 << offset % 8, 1 << (offset + 3) % 8):
                before = overwrite(segment.path, offset, b"\0")
                overwrite(segment.path, offset, bytes([before[0] ^ bit]))
                _assert_only_lost(read_all(reader, 0, 150), number)
                overwrite(segment.path, offset, before)


def test_a_writer_opens_over_a_flipped_bit_anywhere(journal: Path) -> None:
    """The mark is exact, as after the death of the process: also the last record is known to have been acknowledged."""
    end = read_mark(journal / DURABLE)
    assert end is not None
    for offset, number in list(_frames(segments(journal)[-1]))[::3]:
        folder = copy(journal)
        path = last_segment(folder)
        before = overwrite(path, offset, b"\0")
        overwrite(path, offset, bytes([before[0] ^ 16]))

        writer = SegmentWriter(folder, segment_bytes=300, sync=lambda file: None)

        assert writer.end == end.position
        assert (writer.recovery.damaged > 0) == (number >= 0)
        writer.append([b"next"])
        content = read_folder(folder)
        assert content.records.pop().number == len(PAYLOADS)
        _assert_only_lost(content, number)


def test_damage_before_a_later_group_is_told_from_a_torn_tail_without_a_mark(tmp_path: Path) -> None:
    write(tmp_path / "0", GROUPS)
    journal = copy(tmp_path / "0")
    for lost in range(len(PAYLOADS) - 1):
        folder = copy(journal)
        set_mark(folder, 0, 0)
        position = read_folder(journal).records[lost].next - 1
        overwrite(last_segment(folder), HEADER_SIZE + position, b"\0")

        writer = open_writer(folder)

        assert writer.recovery.damaged == FRAME_SIZE + len(PAYLOADS[lost])
        assert writer.recovery.cut == 0
        _assert_only_lost(read_folder(folder), lost)


def test_several_lost_records_are_told_one_by_one_or_together(tmp_path: Path) -> None:
    write(tmp_path / "0", [[b"x" * 100] * 10])
    records = read_folder(tmp_path / "0").records
    for lost in (2, 3, 7, 9):
        overwrite(last_segment(tmp_path / "0"), HEADER_SIZE + records[lost].next - 1, b"\0")

    content = read_folder(tmp_path / "0")

    assert content.numbers == [0, 1, 4, 5, 6, 8]
    assert [(damage.at, damage.next) for damage in content.damage] == [
        (records[1].next, records[3].next),
        (records[6].next, records[7].next),
        (records[8].next, records[9].next),
    ]


def test_a_segment_without_its_header_is_read_all_the_same(journal: Path) -> None:
    for segment in segments(journal):
        overwrite(segment.path, 0, bytes(HEADER_SIZE))

    _assert_only_lost(read_folder(journal), -1)
    writer = open_writer(journal)
    writer.append([b"next"])

    content = read_folder(journal)
    assert content.records.pop().number == len(PAYLOADS)
    _assert_only_lost(content, -1)


def test_a_segment_without_header_and_first_record_is_read_from_the_second(tmp_path: Path) -> None:
    write(tmp_path / "0", [[b"x" * 100], [b"y" * 100]])
    journal = copy(tmp_path / "0")
    overwrite(last_segment(journal), 0, bytes(HEADER_SIZE + 50))
    set_mark(journal, 0, 0)

    open_writer(journal)

    assert read_folder(journal).numbers == [1]


@pytest.mark.parametrize("missing", [0, 1])
def test_a_segment_that_is_gone_is_told(tmp_path: Path, missing: int) -> None:
    write(tmp_path / "0", [[b"x" * 100]] * 9, segment_bytes=500)
    journal = copy(tmp_path / "0")
    bases = [segment.base for segment in segments(journal)]
    segments(journal)[missing].remove()

    content = read_folder(journal)

    assert [(damage.at, damage.next) for damage in content.damage] == [(bases[missing], bases[missing + 1])]
    assert len(content.records) == 6


def test_a_frame_hidden_in_a_payload_is_not_taken_for_a_record(tmp_path: Path) -> None:
    """Even one made with the journal's own key, as long as its sender cannot know where it will stand."""
    writer = SegmentWriter(tmp_path / "0", segment_bytes=1 << 16)
    key = identify(tmp_path / "0").key
    hidden = b"".join(pack_frame(key ^ 7, 0, 0, b"forged"))
    writer.append([b"first", b"say: " + hidden + b" end", b"last"])
    overwrite(last_segment(tmp_path / "0"), HEADER_SIZE + FRAME_SIZE + 5, b"\0")

    assert read_folder(tmp_path / "0").payloads == [b"first", b"last"]


def test_a_frame_that_strayed_is_not_taken_for_a_record(tmp_path: Path) -> None:
    write(tmp_path / "0", [[b"x" * 10], [b"y" * 10], [b"z" * 10]])
    size = FRAME_SIZE + 10
    path = last_segment(tmp_path / "0")
    first = overwrite(path, HEADER_SIZE, b"\0" * size)
    overwrite(path, HEADER_SIZE, first)
    overwrite(path, HEADER_SIZE + size, first)

    content = read_folder(tmp_path / "0")

    assert content.payloads == [b"x" * 10, b"z" * 10]
    assert isinstance(content.damage[0], Damage)


@pytest.mark.parametrize("at", [0, FRAME_SIZE + 5], ids=["head", "payload"])
def test_damage_longer_than_the_search_window_is_passed(tmp_path: Path, at: int) -> None:
    write(tmp_path / "0", [[b"a", b"x" * (3 << 20), b"b"]], segment_bytes=8 << 20)
    overwrite(last_segment(tmp_path / "0"), HEADER_SIZE + FRAME_SIZE + 1 + at, b"\0")

    content = read_folder(tmp_path / "0")

    assert content.numbers == [0, 2]
