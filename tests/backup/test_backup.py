"""Backups hold one state, whole and proved; what is wrong with one is said, and nothing half is of use."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from footfall.backup import manifest
from footfall.backup.create import create
from footfall.backup.manifest import BackupError
from footfall.backup.restore import choose, restore, verify
from footfall.control.store import Control
from footfall.installation import InstallationError, open_installation
from footfall.lake.hold import removing
from tests.disks import largest_file
from tests.pipeline.records import append, ask, drain, event, record
from tests.serving import PROGRAM


def nothing(_done: int, _total: int) -> None:
    """No progress bar."""


def fill(data: Path, *mids: str) -> None:
    """Bring events into the lake."""
    append(data, [record([event(mid)]) for mid in mids], segment_bytes=1 << 16)
    drain(data)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with events in the lake, some in the journal alone, a channel and a login."""
    folder = tmp_path / "data"
    open_installation(folder)
    fill(folder, "a", "b")
    append(folder, [record([event("waiting")])], segment_bytes=1 << 16)
    with Control.open(folder / "control.db") as control:
        control.add_channel("school")
        control.add_user("ada", "correct horse")
    (folder / "footfall.toml").write_text("collectors = 1\n")
    (folder / "plans").mkdir()
    (folder / "plans" / "own.yaml").write_text("plan: own\n")
    return folder


def make(data: Path, target: Path, **how: int) -> str:
    return create(data, target, open_installation(data), nothing, **how).name


def mids(data: Path) -> list[str]:
    return [mid for (mid,) in ask(data, "SELECT mid FROM events ORDER BY mid")]


def test_what_is_restored_is_what_was_backed_up(tmp_path: Path, data: Path) -> None:
    target, restored = tmp_path / "target", tmp_path / "restored"
    name = make(data, target)
    restore(target, name, restored, nothing)
    assert mids(restored) == ["a", "b"]
    drain(restored)
    assert mids(restored) == ["a", "b", "waiting"]
    assert open_installation(restored) == open_installation(data)
    with Control.open(restored / "control.db") as control:
        assert [channel.name for channel in control.channels()] == ["school"]
        assert control.log_in("ada", "correct horse", 60) is not None
    for name in ("footfall.toml", "plans/own.yaml"):
        assert (restored / name).read_bytes() == (data / name).read_bytes()


def test_only_what_is_new_is_copied(tmp_path: Path, data: Path) -> None:
    target = tmp_path / "target"
    first = create(data, target, open_installation(data), nothing)
    fill(data, "c")
    second = create(data, target, open_installation(data), nothing)
    assert len(manifest.names(target)) == 2
    (new,) = (set(shared(target, second.name)) - set(shared(target, first.name))) & {
        path for path in shared(target, second.name) if "events/" in path
    }
    assert second.bytes > second.copied
    assert (target / "files" / new).exists()
    restore(target, first.name, tmp_path / "old", nothing)
    assert mids(tmp_path / "old") == ["a", "b"]


def shared(target: Path, name: str) -> list[str]:
    return [file.path for file in manifest.read(target, name).files if file.place == "shared"]


def test_old_ones_go_with_what_only_they_had(tmp_path: Path, data: Path) -> None:
    target = tmp_path / "target"
    names = [make(data, target, keep=2)]
    for number in range(3):
        fill(data, f"c{number}")
        names.append(make(data, target, keep=2))
    assert manifest.names(target) == names[-2:]
    used = {path for name in names[-2:] for path in shared(target, name)}
    files = target / "files"
    assert {path.relative_to(files).as_posix() for path in files.rglob("*.parquet")} == used
    restore(target, names[-1], tmp_path / "restored", nothing)
    assert mids(tmp_path / "restored") == ["a", "b", "c0", "c1", "c2", "waiting"]


def test_nothing_is_removed_from_the_lake_meanwhile(tmp_path: Path, data: Path) -> None:
    seen: list[bool] = []

    def look(_done: int, _total: int) -> None:
        with removing(data / "lake") as may_remove:
            seen.append(may_remove)

    create(data, tmp_path / "target", open_installation(data), look)
    assert seen
    assert not any(seen)
    with removing(data / "lake") as may_remove:
        assert may_remove


def test_a_broken_file_of_the_lake_is_named_and_all_others_are_there(tmp_path: Path, data: Path) -> None:
    target = tmp_path / "target"
    good = make(data, target)
    fill(data, "c")
    newest = max((data / "lake" / "events").rglob("0*.parquet"))
    flip(newest)
    first = next(path for path in sorted((data / "lake" / "events").rglob("0*.parquet")) if path != newest)
    flip(first)
    made = create(data, target, open_installation(data), nothing)
    assert made.missing == [newest.relative_to(data).as_posix()], "the other is there from before"
    assert verify(target, made.name, nothing) == []
    assert good in manifest.names(target)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_folder_that_is_not_ours(tmp_path: Path, data: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "letter.txt").write_text("dear")
    with pytest.raises(BackupError, match="is not empty"):
        make(data, tmp_path / "target")
    with pytest.raises(BackupError, match="holds no backups"):
        choose(tmp_path / "target", None)
    other = tmp_path / "other"
    open_installation(other)
    make(other, tmp_path / "others")
    with pytest.raises(BackupError, match="of another installation"):
        make(data, tmp_path / "others")
    with pytest.raises(BackupError, match=r"cannot be made: .*letter"):
        make(data, tmp_path / "target" / "letter.txt")
    with pytest.raises(BackupError, match="there is no backup yesterday"):
        choose(tmp_path / "others", "yesterday")


