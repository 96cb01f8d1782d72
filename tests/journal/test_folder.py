"""A journal folder over several lives: opened again, locked, foreign, newer, half made."""

import os
from pathlib import Path

import msgspec
import pytest

from footfall.journal.base import JournalFormatError, JournalLockedError, Record
from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE, SegmentHeader
from footfall.journal.reader import SegmentReader
from footfall.journal.recovery import Recovery
from footfall.journal.segments import Identity, identify, journals, segments
from footfall.journal.writer import SegmentWriter

from .folders import copy, last_segment, open_writer, overwrite, read_folder, write


def test_a_closed_journal_goes_on_where_it_ended(tmp_path: Path) -> None:
    first = open_writer(tmp_path)
    end = first.append([b"one"])
    first.close()
    assert last_segment(tmp_path).stat().st_size < 200

    second = open_writer(tmp_path)

    assert (second.id, second.end, second.recovery) == (first.id, end, Recovery())
    second.append([b"two"])
    second.close()
    content = read_folder(tmp_path)
    assert content.payloads == [b"one", b"two"]
    assert content.numbers == [0, 1]


def test_an_unused_journal_can_be_closed_and_opened(tmp_path: Path) -> None:
    for _ in range(2):
        writer = open_writer(tmp_path)
        assert (writer.end, writer.recovery) == (0, Recovery())
        writer.close()
    assert read_folder(tmp_path).records == []


def test_records_go_on_over_many_segments(tmp_path: Path) -> None:
    payloads = [f"{n}".encode() * 50 for n in range(200)]
    write(tmp_path, [payloads[n : n + 7] for n in range(0, 200, 7)], segment_bytes=1000)

    assert len(segments(tmp_path)) > 10
    content = read_folder(tmp_path)
    assert content.payloads == payloads
    assert content.numbers == list(range(200))


def test_a_record_larger_than_a_segment_is_kept_whole(tmp_path: Path) -> None:
    write(tmp_path, [[b"a", b"x" * 100_000, b"b"]], segment_bytes=1000)

    assert read_folder(tmp_path).payloads == [b"a", b"x" * 100_000, b"b"]


def test_a_full_segment_gives_its_unused_rest_back(tmp_path: Path) -> None:
    write(tmp_path, [[b"x" * 10_000], [b"x" * 60_000]])

    assert segments(tmp_path)[0].path.stat().st_size == HEADER_SIZE + FRAME_SIZE + 10_000


def test_a_group_of_more_records_than_one_system_call_takes(tmp_path: Path) -> None:
    write(tmp_path, [[b"x"] * 2500])

    assert read_folder(tmp_path).numbers == list(range(2500))


def test_the_reader_follows_the_writer_into_new_segments(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, segment_bytes=500)
    reader = SegmentReader(tmp_path)
    position = 0
    for n in range(100):
        writer.append([f"{n:0100d}".encode()])
        (record,) = reader.read(position, 10_000)
        assert isinstance(record, Record)
        assert record.number == n
        position = record.next
        reader.truncate(position)
    assert len(segments(tmp_path)) <= 2
    writer.close()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    with pytest.raises(JournalLockedError):
        open_writer(tmp_path)
    writer.close()
    open_writer(tmp_path).close()


def test_a_small_budget_still_lets_segments_be_dropped(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, max_bytes=10_000, segment_bytes=1 << 20)
    reader = SegmentReader(tmp_path)
    for _ in range(50):
        writer.append([b"x" * 1000])
        reader.truncate(writer.end)
    writer.close()


def test_journals_are_found_by_name(tmp_path: Path) -> None:
    for name in "10":
        open_writer(tmp_path / "journal" / name).close()
    (tmp_path / "journal" / "other").mkdir()
    assert journals(tmp_path / "journal") == [tmp_path / "journal" / "0", tmp_path / "journal" / "1"]


def test_a_folder_without_a_journal_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(JournalFormatError, match="not a journal"):
        SegmentReader(tmp_path)


def test_something_else_in_the_place_of_the_identity_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "journal.json").write_bytes(b"my diary")
    with pytest.raises(JournalFormatError):
        open_writer(tmp_path)
    assert (tmp_path / "journal.json").read_bytes() == b"my diary"


