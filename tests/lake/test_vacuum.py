"""Vacuum removes what was replaced or given up, and nothing that it cannot prove to be that."""

import os
import shutil
import time
from pathlib import Path

import pytest

from footfall.lake.data_files import NewFile
from footfall.lake.recovery_record import RECORD
from footfall.lake.table import CommitError, LakeTable

from .rows import mids, open_events, partition, put, row, table


def age(path: Path, hours: float) -> None:
    then = time.time() - hours * 3600
    os.utime(path, (then, then))


def old_files(lake: LakeTable) -> list[Path]:
    """All files of the table, made three hours old."""
    found = [path for path in lake.folder.rglob("*.parquet") if "_" not in path.parent.name]
    for path in found:
        age(path, 3)
    return found


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


def test_files_that_the_table_never_knew_stay(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(1)])
    (used,) = lake.files()
    elsewhere = open_events(tmp_path / "elsewhere")
    strange = elsewhere.folder / elsewhere.write(table([row(2)]), partition()).path
    strangers = [used.with_name(name) for name in ("notes.txt", strange.name, "0" * 32 + ".1.parquet", ".hidden")]
    for path in strangers:
        shutil.copy(strange, path)
        age(path, 1000)
    assert lake.vacuum(1) == 0
    assert all(path.exists() for path in strangers)


def test_a_file_half_written_goes(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    new = lake.new_file(partition())
    part = lake.folder / new.folder / f".{new.id}.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"PAR1")
    assert lake.vacuum(1) == 0, "somebody may be writing it"
    age(part, 2)
    assert lake.vacuum(1) == 1
    assert not part.exists()


def test_without_the_record_nothing_that_was_not_replaced_goes(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(1)])
    given_up = lake.folder / lake.write(table([row(4)]), partition()).path
    (tmp_path / "events" / RECORD).unlink()
    old_files(lake)
    assert open_events(tmp_path).vacuum(1) == 0
    assert given_up.exists()


def test_a_log_that_was_replaced_by_an_older_one_removes_nothing(tmp_path: Path) -> None:
    """What its table no longer knows was committed once: it is put back, and not taken for given up."""
    lake = open_events(tmp_path)
    put(lake, [row(0)], {"j": 0})
    shutil.copytree(lake.folder / "_delta_log", tmp_path / "old")
    for number in range(1, 6):
        put(lake, [row(number)], {"j": number})
    shutil.rmtree(lake.folder / "_delta_log")
    shutil.copytree(tmp_path / "old", lake.folder / "_delta_log")
    lake = open_events(tmp_path)
    old_files(lake)
    assert lake.vacuum(1) == 0
    assert mids(tmp_path) == [f"m{number}" for number in range(6)]


def test_a_folder_that_was_moved_away_is_not_begun_anew(tmp_path: Path) -> None:
    lake = open_events(tmp_path / "lake")
    put(lake, [row(1)], {"j": 1})
    (tmp_path / "lake").rename(tmp_path / "moved")
    with pytest.raises(OSError, match=r"moved or replaced|No such file"):
        lake.write(table([row(2)]), partition())
    with pytest.raises(CommitError):
        lake.commit([], {"j": 2})
    with pytest.raises(CommitError):
        lake.vacuum(1)
    assert not (tmp_path / "lake").exists()
    put(open_events(tmp_path / "lake"), [row(5)])
    with pytest.raises(OSError, match="moved or replaced"):
        lake.write(table([row(2)]), partition())
    with pytest.raises(CommitError, match="moved or replaced"):
        lake.commit([], {"j": 2})
    assert mids(tmp_path / "lake") == ["m5"]


def test_names_with_blanks_and_percent_signs_are_known(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    for name in ("a b", "50%", "ä%20b"):
        lake.commit([lake.write(table([row(1)]), {"day": "2026-11-20", "fate": name})], {})
    for path in lake.folder.rglob("*.parquet"):
        age(path, 5)
    assert lake.vacuum(1) == 0
    assert all(path.exists() for path in lake.files())
    assert NewFile.make({"fate": "a b"}, 1, 7).folder == "fate=a b"
