"""Files that rot are found in the background, before anybody asks for them, and all readers leave them out."""

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from footfall.incidents import Incidents
from footfall.lake import broken_files
from footfall.lake.check import check_files
from footfall.lake.data_files import CHANGED
from footfall.lake.query import LakeReader
from footfall.lake.repair import repair
from footfall.lake.scrub import Scrub
from footfall.lake.table import LakeTable
from footfall.pipeline.process import Pipeline
from tests.lake.rows import many, open_events, put, row
from tests.pipeline.records import append, event, record, settings


@pytest.fixture(name="lake")
def _lake(tmp_path: Path) -> LakeTable:
    lake = open_events(tmp_path)
    many(lake, files=4, rows=50)
    return lake


def flip(path: Path, at: int = 1000, bit: int = 3) -> None:
    """Change one bit of a file, as a tired disk does: neither size nor footer tell."""
    content = bytearray(path.read_bytes())
    content[at % (len(content) - 2000)] ^= 1 << bit
    path.write_bytes(content)


def go_through(scrub: Scrub) -> None:
    """Make one pass through all files."""
    scrub.advance()
    while scrub._left or scrub._reading is not None:
        scrub.advance()


def whys(root: Path) -> dict[str, str]:
    return broken_files.read(root).get("events", {})


def test_what_is_whole_is_not_noted(tmp_path: Path, lake: LakeTable) -> None:
    scrub = Scrub(tmp_path, [lake])
    go_through(scrub)
    assert scrub.broken == set()
    assert not (tmp_path / broken_files.FILE).exists()


@pytest.mark.parametrize("at", [4, 333, 2048, 5001])
def test_a_flipped_bit_is_found_and_left_out_of_answers(tmp_path: Path, lake: LakeTable, at: int) -> None:
    victim = lake.files()[1]
    with closing(LakeReader(tmp_path)) as reader:
        assert reader.query("SELECT count(*) FROM events").rows == [(200,)]
        flip(victim, at)
        scrub = Scrub(tmp_path, [lake])
        go_through(scrub)
        assert scrub.broken == {victim}
        assert reader.query("SELECT count(*) FROM events").rows == [(150,)]
        assert len(reader.remarks) == 1
        assert CHANGED in reader.remarks[0]
    with closing(LakeReader(tmp_path)) as another:
        assert another.query("SELECT count(*) FROM events").rows == [(150,)]
    assert [(fault.where, fault.why) for fault in check_files(tmp_path, deep=False)] == list(whys(tmp_path).items())


def test_a_file_that_is_gone_is_noted(tmp_path: Path, lake: LakeTable) -> None:
    lake.files()[0].unlink()
    go_through(Scrub(tmp_path, [lake]))
    assert list(whys(tmp_path).values()) == ["it is missing"]


def test_notes_are_forgotten_when_the_file_is_whole_again_or_gone_from_the_table(
    tmp_path: Path, lake: LakeTable
) -> None:
    healed, removed, *_ = lake.files()
    before = healed.read_bytes()
    flip(healed)
    flip(removed)
    go_through(Scrub(tmp_path, [lake]))
    assert len(whys(tmp_path)) == 2
    healed.write_bytes(before)
    lake.commit(lake.removals({str(removed.relative_to(lake.folder))}), {}, note="test")
    scrub = Scrub(tmp_path, [lake])
    assert scrub.broken == {healed, removed}
    go_through(scrub)
    assert scrub.broken == set()
    assert whys(tmp_path) == {}


def test_a_file_that_was_replaced_while_it_was_read_is_not_noted(tmp_path: Path, lake: LakeTable) -> None:
    victim = lake.files()[-1]
    flip(victim)
    scrub = Scrub(tmp_path, [lake])
    scrub.advance()
    lake.commit(lake.removals({str(victim.relative_to(lake.folder))}), {}, note="test")
    go_through(scrub)
    assert whys(tmp_path) == {}


def test_what_somebody_could_not_read_is_next(tmp_path: Path, lake: LakeTable) -> None:
    victim = lake.files()[0]
    flip(victim)
    scrub = Scrub(tmp_path, [lake])
    for _ in range(3):  # it is said again as long as it is so
        scrub.suspect(lake, [str(victim.relative_to(lake.folder))])
    scrub.advance()
    scrub.advance()
    assert scrub.broken == {victim}
    assert scrub._left == []


def test_it_rests_between_two_passes_and_while_the_pipeline_is_behind(tmp_path: Path, lake: LakeTable) -> None:
    behind = True
    scrub = Scrub(tmp_path, [lake], lambda: behind)
    scrub.step()
    assert scrub._left == []
    scrub._next_pass = 0.0
    scrub.step()
    assert scrub._left == [], "behind"
    behind = False
    scrub.step()
    assert len(scrub._left) == 3
    go_through(scrub)
    scrub._next_step = 0.0
    scrub.step()
    assert scrub._left == []
    assert scrub._reading is None


def test_a_repair_clears_the_notes_of_what_it_mended(tmp_path: Path, lake: LakeTable) -> None:
    first, second, *_ = lake.files()
    spare = tmp_path / "spare"
    kept = spare / "lake" / "events" / first.relative_to(lake.folder)
    kept.parent.mkdir(parents=True)
    kept.write_bytes(first.read_bytes())
    flip(first)
    flip(second)
    go_through(Scrub(tmp_path, [lake]))
    result = repair(tmp_path, lambda _: "no", spare=spare)  # not deep: the notes say where to look
    assert [left.where for left in result.left] == [str(second.relative_to(lake.folder))]
    assert list(whys(tmp_path)) == [str(second.relative_to(lake.folder))]
    with closing(LakeReader(tmp_path)) as reader:
        assert reader.query("SELECT count(*) FROM events").rows == [(150,)]


def test_the_pipeline_scrubs_says_so_and_remembers(tmp_path: Path) -> None:
    append(tmp_path, [record([event("a")])])
    pipeline = Pipeline(settings(tmp_path, batch_seconds=0), threading.Event())
    try:
        pipeline._sources.discover()
        pipeline._step()
        [victim] = pipeline._store.events.files()
        flip(victim)
        pipeline._scrub._next_pass = 0.0
        deadline = time.monotonic() + 60
        while not pipeline._scrub.broken:
            assert time.monotonic() < deadline
            pipeline._scrub._next_step = 0.0
            pipeline._keep_house()
        problems = pipeline._heartbeat("running").problems
        assert [victim.name in problem for problem in problems] == [True]
        [incident] = Incidents(tmp_path).open().values()
        assert (incident.severity, incident.where) == ("loss", victim.name)
    finally:
        pipeline.close()


def test_notes_that_cannot_be_read_are_none(tmp_path: Path, lake: LakeTable) -> None:
    put(lake, [row(900)])
    for content in (b"", b"{", b"[]", b'{"events": 3}', b"\xff"):
        (tmp_path / broken_files.FILE).write_bytes(content)
        with closing(LakeReader(tmp_path)) as reader:
            assert reader.query("SELECT count(*) FROM events").rows == [(201,)]
        go_through(Scrub(tmp_path, [lake]))
