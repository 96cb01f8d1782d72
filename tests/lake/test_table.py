"""Commits: once, whole, durable; and a table that opens again whatever a crash has left."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from footfall.lake.deltalog import entry
from footfall.lake.lock import LakeLock, LakeLockedError
from footfall.lake.table import CommitError

from .disks import largest_file
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


def test_vacuum_removes_only_what_is_old_and_not_in_use(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(1)])
    put(lake, [row(2)])
    used, replaced = (lake.folder / path for version in (1, 2) for path in lake.added(version) or ())
    merged = lake.write(table([row(2)]), partition(), data_change=False)
    lake.commit([*lake.removals({str(replaced.relative_to(lake.folder))}), merged], {})
    about_to_be_committed = lake.write(table([row(3)]), partition())
    given_up = lake.folder / lake.write(table([row(4)]), partition()).path
    for path in (used, replaced, given_up):
        age(path, 3)

    before = lake.version
    assert lake.vacuum(1) == 1
    assert not given_up.exists()
    assert used.exists()
    assert replaced.exists(), "it was replaced a moment ago, however old it is"
    assert lake.version >= before
    lake.commit([about_to_be_committed], {"j": 1})
    assert mids(tmp_path) == ["m1", "m2", "m3"]
    assert mids(tmp_path) == ["m1", "m2", "m3"]
    assert open_events(tmp_path).position("j") == 1


@pytest.mark.parametrize("hours", [0.0, 0.4, 1.0])
def test_vacuum_keeps_an_hour_at_least(tmp_path: Path, hours: float) -> None:
    lake = open_events(tmp_path)
    young = lake.folder / lake.write(table([row(1)]), partition()).path
    age(young, 0.9)
    assert lake.vacuum(hours) == 0
    assert young.exists()


TORN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "cut between lines": lambda data: data[: data.rindex(b"\n", 0, -1) + 1],
    "one line short": lambda data: b"".join(data.splitlines(keepends=True)[:-1]),
    "zeros": lambda data: bytes(len(data)),
    "zeros at the end": lambda data: data[:200] + bytes(len(data) - 200),
}


@pytest.mark.parametrize("how", TORN)
def test_a_newest_entry_that_is_torn_is_put_aside(tmp_path: Path, how: str) -> None:
    lake = open_events(tmp_path)
    for number in range(4):
        put(lake, [row(number)], {"j": number})
    newest = entry(lake.folder, 4)
    newest.write_bytes(TORN[how](newest.read_bytes()))

    lake = open_events(tmp_path)
    assert (lake.version, lake.position("j")) == (3, 2)
    assert mids(tmp_path) == ["m0", "m1", "m2"]
    assert put(lake, [row(3)], {"j": 3}) == 4
    assert mids(tmp_path) == ["m0", "m1", "m2", "m3"]
    assert newest.with_name(newest.name + ".torn").exists()


def test_entries_behind_a_torn_one_go_too(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    for number in range(4):
        put(lake, [row(number)], {"j": number})
    entry(lake.folder, 3).write_bytes(b"")
    lake = open_events(tmp_path)
    assert (lake.version, lake.position("j")) == (2, 1)


def test_a_table_torn_at_its_creation_is_made_anew(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    entry(lake.folder, 0).write_bytes(b"")
    lake = open_events(tmp_path)
    put(lake, [row(1)])
    assert mids(tmp_path) == ["m1"]


def test_a_folder_without_a_log_becomes_a_table(tmp_path: Path) -> None:
    log(tmp_path).mkdir(parents=True)
    with reading(tmp_path) as reader:
        assert reader.version() == -1
        assert reader.query("SELECT count(*) FROM events").rows == [(0,)]
        put(open_events(tmp_path), [row(1)])
        assert reader.query("SELECT count(*) FROM events").rows == [(1,)]


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"\0" * 16_000])
@pytest.mark.parametrize("pointer", [None, b"", b'{"version":', b'{"version":99,"size":1}', "gone"])
def test_a_torn_checkpoint_does_not_keep_the_table_from_opening(
    tmp_path: Path, damage: bytes, pointer: bytes | str | None
) -> None:
    lake = open_events(tmp_path)
    for number in range(3):
        put(lake, [row(number)], {"j": number})
        lake.checkpoint()
    newest = max(log(tmp_path).glob("*.checkpoint.parquet"))
    newest.write_bytes(damage)
    if isinstance(pointer, bytes):
        (log(tmp_path) / "_last_checkpoint").write_bytes(pointer)
    elif pointer == "gone":
        (log(tmp_path) / "_last_checkpoint").unlink()

    lake = open_events(tmp_path)
    assert (lake.version, lake.position("j")) == (3, 2)
    assert mids(tmp_path) == ["m0", "m1", "m2"]
    lake.checkpoint()
    assert open_events(tmp_path).version == 3


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
