"""The folder of what processes have for each other: it may be lost, full, or deep; and serving needs no other."""

import shutil
import signal
import socket
import stat
from pathlib import Path

import psutil
import pytest

from footfall.runtime import heartbeat, runtime_folder
from footfall.runtime.heartbeat import Heartbeat
from footfall.settings import Settings
from tests.cli.samples import impression
from tests.disks import small_disk, use_up_bytes, use_up_inodes
from tests.serving import Served, serving, until


def test_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(runtime_folder.VARIABLE, raising=False)
    assert Settings(data=tmp_path).heartbeat == tmp_path / "run" / "pipeline.json"
    monkeypatch.setenv(runtime_folder.VARIABLE, f"{tmp_path / 'given'}:/elsewhere")
    assert Settings(data=tmp_path).runtime.parent == tmp_path / "given"
    assert Settings(data=tmp_path).runtime != Settings(data=tmp_path / "other").runtime
    monkeypatch.setenv(runtime_folder.VARIABLE, "relative")
    assert Settings(data=tmp_path).runtime == tmp_path / "run"


def test_it_is_private_and_made_again_but_never_without_its_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "run"
    with pytest.raises(FileNotFoundError):
        runtime_folder.write(folder / "a.json", b"1")
    folder.mkdir(mode=0o755, parents=True)
    runtime_folder.prepare(folder)
    runtime_folder.write(folder / "a.json", b"1")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "a.json").stat().st_mode) == 0o600
    shutil.rmtree(folder)
    runtime_folder.write(folder / "a.json", b"2")
    assert (folder / "a.json").read_bytes().strip() == b"2"


def test_what_dead_processes_left_is_swept(tmp_path: Path) -> None:
    for name in ("web.sock", "collector-7.json", "collector-7.numbers", ".web.json.1.new", "pipeline.json"):
        (tmp_path / name).touch()
    (tmp_path / f"{runtime_folder.SPILL}1").mkdir()
    (tmp_path / "somebody's").mkdir()
    runtime_folder.sweep(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"pipeline.json", "somebody's"}


@pytest.mark.parametrize("use_up", [use_up_bytes, use_up_inodes])
def test_where_no_file_can_be_made_the_old_one_is_written_over(tmp_path: Path, use_up: object) -> None:
    with small_disk(tmp_path / "disk", "size=256k,nr_inodes=20") as disk:
        path = disk / "run" / "pipeline.json"
        (disk / "run").mkdir()
        heartbeat.write(path, Heartbeat(at=1, pid=1))
        (use_up_bytes if use_up is use_up_bytes else use_up_inodes)(disk)
        heartbeat.write(path, Heartbeat(at=2, pid=1, problems=["x" * 1000]))
        assert heartbeat.read(path) == Heartbeat(at=2, pid=1, problems=["x" * 1000])
        heartbeat.write(path, Heartbeat(at=3, pid=1))
        assert heartbeat.read(path) == Heartbeat(at=3, pid=1)
        with pytest.raises(OSError, match="No space left"):
            runtime_folder.write(path, b"x" * 5000)
        assert [left.name for left in path.parent.iterdir()] == ["pipeline.json"]


def test_a_socket_in_a_deep_folder(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 40) / ("er" * 40)
    folder.mkdir(parents=True)
    path = folder / "web.sock"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        with runtime_folder.socket_name(path) as name:
            listener.bind(name)
        listener.listen()
        with runtime_folder.socket_name(path) as name:
            client.connect(name)


def takes_in_and_shows(served: Served, number: int) -> None:
    served.forget_connections()
    until(lambda: served.get("/login").status_code != 503, 30)
    answer = served.post([impression(f"IMPRESSION:{number}")])
    assert answer.json()["result"]["accepted"] == 1
    served.wait_for("SELECT * FROM events", lambda rows: len(rows) == number)
    assert served.get("/api/meta").status_code == 200
    until(lambda: served.get("/health").json()["status"] == "ok", 30)


def test_it_goes_on_while_folders_are_full_or_gone(tmp_path: Path) -> None:
    data = tmp_path / ("d" * 100) / ("e" * 100)
    data.parent.mkdir()
    with (
        small_disk(tmp_path / "tmp", "size=64k") as disk,
        serving(data, batch_seconds=0.2, environment={"TMPDIR": str(disk)}) as served,
    ):
        use_up_bytes(disk)
        for role in ("collector", "web", "pipeline"):
            psutil.Process(served.children()[role][0]).send_signal(signal.SIGKILL)
        until(lambda: len(served.children()) == 4)
        takes_in_and_shows(served, 1)
        assert not list(disk.rglob("*footfall*"))
        shutil.rmtree(data / "run")
        takes_in_and_shows(served, 2)
        assert (data / "run" / "web.sock").is_socket()
        assert "SIGBUS" not in served.log


def test_the_systems_folder_is_used_where_it_says_so(tmp_path: Path) -> None:
    given = tmp_path / "given"
    with serving(tmp_path / "data", collectors=1, environment={runtime_folder.VARIABLE: str(given)}) as served:
        (folder,) = given.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert (folder / "web.sock").is_socket()
        assert not (tmp_path / "data" / "run" / "web.sock").exists()
        until(lambda: served.get("/health").json()["status"] == "ok", 30)
        assert "footfall is" not in served.run("health")
    assert not list(folder.glob("*.sock"))
