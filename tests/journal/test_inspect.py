"""What `footfall journal inspect` is told."""

import hashlib
from pathlib import Path

import pytest

from footfall.journal.base import JournalFormatError
from footfall.journal.frame import FRAME_SIZE, HEADER_SIZE
from footfall.journal.inspect import Entry, entries, inspect
from footfall.journal.reader import SegmentReader
from footfall.journal.scan import Gap
from footfall.journal.segments import DURABLE, identify
from footfall.journal.writer import SegmentWriter

from .folders import copy, last_segment, open_writer, overwrite, set_mark, write

RECORD = b"x" * 60


def _digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_journal_in_use(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, segment_bytes=300)
    end = writer.append([RECORD] * 5)
    SegmentReader(tmp_path).truncate(10)

    report = inspect(tmp_path)

    assert (report.id, report.state, report.format) == (writer.id, "open", 1)
    assert (report.start, report.end, report.durable, report.released) == (0, end, end, 10)
    assert (report.records, report.unconfirmed, report.damaged) == (5, 0, 0)
    assert [(found.base, found.first, found.records) for found in report.segments] == [
        (0, 0, 2),
        (200, 2, 2),
        (400, 4, 1),
    ]
    last = report.segments[-1]
    assert (last.used, last.allocated, last.header, last.gaps) == (HEADER_SIZE + 100, 300, True, [])
    writer.close()
    assert inspect(tmp_path).state == "closed"


def test_a_new_journal(tmp_path: Path) -> None:
    open_writer(tmp_path).close()
    report = inspect(tmp_path)
    assert (report.state, report.start, report.end, report.records, report.segments) == ("closed", 0, 0, 0, [])


def test_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalFormatError):
        inspect(tmp_path)


def test_what_a_crash_left(tmp_path: Path) -> None:
    before, _ = write(tmp_path / "0", [[RECORD], [RECORD, RECORD]])
    folder = copy(tmp_path / "0")
    set_mark(folder, before, 1)
    overwrite(last_segment(folder), HEADER_SIZE + before + 150, bytes(50))

    report = inspect(folder)

    assert (report.state, report.end, report.durable, report.unconfirmed) == ("open", before + 100, before, 150)
    (folder / DURABLE).unlink()
    report = inspect(folder)
    assert (report.end, report.durable, report.unconfirmed) == (before + 100, None, 50)


def test_damage(tmp_path: Path) -> None:
    write(tmp_path / "0", [[RECORD] * 7], segment_bytes=300)
    folder = copy(tmp_path / "0")
    first, second, *_ = sorted(folder.glob("*.seg"))
    overwrite(first, HEADER_SIZE + FRAME_SIZE, b"?")
    overwrite(second, 0, b"?")
    overwrite(last_segment(folder), HEADER_SIZE, bytes(100))
    before = _digest(folder)

    report = inspect(folder)

    assert [found.gaps for found in report.segments] == [[Gap(0, 100)], [], [], [Gap(600, 700)]]
    assert [found.header for found in report.segments] == [True, False, True, True]
    assert (report.damaged, report.records, report.end) == (200, 5, 700)
    assert _digest(folder) == before


def test_records_are_listed_with_number_position_and_size(tmp_path: Path) -> None:
    write(tmp_path, [[b"a", RECORD, b"bcd"]], segment_bytes=120)
    listed = [Entry(0, 0, 1), Entry(1, 41, 60), Entry(2, 141, 3)]
    assert list(entries(tmp_path)) == listed
    assert list(entries(tmp_path, 41)) == listed[1:]
    assert list(entries(tmp_path, 141)) == listed[2:]
    assert identify(tmp_path).id == inspect(tmp_path).id
