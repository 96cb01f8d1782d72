"""Who may read what footfall makes: nobody else; and the lake, one group where a setting names it."""

import grp
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall import permissions
from footfall.errors import TerminalError
from footfall.lake.data_files import NewFile, writing
from footfall.lake.disk import open_lock, replace_durably
from tests.cli.samples import impression
from tests.serving import Served, serving, until

GROUP = "nogroup"
_SOON = {"batch_seconds": 0.2, "collectors": 1, "flow_seconds": 0.2, "flow_idle": False}


def everything(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    for path in (folder, *folder.rglob("*")):
        try:
            found = path.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISLNK(found.st_mode):
            yield path, found


def readable_by_others(folder: Path) -> list[str]:
    return [f"{stat.filemode(found.st_mode)} {path}" for path, found in everything(folder) if found.st_mode & 0o077]


def wrongly_shared(data: Path, group: int) -> list[str]:
    """What is not as the group should have it."""
    wrong = []
    for path, found in everything(data):
        is_lake = path == data / "lake" or data / "lake" in path.parents
        if path == data:
            wanted = 0o710
        elif is_lake:
            wanted = 0o2750 if stat.S_ISDIR(found.st_mode) else 0o640
        else:
            wanted = stat.S_IMODE(found.st_mode) & 0o2700
        has_group = found.st_gid == group or not (is_lake or path == data)
        if stat.S_IMODE(found.st_mode) != wanted or not has_group:
            wrong.append(f"{stat.filemode(found.st_mode)} {found.st_gid} {path}")
    return wrong


def busy(served: Served) -> None:
    """Have every process of it write something."""
    before = {path.name for path in (served.data / "lake").rglob("*.parquet")}
    for sent in (impression(f"IMPRESSION:{time.time_ns()}"), {"eid": 7}):
        assert served.post([sent]).status_code == 200
    until(lambda: len({path.name for path in (served.data / "lake" / "events").rglob("*.parquet")} - before) > 1)
    until(lambda: (served.data / "lake" / "flows" / "_delta_log").exists(), 60)


@pytest.fixture
def loose() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("loose")
def test_everything_is_private_also_what_was_there(tmp_path: Path) -> None:
    data, target, named = tmp_path / "data", tmp_path / "backup", tmp_path / "named.ndjson"
    (data / "plans").mkdir(parents=True)
    (data / "footfall.toml").write_text("batch_seconds = 0.2\n")
    with serving(data, **_SOON) as served:
        assert readable_by_others(data) == []
        busy(served)
        served.log_in()
        served.run("channel", "add", "school")
        served.run("backup", str(target))
        day = served.query("SELECT max(day)::VARCHAR AS day FROM ledger")[0]["day"]
        served.run("export", "--day", day, "--output", str(named))
        assert readable_by_others(data) == readable_by_others(target) == []
    assert readable_by_others(data) == []
    assert stat.S_IMODE(named.stat().st_mode) == 0o666


@pytest.mark.usefixtures("loose")
@pytest.mark.skipif(os.geteuid() != 0, reason="files are given to a group that this user may not be in")
def test_a_group_may_read_the_lake_and_nothing_else(tmp_path: Path) -> None:
    data, target, again = tmp_path / "data", tmp_path / "backup", tmp_path / "again"
    group = grp.getgrnam(GROUP).gr_gid
    with serving(data, **_SOON) as served:
        served.post([impression("IMPRESSION:before")])
    with serving(data, lake_group=GROUP, **_SOON) as served:
        assert wrongly_shared(data, group) == []
        busy(served)
        served.run("backup", str(target))
        assert readable_by_others(target) == []
        served.data = again
        served.run("restore", str(target))
        served.data = data
        assert wrongly_shared(data, group) == wrongly_shared(again, group) == []
    permissions.tighten(data, "")
    assert readable_by_others(data) == []


def test_a_group_that_is_not_known_is_named(tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match="no group 'nobody-has-this'"):
        permissions.tighten(tmp_path, "nobody-has-this")


def test_links_are_not_followed_but_where_a_store_is_one(tmp_path: Path) -> None:
    data, elsewhere, disk = tmp_path / "data", tmp_path / "elsewhere", tmp_path / "disk"
    for folder in (data, elsewhere, disk):
        folder.mkdir(mode=0o755)
        (folder / "file").touch(0o644)
    (data / "link").symlink_to(elsewhere)
    (data / "lake").symlink_to(disk)
    permissions.tighten(data, "")
    assert readable_by_others(data) == readable_by_others(disk) == []
    assert len(readable_by_others(elsewhere)) == 2


@pytest.mark.usefixtures("loose")
def test_what_a_compaction_or_a_repair_makes_in_a_lake_is_as_the_lake(tmp_path: Path) -> None:
    permissions.begin()
    for shared, modes in ((0o700, (0o700, 0o600)), (0o2750, (0o2750, 0o640))):
        root = tmp_path / f"{shared:o}"
        root.mkdir()
        root.chmod(shared)
        new = NewFile.make({"day": "2026-11-30"}, 1, 1)
        with writing(root, new) as file:
            file.write(b"x")
        replace_durably(root / new.folder / "mark", b"x")
        os.close(open_lock(root / "lock"))
        found = {stat.S_IMODE(about.st_mode) for path, about in everything(root)}
        assert found == set(modes)
