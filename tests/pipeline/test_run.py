"""The process: what it says about itself, what it refuses, and what it does when nothing or much is to be done."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable
from msgspec import structs

from footfall.lake.columns import EVENTS, Column
from footfall.lake.table import LakeTable
from footfall.lake.tables import EVENTS_TABLE, adding
from footfall.pipeline.process import Pipeline
from footfall.runtime import heartbeat
from tests.lake.rows import many, open_events

from .records import append, ask, drain, event, fates, now_ms, record, settings

ROOT = Path(__file__).parents[2]


def test_the_heartbeat_says_how_far_it_is(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    received = now_ms() - 5000
    append(tmp_path, [record([event("a")], received_at=received), record([event("b")], received_at=received + 2000)])
    drain(tmp_path)
    beat = heartbeat.read(chosen.heartbeat)
    assert beat is not None
    assert (beat.state, beat.pid, beat.lag_bytes, beat.problems) == ("stopped", os.getpid(), 0, [])
    assert beat.newest_stored_at == received + 2000
    assert abs(beat.at - now_ms()) < 10_000

    drain(tmp_path)
    again = heartbeat.read(chosen.heartbeat)
    assert again is not None
    assert again.newest_stored_at == received + 2000, "known from the lake after a restart"


def test_an_idle_pipeline_commits_nothing(tmp_path: Path) -> None:
    append(tmp_path, [record([event("a")])])
    drain(tmp_path)
    before = open_events(tmp_path / "lake").version
    stop = threading.Event()
    pipeline = Pipeline(settings(tmp_path, batch_seconds=0.01), stop)
    thread = threading.Thread(target=pipeline.run)
    thread.start()
    time.sleep(0.3)
    stop.set()
    thread.join(20)
    assert open_events(tmp_path / "lake").version == before


@pytest.mark.parametrize(("waited", "events", "committed"), [(1.5, 1, False), (2.5, 1, True), (1.5, 900, True)])
def test_few_events_wait_twice_as_long_for_their_commit(
    tmp_path: Path, waited: float, events: int, committed: bool
) -> None:
    append(tmp_path, [record([event(f"m{n}") for n in range(events)])])
    pipeline = Pipeline(settings(tmp_path, batch_seconds=600), threading.Event())
    try:
        pipeline._sources.discover()
        pipeline._committed_at = time.monotonic() - waited * 600
        before = pipeline._store.events.version
        pipeline._step()
        assert (pipeline._store.events.version > before) == committed
    finally:
        pipeline.close()


def test_a_backlog_is_committed_in_bites(tmp_path: Path) -> None:
    big = event("x", edata={"type": "t", "pageid": "p" * 3_000_000})
    append(tmp_path, [record([big | {"mid": f"m{n}"}]) for n in range(12)])
    drain(tmp_path, batch_bytes=6 << 20)
    assert len(fates(tmp_path)) == 12
    assert 4 <= open_events(tmp_path / "lake").version <= 8


def test_events_are_in_the_lake_about_a_second_after_they_are_durable(tmp_path: Path) -> None:
    stop = threading.Event()
    pipeline = Pipeline(settings(tmp_path, batch_seconds=0.2), stop)
    thread = threading.Thread(target=pipeline.run)
    thread.start()
    try:
        for number in range(2):
            append(tmp_path, [record([event(f"m{number}")])], str(number))
            deadline = time.monotonic() + 20
            while ask(tmp_path, "SELECT count(*) FROM events") != [(number + 1,)]:
                assert time.monotonic() < deadline
    finally:
        stop.set()
        thread.join(20)


def test_small_files_are_compacted_while_events_come_in(tmp_path: Path) -> None:
    many(open_events(tmp_path / "lake"), 20, 30)
    stop = threading.Event()
    pipeline = Pipeline(settings(tmp_path, compact_seconds=0.01, batch_seconds=0.01), stop)
    append(tmp_path, [record([event("new")])])
    thread = threading.Thread(target=pipeline.run)
    thread.start()
    deadline = time.monotonic() + 30
    while len(ask(tmp_path, "SELECT DISTINCT day FROM events")) < 2 or open_events_files(tmp_path) > 2:
        assert time.monotonic() < deadline
    stop.set()
    thread.join(20)
    assert ask(tmp_path, "SELECT count(*), count(DISTINCT mid) FROM events") == [(601, 601)]


def open_events_files(data: Path) -> int:
    return len(DeltaTable(data / "lake" / "events").file_uris())


def test_a_lake_of_a_newer_version_is_refused_for_good(tmp_path: Path) -> None:
    column = Column("extra", "string", since=EVENTS_TABLE.version + 1)
    newer = structs.replace(
        EVENTS_TABLE, columns=(*EVENTS, column), migrations=(*EVENTS_TABLE.migrations, adding(column))
    )
    LakeTable(tmp_path / "lake", newer)
    environment = os.environ | {"FOOTFALL_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "footfall.services", "pipeline"]
    ended = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 78
    assert "run the footfall that wrote it" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("journals", [0, 3])
def test_stopping_at_once(tmp_path: Path, journals: int) -> None:
    for number in range(journals):
        append(tmp_path, [record([event(f"m{number}")])], str(number))
    stop = threading.Event()
    stop.set()
    Pipeline(settings(tmp_path), stop).run()
    assert len(fates(tmp_path)) == journals
