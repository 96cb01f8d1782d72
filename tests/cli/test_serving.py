"""`footfall serve` as a process: starting, stopping, dying."""

import signal
import socket
import subprocess
from pathlib import Path

import httpx
import psutil
import pytest

from tests.cli.samples import impression
from tests.serving import PROGRAM, Served, serving, until


def stored(served: Served) -> set[str]:
    return {row["mid"] for row in served.query("SELECT mid FROM events")}


def test_what_was_acknowledged_is_there_after_a_clean_stop_at_once(tmp_path: Path) -> None:
    sent = {f"IMPRESSION:{number}" for number in range(50)}
    with serving(tmp_path, batch_seconds=30) as served:
        for mid in sent:
            assert served.post([impression(mid)]).json()["result"]["accepted"] == 1
    with serving(tmp_path) as served:
        assert stored(served) == sent
        assert served.run_json("audit")["balances"] is True


def test_what_was_acknowledged_is_there_after_kill_9_of_everything(tmp_path: Path) -> None:
    sent = {f"IMPRESSION:{number}" for number in range(50)}
    with serving(tmp_path, batch_seconds=0.2) as served:
        for mid in sent:
            assert served.post([impression(mid)]).json()["result"]["accepted"] == 1
        served.kill()
    with serving(tmp_path) as served:
        served.wait_for("SELECT mid FROM events", lambda rows: {row["mid"] for row in rows} == sent)
        assert served.run_json("audit")["balances"] is True


def answers(served: Served) -> bool:
    """Whether the page is there; a connection that was kept to a process now dead is dropped by asking."""
    try:
        return served.get("/login").status_code != 503
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("role", ["collector", "pipeline", "web", "flows"])
def test_a_process_that_dies_is_started_again(tmp_path: Path, role: str) -> None:
    with serving(tmp_path, batch_seconds=0.2) as served:
        served.post([impression("IMPRESSION:before")])
        victim = served.children()[role][0]
        psutil.Process(victim).kill()
        until(lambda: served.children().get(role, [victim])[0] != victim and len(served.children()) == 4)
        until(lambda: answers(served))
        assert served.post([impression("IMPRESSION:after")]).json()["result"]["accepted"] == 1
        served.wait_for("SELECT mid FROM events", lambda rows: len(rows) == 2)


def test_ctrl_c_stops_it(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        psutil.Process(served.pid).send_signal(signal.SIGINT)
        until(lambda: not served.is_running)


def test_the_same_folder_cannot_be_served_twice(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        done = served_again(tmp_path)
        assert done.returncode == 2
        assert str(tmp_path) in done.stderr
        assert served.post([impression("IMPRESSION:1")]).status_code == 200


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = served_again(tmp_path, "--port", str(port))
    assert done.returncode == 2
    assert f":{port}" in done.stderr


@pytest.mark.parametrize(
    "text", ["port = 'x'\n", "no_such_setting = 1\n", "port = \n", "dedup_days = 0\n", "log_format = 'xml'\n"]
)
def test_a_setting_that_cannot_be_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "footfall.toml").write_text(text)
    done = served_again(tmp_path)
    assert done.returncode == 2
    assert "setting" in done.stderr or "footfall.toml" in done.stderr


def test_the_file_of_settings_is_read_and_the_command_line_wins(tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").write_text("max_batch_events = 2\ncollectors = 5\n")
    with serving(tmp_path, "--collectors", "1") as served:
        assert len(served.children()["collector"]) == 1
        reply = served.post([impression(f"IMPRESSION:{number}") for number in range(3)])
        assert reply.status_code == 413
        assert reply.json()["params"]["err"] == "too_many_events"


def test_off_loopback_nothing_is_open(tmp_path: Path) -> None:
    with serving(tmp_path, "--host", "0.0.0.0") as served:
        assert served.post([impression("IMPRESSION:1")]).status_code == 401
        assert served.get("/api/meta").status_code == 401
        assert served.get("/").status_code in (302, 303)
        keys = served.run_json("channel", "add", "school")
        until(lambda: served.post([impression("IMPRESSION:2")], key=keys["public"]).status_code == 200)
        served.run("user", "list")


def served_again(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [PROGRAM, "serve", "--data", str(data), *(arguments or ["--port", "0"])]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_the_first_answer_comes_soon_after_the_start(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        assert httpx.get(served.url + "/health").json()["status"] == "ok"
