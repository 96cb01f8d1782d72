"""What every journal keeps, whatever it is made of."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from footfall.journal.base import Damage, JournalFullError, LogReader, LogWriter, Record
from footfall.journal.memory import MemoryLog
from footfall.journal.reader import SegmentReader
from footfall.journal.writer import SegmentWriter

from .folders import read_all

BUDGET = 64 << 10


class Journal(Struct):
    writer: LogWriter
    reader: LogReader


@pytest.fixture(params=["segments", "memory"])
def new_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Journal]]:
    with ExitStack() as opened:

        def make() -> Journal:
            journal = _make(request.param, tmp_path / str(len(list(tmp_path.iterdir()))))
            opened.callback(journal.writer.close)
            opened.callback(journal.reader.close)
            return journal

        yield make


@pytest.fixture
def journal(new_journal: Callable[[], Journal]) -> Journal:
    return new_journal()


def _make(kind: str, folder: Path) -> Journal:
    if kind == "memory":
        log = MemoryLog(max_bytes=BUDGET)
        return Journal(log, log)
    writer = SegmentWriter(folder, max_bytes=BUDGET, segment_bytes=2000)
    return Journal(writer, SegmentReader(folder))


def test_records_come_back_in_order_with_numbers_from_zero(journal: Journal) -> None:
    journal.writer.append([b"one", b"two"])
    end = journal.writer.append([b"three"])

    content = read_all(journal.reader)

    assert content.payloads == [b"one", b"two", b"three"]
    assert content.numbers == [0, 1, 2]
    assert content.records[-1].next == end == journal.writer.end == journal.reader.end
    assert journal.reader.read(end, 1000) == []


def test_writer_and_reader_name_the_same_journal(journal: Journal) -> None:
    assert journal.writer.id == journal.reader.id
    assert journal.writer.id


def test_two_journals_have_two_names(new_journal: Callable[[], Journal]) -> None:
    assert new_journal().writer.id != new_journal().writer.id


def test_nothing_to_append_is_nothing_appended(journal: Journal) -> None:
    assert journal.writer.append([]) == journal.writer.end == 0
    assert journal.reader.read(0, 1000) == []


def test_an_empty_record_is_refused_with_its_whole_group(journal: Journal) -> None:
    with pytest.raises(ValueError, match="1"):
        journal.writer.append([b"one", b""])

    assert journal.writer.end == 0
    assert journal.reader.read(0, 1000) == []


def test_a_record_larger_than_the_read_comes_alone(journal: Journal) -> None:
    journal.writer.append([b"x" * 5000, b"y" * 5000])

    (first,) = journal.reader.read(0, 1)

    assert isinstance(first, Record)
    assert first.payload == b"x" * 5000
    assert read_all(journal.reader, first.next, 1).payloads == [b"y" * 5000]


def test_a_read_gives_no_more_than_it_was_asked_for(journal: Journal) -> None:
    journal.writer.append([b"x" * 100] * 10)

    pieces = journal.reader.read(0, 450)

    assert 1 <= len(pieces) <= 4


def test_a_full_journal_refuses_and_takes_again_after_truncate(journal: Journal) -> None:
    with contextlib.suppress(JournalFullError):
        while True:
            journal.writer.append([b"x" * 1000])
    full = journal.writer.end
    assert BUDGET - 2000 < full <= BUDGET
    with pytest.raises(JournalFullError):
        journal.writer.check_room(1000)

    assert journal.reader.truncate(full) > BUDGET // 2

    journal.writer.check_room(1000)
    journal.writer.append([b"y" * 1000])
    assert read_all(journal.reader, full).payloads == [b"y" * 1000]


def test_a_group_larger_than_the_room_is_not_stored_in_part(journal: Journal) -> None:
    with pytest.raises(JournalFullError):
        journal.writer.append([b"x" * 1000] * 100)

    assert journal.writer.end == 0
    assert read_all(journal.reader).records == []


def test_truncate_drops_nothing_at_or_behind_its_position(journal: Journal) -> None:
    journal.writer.append([f"{n:0200d}".encode() for n in range(50)])
    records = read_all(journal.reader).records
    for before, after in pairwise(records):
        journal.reader.truncate(before.next)
        assert read_all(journal.reader, before.next).records[0] == after


def test_reading_what_was_truncated_tells_so_and_goes_on(journal: Journal) -> None:
    journal.writer.append([b"x" * 1000] * 20)
    end = journal.writer.end
    journal.reader.truncate(end // 2)

    first, *_ = journal.reader.read(0, 1000)

    assert isinstance(first, Damage)
    assert 0 < first.next <= end // 2
    assert read_all(journal.reader).numbers[-1] == 19


def test_a_writer_may_be_closed_twice(journal: Journal) -> None:
    journal.writer.close()
    journal.writer.close()


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    groups=st.lists(st.lists(st.binary(min_size=1, max_size=700), max_size=5), max_size=8),
    max_bytes=st.integers(1, 3000),
)
def test_any_records_come_back_whatever_the_size_of_reads(
    new_journal: Callable[[], Journal], groups: list[list[bytes]], max_bytes: int
) -> None:
    journal = new_journal()
    ends = [journal.writer.append(group) for group in groups]

    content = read_all(journal.reader, 0, max_bytes)

    assert content.payloads == [record for group in groups for record in group]
    assert content.damage == []
    assert ends == sorted(ends)
    assert {0, *ends} <= {0, *(record.next for record in content.records)}