def test_a_refused_folder_is_not_left_locked(tmp_path: Path) -> None:
    (tmp_path / "journal.json").write_bytes(b"my diary")
    with pytest.raises(JournalFormatError):
        open_writer(tmp_path)
    (tmp_path / "journal.json").unlink()
    open_writer(tmp_path).close()


@pytest.mark.parametrize("content", [None, b"", b"\0" * 70, b'{"id":"00","format":1}'])
def test_a_lost_identity_is_told_by_the_segments(tmp_path: Path, content: bytes | None) -> None:
    write(folder := tmp_path / "0", [[b"one"]])
    left = copy(folder)
    (left / "journal.json").unlink()
    if content is not None:
        (left / "journal.json").write_bytes(content)

    writer = open_writer(left)

    assert writer.id == identify(folder).id
    assert read_folder(left).payloads == [b"one"]


def test_a_flipped_bit_in_the_identity_is_repaired(tmp_path: Path) -> None:
    write(folder := tmp_path / "0", [[b"one"]])
    left = copy(folder)
    text = (left / "journal.json").read_bytes()
    for offset in range(len(text)):
        overwrite(left / "journal.json", offset, bytes([text[offset] ^ 1]))
        open_writer(left).close()
        assert (left / "journal.json").read_bytes() == text
        assert read_folder(left).payloads == [b"one"]


def test_a_journal_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    open_writer(tmp_path).close()
    (tmp_path / "journal.json").write_bytes(msgspec.json.encode(Identity.of("0123456789abcdef", 2)))
    with pytest.raises(JournalFormatError, match="format 2"):
        open_writer(tmp_path)
    with pytest.raises(JournalFormatError, match="format 2"):
        SegmentReader(tmp_path)


def test_a_segment_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    write(folder := tmp_path / "0", [[b"one"]])
    left = copy(folder)
    overwrite(last_segment(left), 0, SegmentHeader(identify(left).key, 0, 0, 7).pack())
    with pytest.raises(JournalFormatError, match="format 7"):
        open_writer(left)


def test_a_segment_of_another_journal_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "0", [[b"one"]])
    end = write(tmp_path / "1", [[b"two"]])[0]
    left = copy(tmp_path / "0")
    last_segment(tmp_path / "1").rename(left / f"{end:020d}.seg")
    with pytest.raises(JournalFormatError, match="another"):
        open_writer(left)


@pytest.mark.parametrize("content", [b"", b"\0" * 4096])
def test_a_segment_that_was_never_filled_is_removed(tmp_path: Path, content: bytes) -> None:
    end = write(folder := tmp_path / "0", [[b"one"]])[0]
    left = copy(folder)
    (left / f"{end:020d}.seg").write_bytes(content)

    writer = open_writer(left)

    assert writer.recovery == Recovery()
    writer.append([b"two"])
    assert read_folder(left).numbers == [0, 1]
    assert len(segments(left)) == 1
    assert list(left.glob("*.unreadable")) == []


def test_garbage_in_the_folder_is_set_aside_or_left_alone(tmp_path: Path) -> None:
    end = write(folder := tmp_path / "0", [[b"one"]])[0]
    left = copy(folder)
    names = ["note.txt", "7.seg", "²³.seg", ".seg", f"{end:020d}.seg.bak"]
    for name in names:
        (left / name).write_bytes(b"garbage")
    for position in (end, 10**19):
        (left / f"{position:020d}.seg").write_bytes(os.urandom(5000))

    writer = open_writer(left)

    writer.append([b"two"])
    content = read_folder(left)
    assert content.payloads == [b"one", b"two"]
    assert content.numbers == [0, 1]
    assert all((left / name).exists() for name in names)
    assert (left / f"{end:020d}.unreadable").stat().st_size == 5000


def test_a_journal_without_its_segments_goes_on_behind_them(tmp_path: Path) -> None:
    end = write(folder := tmp_path / "0", [[b"one", b"two"]])[0]
    left = copy(folder)
    last_segment(left).unlink()

    writer = open_writer(left)

    assert writer.end == end
    assert writer.recovery.damaged == end
    writer.append([b"three"])
    content = read_folder(left)
    assert content.numbers == [2]
    assert [(damage.at, damage.next) for damage in content.damage] == [(0, end)]
