"""Commits: once, whole, durable; and a table that opens again whatever a crash has left."""

import os
import shutil
import time
from pathlib import Path

import pytest
from deltalake import DeltaTable

from footfall.lake.lock import LakeLock, LakeLockedError
from footfall.lake.log_entry import entry_path as entry
from footfall.lake.table import CommitError
from tests.disks import largest_file

from .rows import mids, open_events, partition, put, reading, row, table


def log(root: Path) -> Path:
    return root / "events" / "_delta_log"


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def test_positions_are_committed_with_the_rows_and_survive(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    assert lake.position("j1") is None
    assert put(lake, [row(1)], {"j1": 10, "j2": 3}) == 1
    put(lake, [row(2)], {"j1": 11})
    lake = open_events(tmp_path)
    assert (lake.position("j1"), lake.position("j2"), lake.version) == (11, 3, 2)
    assert mids(tmp_path) == ["m1", "m2"]


def test_the_same_call_again_commits_nothing(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    file = lake.write(table([row(1)]), partition())
    assert lake.commit([file], {"j": 1}) == 1
    assert lake.commit([file], {"j": 1}) == 1
    assert mids(tmp_path) == ["m1"]


def test_a_commit_that_went_through_without_our_knowing_is_not_repeated(tmp_path: Path) -> None:
    """The other handle stands for the part of this process that lost the answer."""
    lake, same = open_events(tmp_path), open_events(tmp_path)
    file = lake.write(table([row(1)]), partition())
    same.commit([file], {"j": 1})
    with pytest.raises(CommitError):
        lake.commit([file], {"j": 1})
    assert lake.commit([file], {"j": 1}) == 1
    assert mids(tmp_path) == ["m1"]
    assert put(lake, [row(2)], {"j": 2}) == 2


@pytest.mark.parametrize("size", [0, 100, 400])
def test_a_commit_that_the_disk_refuses_can_be_made_again(tmp_path: Path, size: int) -> None:
    lake = open_events(tmp_path)
    file = lake.write(table([row(1)]), partition())
    for _ in range(3):
        with (
            largest_file(size),
            pytest.raises(CommitError, match=r"^the commit to events failed: [ -~]*File too large"),
        ):
            lake.commit([file], {"j": 1})
    assert sorted(path.name for path in log(tmp_path).iterdir()) == [entry(lake.folder, 0).name]
    assert lake.commit([file], {"j": 1}) == 1
    assert mids(tmp_path) == ["m1"]


def test_a_file_that_the_disk_refuses_leaves_nothing_behind(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    with largest_file(2000), pytest.raises(OSError, match="File too large"):
        lake.write(table([row(1)]), partition())
    assert list((tmp_path / "events").rglob("*.parquet")) == []


def test_a_checkpoint_that_fails_does_not_fail_the_commit(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    with largest_file(2000):
        for position in range(1, 60):
            lake.commit([], {"j": position})
    assert list(log(tmp_path).glob("*.checkpoint.parquet")) == []
    for position in range(60, 120):
        lake.commit([], {"j": position})
    assert len(list(log(tmp_path).glob("*.checkpoint.parquet"))) == 2


def test_positions_and_files_outlive_the_log_that_brought_them(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    for number in range(30):
        put(lake, [row(number)], {f"j{number}": number})
    behind = DeltaTable(tmp_path / "events", version=3)
    with reading(tmp_path) as reader:
        reader.query("SELECT 1 FROM events")
        for number in range(30, 40):
            put(lake, [row(number)], {f"j{number}": number})
        for path in log(tmp_path).iterdir():
            age(path, 2)
        lake.sweep()
        assert len(list(log(tmp_path).glob("*.json"))) < 5

        for found in (lake, open_events(tmp_path)):
            assert [found.position(f"j{number}") for number in range(40)] == list(range(40))
        assert reader.query("SELECT count(*) FROM events").rows == [(40,)]
        behind.update_incremental()
        assert behind.version() == 40
        put(lake, [row(40)], {"j40": 40})
        assert reader.query("SELECT count(*) FROM events").rows == [(41,)]


def test_a_folder_without_a_log_becomes_a_table(tmp_path: Path) -> None:
    log(tmp_path).mkdir(parents=True)
    with reading(tmp_path) as reader:
        assert reader.version() == -1
        assert reader.query("SELECT count(*) FROM events").rows == [(0,)]
        put(open_events(tmp_path), [row(1)])
        assert reader.query("SELECT count(*) FROM events").rows == [(1,)]


def test_leftovers_of_a_killed_commit_are_cleared_away(tmp_path: Path) -> None:
    put(open_events(tmp_path), [row(1)])
    for name in ("_commit_1f.json.tmp", f"{2:020d}.json#1"):
        (log(tmp_path) / name).write_bytes(b"{}")
    open_events(tmp_path)
    assert [path.name for path in log(tmp_path).iterdir() if not path.name.endswith(".json")] == []


def test_a_lake_can_be_moved(tmp_path: Path) -> None:
    put(open_events(tmp_path / "a"), [row(1)])
    shutil.move(tmp_path / "a", tmp_path / "b")
    put(open_events(tmp_path / "b"), [row(2)])
    assert mids(tmp_path / "b") == ["m1", "m2"]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    lock = LakeLock(tmp_path / "lake")
    with pytest.raises(LakeLockedError):
        LakeLock(tmp_path / "lake")
    lock.release()
    lock.release()
    LakeLock(tmp_path / "lake").release()
