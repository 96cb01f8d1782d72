"""A journal that is older than what was read from it, or a copy, is left aside, and a new one is begun."""

import shutil
from pathlib import Path

import pytest

from footfall.journal.base import JournalLockedError, Record
from footfall.journal.opening import LeftAside, Standing, open_current
from footfall.journal.reader import SegmentReader
from footfall.journal.writer import SegmentWriter


def older(_id: str, _end: int) -> Standing:
    return "older"


def current(_id: str, _end: int) -> Standing:
    return "current"


def write(folder: Path, *records: bytes) -> SegmentWriter:
    writer = SegmentWriter(folder)
    writer.append(records)
    return writer


def payloads(folder: Path) -> list[bytes]:
    return [piece.payload for piece in SegmentReader(folder).read(0, 1 << 20) if isinstance(piece, Record)]


def test_a_journal_that_is_current_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "0", b"a").close()
    writer, aside = open_current(tmp_path / "0", SegmentWriter, current)
    assert aside is None
    writer.append([b"b"])
    writer.close()
    assert payloads(tmp_path / "0") == [b"a", b"b"]


@pytest.mark.parametrize("why", ["older", "unknown"])
def test_one_that_is_older_or_may_be_is_left_as_it_is(tmp_path: Path, why: Standing) -> None:
    before = write(tmp_path / "0", b"a", b"b")
    before.close()
    asked: list[tuple[str, int]] = []

    def standing(journal: str, end: int) -> Standing:
        asked.append((journal, end))
        return why

    writer, aside = open_current(tmp_path / "0", SegmentWriter, standing)
    assert asked == [(before.id, before.end)]
    assert aside == LeftAside(f"0-{before.id}", why)
    assert writer.id != before.id
    assert writer.end == 0
    writer.append([b"c"])
    assert payloads(tmp_path / aside.name) == [b"a", b"b"]
    with pytest.raises(JournalLockedError):
        SegmentWriter(tmp_path / "0")
    writer.close()
    SegmentWriter(tmp_path / aside.name).close()
    assert payloads(tmp_path / "0") == [b"c"]


def test_twice(tmp_path: Path) -> None:
    write(tmp_path / "0", b"a").close()
    shutil.copytree(tmp_path / "0", tmp_path / "backup")
    for name in ("", "-2", "-3"):
        writer, aside = open_current(tmp_path / "0", SegmentWriter, older)
        writer.close()
        assert aside is not None
        assert aside.name.endswith(SegmentReader(tmp_path / "backup").id + name)
        shutil.rmtree(tmp_path / "0")
        shutil.copytree(tmp_path / "backup", tmp_path / "0")


def test_of_two_copies_one_goes_on(tmp_path: Path) -> None:
    first = write(tmp_path / "0", b"a")
    first.close()
    shutil.copytree(tmp_path / "0", tmp_path / "1")
    second, aside = open_current(tmp_path / "1", SegmentWriter, current)
    assert aside == LeftAside(f"1-{first.id}", "copy")
    assert second.id != first.id
    second.close()
    writer, aside = open_current(tmp_path / "0", SegmentWriter, current)
    assert (writer.id, aside) == (first.id, None)
    writer.close()