def test_a_backup_that_failed_leaves_the_one_before(tmp_path: Path, data: Path) -> None:
    target = tmp_path / "target"
    name = make(data, target)
    fill(data, "c")
    with largest_file(500), pytest.raises(BackupError, match=r"cannot be (made|read)"):
        make(data, target)
    assert manifest.names(target) == [name]
    assert len(manifest.names(target)) == 1
    restore(target, make(data, target), tmp_path / "restored", nothing)
    assert mids(tmp_path / "restored") == ["a", "b", "c", "waiting"]
    assert len(list((target / "backups").iterdir())) == 2, "what the failed one left is gone"


def test_one_at_a_time(tmp_path: Path, data: Path) -> None:
    seen = []

    def again(_done: int, _total: int) -> None:
        with pytest.raises(BackupError, match="under way"):
            make(data, tmp_path / "target")
        seen.append(True)

    create(data, tmp_path / "target", open_installation(data), again)
    assert seen


def test_a_restore_goes_to_an_empty_folder_only(tmp_path: Path, data: Path) -> None:
    target = tmp_path / "target"
    name = make(data, target)
    with pytest.raises(BackupError, match="is not empty"):
        restore(target, name, data, nothing)
    with pytest.raises(BackupError, match="cannot be restored"):
        restore(target, name, data / "footfall.toml", nothing)


@pytest.mark.parametrize("part", range(1, 9))
def test_a_restore_that_is_interrupted_is_of_no_use_until_it_is_gone_on_with(
    tmp_path: Path, data: Path, part: int
) -> None:
    target, restored = tmp_path / "target", tmp_path / "restored"
    name = make(data, target)
    calls = 0

    def interrupt(_done: int, _total: int) -> None:
        nonlocal calls
        calls += 1
        if calls == part:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(target, name, restored, interrupt)
    with pytest.raises(InstallationError, match="unfinished restore"):
        open_installation(restored)
    fill(data, "c")
    newer = make(data, target)
    with pytest.raises(BackupError, match="unfinished restore of"):
        restore(target, newer, restored, nothing)
    restore(target, name, restored, nothing)
    assert mids(restored) == ["a", "b"]
    assert open_installation(restored) == open_installation(data)


@pytest.mark.parametrize("how", ["flip", "cut", "gone"])
def test_a_backup_that_was_damaged_is_not_restored(tmp_path: Path, data: Path, how: str) -> None:
    target = tmp_path / "target"
    name = make(data, target)
    path = max((target / "files").rglob("*.parquet"))
    if how == "flip":
        flip(path)
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    assert verify(target, name, nothing) == [path.relative_to(target / "files").as_posix()]
    with pytest.raises(BackupError, match=r"not what was copied|has lost"):
        restore(target, name, tmp_path / "restored", nothing)
    with pytest.raises(InstallationError):
        open_installation(tmp_path / "restored")


def test_a_damaged_manifest_is_no_backup(tmp_path: Path, data: Path) -> None:
    target = tmp_path / "target"
    name = make(data, target)
    (target / "backups" / name / "manifest.json").write_bytes(b"{")
    with pytest.raises(BackupError, match="there is no backup"):
        restore(target, name, tmp_path / "restored", nothing)


def test_the_commands(tmp_path: Path, data: Path) -> None:
    target = tmp_path / "target"
    assert "3 events" not in run("backup", target, data)
    (line,) = json.loads(run("backup", target, data, "--list", "--format", "json"))
    assert line["missing"] == 0
    run("backup", target, data, "--verify")
    run("restore", target, tmp_path / "restored")
    assert mids(tmp_path / "restored") == ["a", "b"]
    flip(max((target / "files").rglob("*.parquet")))
    run("backup", target, data, "--verify", code=1)
    run("restore", target, tmp_path / "again", code=2)
    run("restore", tmp_path / "nowhere", tmp_path / "again2", code=2)
    run("backup", target, tmp_path / "nothing", code=2)
    assert not (tmp_path / "nothing").exists()
    shutil.rmtree(data / "lake" / "events" / "_delta_log")
    assert "footfall lake check" in run("backup", tmp_path / "t2", data, code=2)


def run(command: str, target: Path, data: Path, *more: str, code: int = 0) -> str:
    done = subprocess.run(
        [PROGRAM, command, str(target), "--data", str(data), *more], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr
