"""Disks that are full: nothing is lost, nothing is doubled, nothing piles up, and it goes on by itself."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.lake.lock import LakeLockedError
from footfall.lake.table import CommitError
from footfall.pipeline.process import Pipeline
from footfall.runtime import heartbeat
from footfall.schema.reasons import Reason
from footfall.schema.record import Rejected
from footfall.schema.verdict import Finding
from tests.disks import largest_file

from .records import append, ask, drain, event, fates, problems_of, record, settings


def parquet_files(data: Path) -> int:
    return len(list((data / "lake" / "events").rglob("*=*/*.parquet")))


def state(path: Path) -> str | None:
    beat = heartbeat.read(path)
    return beat.state if beat is not None else None


def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("size", [0, 300, 1000, 3000, 9000])
def test_a_batch_that_cannot_be_written_is_committed_later_with_what_came_after(tmp_path: Path, size: int) -> None:
    first = event("first")
    pipeline = Pipeline(settings(tmp_path), threading.Event())
    append(tmp_path, [record([first]), b"unreadable", record([first, event("second")])])
    with largest_file(size):
        pipeline.drain()
        pipeline.drain()
    append(tmp_path, [record([event("third")])], "1")
    pipeline.drain()
    pipeline.close()
    drain(tmp_path)

    expected = [
        ("first", "duplicate"),
        ("first", "stored"),
        ("second", "stored"),
        ("third", "stored"),
        (None, "rejected"),
    ]
    assert sorted(fates(tmp_path), key=lambda found: (found[0] or "~", found[1])) == expected
    assert ask(tmp_path, "SELECT sum(n) FROM hourly") == [(5,)]
    assert parquet_files(tmp_path) == 4


def test_trying_again_writes_no_file_twice(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(200_000).hex()
    refused = [Rejected(1, [Finding.make(Reason.NOT_AN_OBJECT)], payload=f'"{noise}"')]
    append(tmp_path, [record([event("m")], refused=refused)])
    pipeline = Pipeline(settings(tmp_path), threading.Event())
    with largest_file(60_000):
        for _ in range(5):
            pipeline.drain()
        assert parquet_files(tmp_path) == 1
        assert any("File too large" in problem for problem in problems_of(pipeline))
    pipeline.drain()
    assert problems_of(pipeline) == []
    pipeline.close()
    assert parquet_files(tmp_path) == 2
    assert [fate for _, fate in fates(tmp_path)] == ["stored", "rejected"]


def test_a_running_pipeline_waits_says_so_and_goes_on(tmp_path: Path) -> None:
    stop = threading.Event()
    chosen = settings(tmp_path, batch_seconds=0.05)
    pipeline = Pipeline(chosen, stop)
    append(tmp_path, [record([event("m")])])
    with largest_file(5000):
        thread = threading.Thread(target=pipeline.run)
        thread.start()
        until(lambda: state(chosen.heartbeat) == "blocked")
        beat = heartbeat.read(chosen.heartbeat)
        assert beat is not None
        assert "File too large" in beat.problems[0]
        assert beat.lag_bytes > 0
    until(lambda: state(chosen.heartbeat) == "running")
    stop.set()
    thread.join(20)
    assert fates(tmp_path) == [("m", "stored")]


def test_stopping_while_blocked_leaves_everything_to_the_next_start(tmp_path: Path) -> None:
    stop = threading.Event()
    chosen = settings(tmp_path, batch_seconds=0.05)
    append(tmp_path, [record([event("m")])])
    pipeline = Pipeline(chosen, stop)
    with largest_file(5000):
        thread = threading.Thread(target=pipeline.run)
        thread.start()
        until(lambda: state(chosen.heartbeat) == "blocked")
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
    append(tmp_path, [record([event("n")])])
    drain(tmp_path)
    assert fates(tmp_path) == [("m", "stored"), ("n", "stored")]


def test_a_lake_that_cannot_be_opened_raises_and_lets_go_of_it(tmp_path: Path) -> None:
    with largest_file(5000), pytest.raises(CommitError, match="File too large"):
        Pipeline(settings(tmp_path), threading.Event())
    Pipeline(settings(tmp_path), threading.Event()).close()


def test_a_second_pipeline_on_the_same_lake_is_refused(tmp_path: Path) -> None:
    first = Pipeline(settings(tmp_path), threading.Event())
    with pytest.raises(LakeLockedError, match="another process writes"):
        Pipeline(settings(tmp_path), threading.Event())
    first.close()
    Pipeline(settings(tmp_path), threading.Event()).close()


def test_a_pipeline_waits_for_the_one_before_it_to_end(tmp_path: Path) -> None:
    first = Pipeline(settings(tmp_path), threading.Event())
    clock = threading.Timer(0.2, first.close)
    clock.start()
    Pipeline(settings(tmp_path), threading.Event(), patience=20).close()
    clock.join()
