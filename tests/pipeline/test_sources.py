"""Journals that come, go, break and come back: what can be read is read, exactly once."""

import shutil
import threading
from pathlib import Path

import pytest

from footfall.incidents import Incidents
from footfall.journal.reader import SegmentReader
from footfall.journal.writer import SegmentWriter
from footfall.lake.audit import audit
from footfall.lake.query import LakeReader
from footfall.pipeline.process import Pipeline
from footfall.runtime import heartbeat

from .records import append, drain, event, fates, problems_of, record, settings


@pytest.fixture
def pipeline(tmp_path: Path) -> Pipeline:
    return Pipeline(settings(tmp_path), threading.Event())


def mids(data: Path) -> list[str]:
    return sorted(mid for mid, fate in fates(data) if fate == "stored")


def test_a_journal_made_while_running_is_found(tmp_path: Path, pipeline: Pipeline) -> None:
    pipeline.drain()
    append(tmp_path, [record([event("a")])], "0")
    pipeline.drain()
    append(tmp_path, [record([event("b")])], "7")
    pipeline.drain()
    pipeline.close()
    assert mids(tmp_path) == ["a", "b"]


def test_a_journal_of_a_collector_that_is_gone_is_drained_and_truncated(tmp_path: Path) -> None:
    append(tmp_path, [record([event(f"{n}")]) for n in range(200)], "9", segment_bytes=1 << 14)
    before = len(list((tmp_path / "journal" / "9").glob("*.seg")))
    drain(tmp_path)
    assert len(mids(tmp_path)) == 200
    assert before > 2
    assert len(list((tmp_path / "journal" / "9").glob("*.seg"))) == 1


def test_a_journal_that_vanishes_and_another_in_its_place(tmp_path: Path, pipeline: Pipeline) -> None:
    folder = tmp_path / "journal" / "0"
    append(tmp_path, [record([event("a")])])
    pipeline.drain()
    shutil.rmtree(folder)
    pipeline.drain()
    append(tmp_path, [record([event("b")])])
    pipeline.drain()
    pipeline.close()
    drain(tmp_path)
    assert mids(tmp_path) == ["a", "b"]
    assert len(fates(tmp_path)) == 2


def test_a_journal_that_goes_and_comes_back_is_read_on_where_it_was_left(tmp_path: Path, pipeline: Pipeline) -> None:
    folder, aside = tmp_path / "journal" / "0", tmp_path / "aside"
    append(tmp_path, [record([event("a")])])
    pipeline.drain()
    folder.rename(aside)
    pipeline.drain()
    aside.rename(folder)
    append(tmp_path, [record([event("b")])])
    pipeline.drain()
    pipeline.close()
    assert [fate for _, fate in fates(tmp_path)] == ["stored", "stored"]


def test_a_copy_of_a_journal_is_not_read(tmp_path: Path, pipeline: Pipeline) -> None:
    append(tmp_path, [record([event("a")])], "0")
    shutil.copytree(tmp_path / "journal" / "0", tmp_path / "journal" / "1")
    pipeline.drain()
    pipeline.close()
    assert len(fates(tmp_path)) == 1
    beat = heartbeat.read(settings(tmp_path).heartbeat)
    assert beat is not None
    assert any("copy" in problem for problem in beat.problems)


def test_a_journal_that_cannot_be_opened_does_not_keep_others_from_being_read(
    tmp_path: Path, pipeline: Pipeline
) -> None:
    append(tmp_path, [record([event("a")])], "0")
    append(tmp_path, [record([event("b")])], "1")
    identity = tmp_path / "journal" / "0" / "journal.json"
    whole = identity.read_bytes()
    identity.write_bytes(b"{")
    pipeline.drain()
    assert mids(tmp_path) == ["b"]
    assert any(str(identity.parent) in problem for problem in problems_of(pipeline))
    identity.write_bytes(whole)
    pipeline.drain()
    assert problems_of(pipeline) == []
    pipeline.close()
    assert mids(tmp_path) == ["a", "b"]


