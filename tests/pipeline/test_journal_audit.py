"""The journals held against the lake: what is lost is seen at once, and not after the next event."""

import shutil
import threading
from pathlib import Path

import pytest

from footfall.incidents import Incidents
from footfall.journal.segments import DURABLE, segments
from footfall.journal.writer import SegmentWriter
from footfall.lake.query import LakeReader
from footfall.pipeline.journal_audit import JournalBooks, StoresAudit, audit_journals
from tests.serving import until

from .records import append, drain, event, record


def look(data: Path) -> StoresAudit:
    reader = LakeReader(data / "lake")
    try:
        return audit_journals(data, reader)
    finally:
        reader.close()


def only(data: Path) -> JournalBooks:
    (books,) = look(data).journals
    return books


def send(data: Path, *mids: str, journal: str = "0") -> None:
    append(data, [record([event(mid)]) for mid in mids], journal, segment_bytes=1 << 16)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three records in the lake, two that wait."""
    send(tmp_path, "a", "b", "c")
    drain(tmp_path)
    send(tmp_path, "d", "e")
    return tmp_path


def test_what_waits_is_counted(data: Path) -> None:
    books = only(data)
    assert (books.state, books.records, books.events, books.missing) == ("ok", 2, 2, 0)
    assert look(data).balances
    drain(data)
    assert (only(data).state, only(data).records) == ("ok", 0)


def test_nothing_has_begun(tmp_path: Path) -> None:
    assert look(tmp_path) == StoresAudit([], {})
    send(tmp_path, "a")
    assert (only(tmp_path).state, only(tmp_path).events) == ("ok", 1)


def cut(data: Path, size: int) -> None:
    """The disk has lost the end of the journal."""
    (segment,) = segments(data / "journal" / "0")
    content = segment.path.read_bytes()
    segment.path.write_bytes(content[:-size])


@pytest.mark.parametrize("opened", [False, True])
def test_a_tail_that_was_durable_is_lost(data: Path, opened: bool) -> None:
    cut(data, 30)
    if opened:
        SegmentWriter(data / "journal" / "0", segment_bytes=1 << 16).close()
        drain(data)
    books = only(data)
    assert not books.is_sound
    assert not look(data).balances
    if opened:
        assert (books.state, books.missing > 0) == ("records missing", True)
        send(data, "later")
        drain(data)
        assert not look(data).balances or Incidents(data).open()
    else:
        assert books.state == "damaged"


def test_a_tail_is_lost_that_the_lake_has_already(data: Path) -> None:
    """Nothing is missing, but what comes next must not be written where the lake has been."""
    drain(data)
    cut(data, 30)
    (data / "journal" / "0" / DURABLE).unlink()
    (data / "journal" / "0" / "released").unlink()
    assert only(data).state == "older than the lake"
    assert not look(data).balances
    folder = data / "journal" / "0"
    journal = only(data).journal
    folder.rename(folder.with_name(f"0-{journal}"))
    send(data, "next")
    assert sorted(books.state for books in look(data).journals) == ["left aside", "ok"]
    assert look(data).balances


def test_a_record_in_the_middle_cannot_be_read(data: Path) -> None:
    (segment,) = segments(data / "journal" / "0")
    content = bytearray(segment.path.read_bytes())
    content[content.rindex(b'"mid":"d"')] ^= 1
    segment.path.write_bytes(content)
    books = only(data)
    assert (books.state, books.damaged, books.records) == ("damaged", 1, 1)


def test_records_between_the_lake_and_the_journal_are_gone(data: Path) -> None:
    """As if the lake were a copy from before: the journal has dropped what it does not have."""
    shutil.copytree(data / "lake", data / "old")
    for number in range(300):
        send(data, *(f"m{number}.{n}" for n in range(4)))
    drain(data)
    send(data, "waiting")
    assert segments(data / "journal" / "0")[0].base > 0
    shutil.rmtree(data / "lake")
    (data / "old").rename(data / "lake")
    books = only(data)
    assert not books.is_sound
    assert books.missing > 0


def test_a_journal_is_gone(data: Path) -> None:
    journal = only(data).journal
    shutil.rmtree(data / "journal" / "0")
    assert [(books.journal, books.state) for books in look(data).journals] == [(journal, "gone")]
    assert not look(data).balances
    incidents = Incidents(data)
    incidents.note("loss", "a journal is gone", journal, "")
    assert look(data).journals == []
    assert not look(data).balances
    incidents.close(min(incidents.open()))
    assert look(data).balances


def test_a_folder_that_is_no_journal(data: Path) -> None:
    (data / "journal" / "0" / "journal.json").write_text("{")
    assert sorted(books.state for books in look(data).journals) == ["gone", "unreadable"]


def test_no_false_alarm_while_a_pipeline_works(tmp_path: Path) -> None:
    """Records move from the journal to the lake, and their segments are dropped, while both are looked at."""
    stop, failed = threading.Event(), []

    def work() -> None:
        number = 0
        while not stop.is_set():
            send(tmp_path, *(f"w{number}.{n}" for n in range(30)))
            drain(tmp_path)
            number += 1

    send(tmp_path, "first")
    drain(tmp_path)
    thread = threading.Thread(target=work)
    thread.start()
    seen = 0

    def asked() -> bool:
        nonlocal seen
        found = look(tmp_path)
        failed.extend([books for books in found.journals if not books.is_sound])
        seen += 1
        return seen >= 25

    until(asked, 60)
    stop.set()
    thread.join()
    assert failed == []
