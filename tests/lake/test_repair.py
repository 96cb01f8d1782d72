"""What is wrong with a lake is found and named, and mended where that can be done without losing anything."""

import shutil
from pathlib import Path

import pytest

from footfall.lake.check import LakeFault, check
from footfall.lake.damage import LakeDamagedError
from footfall.lake.delta_log import no_source
from footfall.lake.hourly import Hourly
from footfall.lake.log_entry import entry_path
from footfall.lake.recovery_record import RECORD
from footfall.lake.repair import Repaired, repair
from footfall.lake.table import LakeTable

from .rows import mids, open_events, partition, put, row, table
from .test_vacuum import age


def fill(root: Path) -> LakeTable:
    lake = open_events(root)
    for number in range(4):
        put(lake, [row(number * 10 + n, event="x" * 400) for n in range(10)], {"j": number})
    Hourly(root, lake).catch_up()
    return lake


def kinds(found: list[LakeFault]) -> list[tuple[str, str]]:
    return [(fault.table, fault.kind) for fault in found]


def mend(root: Path, **how: object) -> Repaired:
    return repair(root, no_source, **how)  # type: ignore[arg-type]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)


ALL = [f"m{number}" for number in range(40)]


def test_nothing_is_wrong(tmp_path: Path) -> None:
    fill(tmp_path)
    assert check(tmp_path) == []
    assert check(tmp_path, deep=True) == []
    assert mend(tmp_path, deep=True) == Repaired()
    assert check(tmp_path / "nowhere") == []


def test_a_missing_file_and_a_truncated_one(tmp_path: Path) -> None:
    lake = fill(tmp_path)
    first, second, *_ = sorted(lake.files())
    first.unlink()
    second.write_bytes(second.read_bytes()[:50])
    found = check(tmp_path)
    assert sorted(kinds(found)) == [("events", "file changed"), ("events", "file missing")]
    assert all(fault.rows == 10 and fault.is_loss for fault in found)
    result = mend(tmp_path)
    assert sorted(kinds(result.left)) == sorted(kinds(found))
    assert result.done == []


def test_a_flipped_bit_shows_when_every_byte_is_read(tmp_path: Path) -> None:
    lake = fill(tmp_path)
    flip(lake.files()[0])
    assert check(tmp_path) == []
    assert kinds(check(tmp_path, deep=True)) == [("events", "file changed")]


def test_files_are_put_back_from_a_backup(tmp_path: Path) -> None:
    lake = fill(tmp_path / "lake")
    shutil.copytree(tmp_path / "lake", tmp_path / "files" / "lake")
    missing, changed, spoilt, *_ = sorted(lake.files())
    missing.unlink()
    flip(changed)
    flip(spoilt)
    flip(tmp_path / "files" / "lake" / "events" / spoilt.relative_to(lake.folder))
    result = mend(tmp_path / "lake", spare=tmp_path / "files", deep=True)
    assert len(result.done) == 2
    assert [fault.where for fault in result.left] == [spoilt.relative_to(lake.folder).as_posix()]
    assert kinds(check(tmp_path / "lake", deep=True)) == [("events", "file changed")]
    assert (tmp_path / "lake" / "aside" / changed.name).exists()


def test_what_can_be_read_of_a_broken_file_is_kept(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    many = table([row(number, event=f"{number:04}" * 100) for number in range(400)])
    lake.commit([lake.write(many, partition(), group_rows=100)], {"j": 1})
    put(lake, [row(400)], {"j": 2})
    path = max(lake.files(), key=lambda found: found.stat().st_size)
    flip(path)
    version = lake.version
    result = mend(tmp_path, salvage=True, deep=True)
    assert result.rows_lost == 100
    assert result.left == []
    assert len(mids(tmp_path)) == 301
    assert check(tmp_path, deep=True) == []
    assert (tmp_path / "aside" / path.name).exists()
    assert open_events(tmp_path).position("j") == 2
    assert open_events(tmp_path).added(version + 1) == [], "nothing is counted again"


@pytest.mark.parametrize("how", ["missing", "no footer"])
def test_a_file_of_which_nothing_can_be_read_is_taken_out(tmp_path: Path, how: str) -> None:
    lake = fill(tmp_path)
    path = lake.files()[0]
    if how == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    result = mend(tmp_path, salvage=True)
    assert result.rows_lost == 10
    assert len(mids(tmp_path)) == 30
    assert check(tmp_path, deep=True) == []


def test_a_lost_log_is_put_back_from_its_copy(tmp_path: Path) -> None:
    lake = fill(tmp_path)
    lake.sweep()
    put(lake, [row(40)], {"j": 5})
    shutil.rmtree(tmp_path / "events" / "_delta_log")
    assert ("events", "log lost") in kinds(check(tmp_path))
    mend(tmp_path)
    assert mids(tmp_path) == [*ALL, "m40"]
    assert open_events(tmp_path).position("j") == 5
    assert check(tmp_path, deep=True) == []


@pytest.mark.parametrize("which", ["everything", "one copy"])
def test_a_lost_log_without_a_whole_copy(tmp_path: Path, which: str) -> None:
    lake = fill(tmp_path)
    shutil.rmtree(tmp_path / "events" / "_delta_log")
    record = tmp_path / "events" / RECORD
    if which == "everything":
        record.unlink()
    else:
        lines = record.read_bytes().splitlines(keepends=True)
        record.write_bytes(b"".join(line for line in lines if b'"version":2,' not in line))
    with pytest.raises(LakeDamagedError, match="there is no whole copy"):
        mend(tmp_path)
    assert len(list(lake.folder.rglob("*.parquet"))) == 4


def test_a_damaged_entry_is_said_before_and_mended(tmp_path: Path) -> None:
    fill(tmp_path)
    entry_path(tmp_path / "events", 3).write_bytes(b"{")
    assert kinds(check(tmp_path)) == [("events", "log damaged")]
    assert "put back from its copy" in mend(tmp_path).done[0]
    assert mids(tmp_path) == ALL


def test_a_derived_table_is_made_anew(tmp_path: Path) -> None:
    lake = fill(tmp_path)
    next((tmp_path / "hourly").glob("*.parquet")).unlink()
    assert kinds(check(tmp_path)) == [("hourly", "file missing")]
    assert mend(tmp_path).done == ["the table hourly is made anew at the next start"]
    Hourly(tmp_path, lake).catch_up()
    assert check(tmp_path, deep=True) == []


def test_strangers_are_listed_and_left(tmp_path: Path) -> None:
    lake = fill(tmp_path)
    stranger = lake.files()[0].with_name("0" * 32 + ".1.parquet")
    stranger.write_bytes(b"PAR1")
    given_up = lake.folder / lake.write(table([row(9)]), partition()).path
    for path in (stranger, given_up):
        age(path, 5)
    (found,) = check(tmp_path)
    assert (found.kind, found.is_loss) == ("file unknown", False)
    assert found.where.endswith(stranger.name)
    assert mend(tmp_path, salvage=True).done == []
    assert stranger.exists()