def test_a_journal_that_cannot_be_read_is_reported_and_does_not_hang(tmp_path: Path, pipeline: Pipeline) -> None:
    append(tmp_path, [record([event("a")])], "0")
    append(tmp_path, [record([event("b")])], "1")
    (segment,) = (tmp_path / "journal" / "0").glob("*.seg")
    whole = segment.read_bytes()
    segment.unlink()
    segment.mkdir()
    pipeline.drain()
    assert mids(tmp_path) == ["b"]
    assert problems_of(pipeline) != []
    segment.rmdir()
    segment.write_bytes(whole)
    pipeline.drain()
    assert problems_of(pipeline) == []
    pipeline.close()
    assert mids(tmp_path) == ["a", "b"]


@pytest.mark.parametrize("at", [0, 1, 2])
def test_damage_is_passed_over_reported_and_seen_by_the_audit(tmp_path: Path, at: int) -> None:
    writer = SegmentWriter(tmp_path / "journal" / "0")
    ends = [writer.append([record([event(f"m{n}")])]) for n in range(3)]
    writer.close()
    (segment,) = (tmp_path / "journal" / "0").glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[len(data) - ends[-1] + ends[at] - 10] ^= 0xFF
    segment.write_bytes(data)

    pipeline = Pipeline(settings(tmp_path), threading.Event())
    pipeline.drain()
    assert any("damaged" in problem for problem in problems_of(pipeline))
    pipeline.close()
    assert mids(tmp_path) == [f"m{n}" for n in range(3) if n != at]
    drain(tmp_path)
    assert len(fates(tmp_path)) == 2
    append(tmp_path, [record([event("later")])])
    drain(tmp_path)
    books = audit(LakeReader(tmp_path / "lake"))
    assert not books.balances
    assert [(gap.first, gap.last) for gap in books.gaps] == [(at, at)]


def test_a_journal_that_the_lake_has_more_of_is_not_waited_for_in_silence(tmp_path: Path) -> None:
    folder = tmp_path / "journal" / "0"
    append(tmp_path, [record([event("a")])])
    shutil.copytree(folder, tmp_path / "backup")
    append(tmp_path, [record([event(f"b{n}")]) for n in range(5)])
    drain(tmp_path)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)

    pipeline = Pipeline(settings(tmp_path), threading.Event())
    pipeline.drain()
    (problem,) = problems_of(pipeline)
    assert problem.startswith("the journal 0 is older than what the lake has of it")
    folder.rename(folder.with_name(f"0-{SegmentReader(folder).id}"))
    append(tmp_path, [record([event("c")])])
    pipeline.drain()
    assert problems_of(pipeline) == []
    pipeline.close()
    assert mids(tmp_path) == ["a", "b0", "b1", "b2", "b3", "b4", "c"]


def test_what_is_lost_is_remembered_over_restarts_until_somebody_closes_it(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path / "journal" / "0")
    ends = [writer.append([record([event(f"m{n}")])]) for n in range(3)]
    writer.append([b"no record"])
    writer.close()
    (segment,) = (tmp_path / "journal" / "0").glob("*.seg")
    data = bytearray(segment.read_bytes())
    data[ends[1] - 10] ^= 0xFF
    segment.write_bytes(data)
    for _ in range(2):
        pipeline = Pipeline(settings(tmp_path), threading.Event())
        pipeline.drain()
        pipeline.close()
    incidents = Incidents(tmp_path)
    found = {(one.severity, one.what) for one in incidents.open().values()}
    assert found == {
        ("loss", "bytes of a journal cannot be read"),
        ("loss", "a journal record could not be read and is in quarantine"),
    }
    for number in list(incidents.open()):
        incidents.close(number)
    assert Incidents(tmp_path).open() == {}
