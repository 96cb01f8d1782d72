"""Background work by turns, and compaction that waits for its turn, but not for ever."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.lake.background_lock import BackgroundLock
from footfall.lake.compaction import scheduler as upkeep_module
from footfall.lake.compaction.scheduler import CompactionScheduler
from footfall.lake.table import LakeTable

from .rows import many, open_events


@pytest.fixture
def other(tmp_path: Path) -> Iterator[BackgroundLock]:
    turn = BackgroundLock(tmp_path)
    yield turn
    turn.release()


def test_one_at_a_time(tmp_path: Path, other: BackgroundLock) -> None:
    mine = BackgroundLock(tmp_path)
    assert mine.is_free
    assert mine.take()
    assert mine.take()
    assert not other.take()
    assert not other.is_free
    mine.release()
    mine.release()
    assert other.take()


def test_who_asks_is_heard_until_it_has_had_its_turn(tmp_path: Path, other: BackgroundLock) -> None:
    mine = BackgroundLock(tmp_path)
    assert other.take()
    mine.ask()
    assert other.is_asked
    other.release()
    mine.ask()
    assert not other.is_free, "it would come before the one that waits"
    assert mine.take()
    mine.release()
    assert other.is_free


def test_who_asked_and_is_gone_is_forgotten(tmp_path: Path, other: BackgroundLock) -> None:
    BackgroundLock(tmp_path).ask()
    assert other.is_asked
    long_ago = time.time() - 3600
    os.utime(tmp_path / "background.asked", (long_ago, long_ago))
    assert not other.is_asked
    assert other.is_free


@pytest.fixture
def _nothing_is_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep_module, "_LITTLE_BYTES", 0)


def _run(upkeep: CompactionScheduler) -> None:
    upkeep.step()
    while upkeep._running is not None:
        time.sleep(0.005)
        upkeep.step()


def test_where_little_is_to_be_done_nobody_has_to_make_room(tmp_path: Path, other: BackgroundLock) -> None:
    lake = open_events(tmp_path)
    many(lake, 12, 30)
    assert other.take()
    _run(CompactionScheduler(lake, 0.0))
    assert lake.adds().num_rows == 1
    assert not other.is_asked


def test_where_little_comes_every_third_round_is_enough(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    upkeep = CompactionScheduler(lake, 0.001)
    rounds = []
    for _ in range(6):
        many(lake, 8, 1)
        time.sleep(0.002)
        _run(upkeep)  # compacts, where it does
        time.sleep(0.002)
        _run(upkeep)  # finds nothing more, and the next round begins
        rounds.append(lake.adds().num_rows == 1)
    assert sum(rounds) < len(rounds)
    assert rounds[0]


@pytest.mark.usefixtures("_nothing_is_little")
def test_compaction_waits_for_its_turn(tmp_path: Path, other: BackgroundLock) -> None:
    lake = open_events(tmp_path)
    many(lake, 12, 30)
    upkeep = CompactionScheduler(lake, 0.0)
    assert other.take()
    _run(upkeep)
    assert lake.adds().num_rows == 12
    assert other.is_asked
    other.release()
    _run(upkeep)
    assert lake.adds().num_rows == 1
    assert other.is_free


@pytest.mark.usefixtures("_nothing_is_little")
def test_compaction_that_has_nothing_left_to_do_does_not_ask(
    tmp_path: Path, other: BackgroundLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = open_events(tmp_path)
    many(lake, 12, 30)
    upkeep = CompactionScheduler(lake, 0.0)
    assert other.take()
    upkeep.step()
    assert other.is_asked
    monkeypatch.setattr(upkeep_module, "choose", lambda *_, **__: None)
    upkeep.step()
    assert not other.is_asked


@pytest.mark.usefixtures("_nothing_is_little")
def test_compaction_does_not_wait_for_ever(
    tmp_path: Path, other: BackgroundLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake: LakeTable = open_events(tmp_path)
    many(lake, 12, 30)
    monkeypatch.setattr(upkeep_module, "_PATIENCE", 0.0)
    upkeep = CompactionScheduler(lake, 0.0)
    assert other.take()
    _run(upkeep)
    assert lake.adds().num_rows == 1
