"""A folder with leftovers is never taken for a new installation, and no store for another's."""

import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from footfall.control.store import Control
from footfall.installation import InstallationError, create_store, open_installation
from tests.pipeline.records import append, drain, event, record
from tests.serving import PROGRAM, serving, until


def filled(folder: Path) -> Path:
    open_installation(folder)
    append(folder, [record([event("a")])])
    drain(folder)
    return folder


def without_ids(folder: Path) -> Path:
    """As one from before there were ids."""
    for path in folder.rglob("installation.json"):
        path.unlink()
    (folder / "lake" / "tables.json").unlink(missing_ok=True)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_empty_folder_becomes_one_and_stays_the_same(tmp_path: Path) -> None:
    own = open_installation(tmp_path / "a" / "b")
    assert open_installation(tmp_path / "a" / "b") == own
    assert open_installation(tmp_path / "a" / "b", own.id) == own
    assert open_installation(tmp_path / "c").id != own.id


def test_what_may_be_there_before(tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    (tmp_path / "footfall.toml").write_text("")
    with Control.open(tmp_path / "control.db") as control:
        control.add_channel("school")
    own = open_installation(tmp_path)
    with Control.open(tmp_path / "control.db") as control:
        assert [channel.name for channel in control.channels()] == ["school"]
    assert open_installation(tmp_path) == own


def test_another_id_is_wanted(tmp_path: Path) -> None:
    own = open_installation(tmp_path / "data")
    with pytest.raises(InstallationError, match=f"holds the installation {own.id}, and 0123 is wanted"):
        open_installation(tmp_path / "data", "0123")
    (tmp_path / "mountpoint").mkdir()
    with pytest.raises(InstallationError, match="is its disk mounted"):
        open_installation(tmp_path / "mountpoint", own.id)
    assert [path.name for path in (tmp_path / "mountpoint").iterdir()] == ["installation.lock"]


@pytest.mark.parametrize("store", ["lake", "journal"])
@pytest.mark.parametrize("how", ["empty", "gone"])
def test_a_store_that_is_missing(tmp_path: Path, store: str, how: str) -> None:
    data = filled(tmp_path / "data")
    (data / store).rename(tmp_path / "elsewhere")
    if how == "empty":
        (data / store).mkdir()
    before = contents(data)
    with pytest.raises(
        InstallationError, match=rf"the {store} of the installation .* is not in .*`footfall {store} create`"
    ):
        open_installation(data)
    assert contents(data) == before
    create_store(data, store)
    open_installation(data)
    shutil.rmtree(data / store)
    (tmp_path / "elsewhere").rename(data / store)
    open_installation(data)
    with pytest.raises(InstallationError, match="is not empty"):
        create_store(data, store)


def test_both_stores_missing(tmp_path: Path) -> None:
    data = filled(tmp_path / "data")
    for store in ("lake", "journal"):
        shutil.rmtree(data / store)
    with pytest.raises(InstallationError, match="the lake of the installation"):
        open_installation(data)


@pytest.mark.parametrize("store", ["lake", "journal"])
def test_a_store_of_another_installation(tmp_path: Path, store: str) -> None:
    data, other = filled(tmp_path / "data"), filled(tmp_path / "other")
    shutil.rmtree(data / store)
    shutil.copytree(other / store, data / store)
    with pytest.raises(InstallationError, match="stores of different installations"):
        open_installation(data)


def test_a_control_database_of_another_installation(tmp_path: Path) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    for folder in (data, other):
        open_installation(folder)
        Control.open(folder / "control.db").close()
        open_installation(folder)
    shutil.copy(other / "control.db", data / "control.db")
    with pytest.raises(InstallationError, match=r"control\.db belongs to another installation"):
        open_installation(data)
    (data / "control.db").write_bytes(b"no database at all, but somebody else reports that")
    open_installation(data)


def test_the_folder_s_own_id_is_lost(tmp_path: Path) -> None:
    data = filled(tmp_path / "data")
    own = open_installation(data)
    (data / "installation.json").unlink()
    assert open_installation(data) == own
    (data / "installation.json").write_text("{")
    with pytest.raises(InstallationError, match="cannot be read"):
        open_installation(data)


@pytest.mark.parametrize("made", ["lake", "journal"])
def test_it_was_killed_while_it_was_made(tmp_path: Path, made: str) -> None:
    data = tmp_path / "data"
    own = open_installation(data)
    (data / "installation.json").unlink()
    if made == "lake":
        shutil.rmtree(data / "journal")
    assert open_installation(data) == own


def test_one_from_before_there_were_ids_gets_one(tmp_path: Path) -> None:
    data = without_ids(filled(tmp_path / "data"))
    own = open_installation(data)
    assert open_installation(data) == own
    assert (data / "lake" / "installation.json").exists()


@pytest.mark.parametrize("lost", ["lake", "log", "events"])
def test_one_from_before_whose_lake_is_lost(tmp_path: Path, lost: str) -> None:
    data = without_ids(filled(tmp_path / "data"))
    if lost == "lake":
        shutil.rmtree(data / "lake")
    elif lost == "log":
        shutil.rmtree(data / "lake" / "events" / "_delta_log")
    else:
        shutil.rmtree(data / "lake" / "events")
    with pytest.raises(InstallationError, match="held a lake whose log is gone"):
        open_installation(data)


def test_one_from_before_without_its_journals_gets_new_ones(tmp_path: Path) -> None:
    data = without_ids(filled(tmp_path / "data"))
    shutil.rmtree(data / "journal")
    open_installation(data)


@pytest.mark.parametrize("name", ["letter.txt", "run", ".git"])
def test_a_folder_of_somebody_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(InstallationError, match=f"holds {name} and no installation"):
        open_installation(tmp_path)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(InstallationError, match="cannot be used"):
        open_installation(file)


def serve(data: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """A server that does not start."""
    command = [PROGRAM, "serve", "--data", str(data), "--port", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_serve_says_what_is_missing_and_starts_when_it_is_back(tmp_path: Path) -> None:
    data, aside = tmp_path / "data", tmp_path / "aside"
    with serving(data, batch_seconds=0.1) as served:
        served.post([event("a")])
        served.wait_for("SELECT * FROM events", lambda rows: len(rows) == 1)
    for store in ("lake", "journal"):
        (data / store).rename(aside)
        (data / store).mkdir()
        done = serve(data)
        assert done.returncode == 2, done.stderr
        assert f"the {store} of the installation" in done.stderr
        assert "Traceback" not in done.stderr
        (data / store).rmdir()
        aside.rename(data / store)
    with serving(data, batch_seconds=0.1) as served:
        assert served.query("SELECT count(*) AS n FROM events") == [{"n": 1}]


def test_two_stores_of_different_age(tmp_path: Path) -> None:
    """The journal of an older copy beside the lake of a newer one: everything acknowledged afterwards arrives."""
    data = tmp_path / "data"
    with serving(data, batch_seconds=0.1) as served:
        for number in range(6):
            served.post([event(f"early{number}")])
        served.wait_for("SELECT * FROM events", lambda rows: len(rows) == 6)
    shutil.copytree(data / "journal", tmp_path / "old")
    with serving(data, batch_seconds=0.1) as served:
        for number in range(24):
            served.post([event(f"middle{number}")])
        served.wait_for("SELECT * FROM events", lambda rows: len(rows) == 30)
    shutil.rmtree(data / "journal")
    shutil.copytree(tmp_path / "old", data / "journal")
    with serving(data, batch_seconds=0.1) as served:
        [[number, incident]] = served.run_json("audit", code=1)["incidents"].items()
        assert "older than what the lake has" in incident["what"]
        until(lambda: any("older" in found["what"] for found in served.get("/health").json()["problems"]))
        served.run("incident", "close", number)
        assert served.run_json("audit", code=0)["balances"]
        for number in range(60):
            assert served.post([event(f"late{number}")]).json()["result"]["accepted"] == 1
        served.wait_for("SELECT * FROM events", lambda rows: len(rows) == 90)
        assert served.run_json("audit", code=0)["balances"]


def test_a_folder_moved_away_under_a_running_server_is_not_begun_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, batch_seconds=0.1) as served:
        served.post([event("a")])
        served.wait_for("SELECT * FROM events", lambda rows: len(rows) == 1)
        (data / "lake").rename(tmp_path / "moved")
        served.post([event("b")])
        until(lambda: "blocked" in (data / "run" / "pipeline.json").read_text())
        assert not (data / "lake" / "events").exists()
        (tmp_path / "moved").rename(data / "lake")
        served.wait_for("SELECT * FROM events", lambda rows: len(rows) == 2)


def test_the_application_id_of_the_control_database(tmp_path: Path) -> None:
    Control.open(tmp_path / "control.db").close()
    own = open_installation(tmp_path)
    with closing(sqlite3.connect(tmp_path / "control.db")) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (int(own.id[:8], 16) & 0x7FFFFFFF or 1,)
