"""`footfall demo --portal`: one command starts all of it, and Ctrl-C ends all of it."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from footfall.installation import open_installation
from tests.serving import PROGRAM, until

_ADDRESSES = re.compile(r"footfall demo is at (\S+)\nthe portal is at +(\S+)\nits mail arrives at (\S+)\n")


def test_one_command_starts_and_ends_everything(tmp_path: Path) -> None:
    data, out, log = tmp_path / "data", tmp_path / "out", tmp_path / "log"
    open_installation(data)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    (data / "demo-history").touch()  # two weeks of history would be sent first
    with out.open("wb") as stdout, log.open("wb") as stderr:
        demo = subprocess.Popen(
            [PROGRAM, "demo", "--portal", "--data", str(data), "--port", port, "--rate", "0.1"],
            stdout=stdout,
            stderr=stderr,
            env=os.environ | {"FOOTFALL_COLLECTORS": "1"},
        )
    children: list[psutil.Process] = []
    try:
        until(lambda: _ADDRESSES.search(out.read_text()) is not None, 60, lambda: _require_running(demo))
        dashboard, portal, inbox = _ADDRESSES.findall(out.read_text())[0]
        assert dashboard.endswith(f":{port}")
        with httpx.Client(timeout=60, trust_env=False) as client:
            assert "Learn how life works" in client.get(portal).text
            assert "Nothing has arrived yet" in client.get(inbox).text
            assert dashboard in client.get(f"{portal}/footfall.js").text
        children = psutil.Process(demo.pid).children(recursive=True)
        assert len([child for child in children if "portal" in " ".join(child.cmdline())]) == 2
    finally:
        demo.send_signal(signal.SIGINT)
        code = demo.wait(60)
    assert (code, "Traceback" in log.read_text()) == (0, False)
    assert psutil.wait_procs(children, timeout=10)[1] == []


def _require_running(demo: subprocess.Popen[bytes]) -> None:
    assert demo.poll() is None, "the demo has ended"


def test_a_portal_whose_parent_is_killed_ends_too(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from footfall.demo.portal import DemoPortal\n"
        "house = DemoPortal(Path(sys.argv[1])); house.start(''); print(house.url, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()
    assert httpx.get(url, timeout=60, trust_env=False).status_code == 200
    children = psutil.Process(parent.pid).children()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert len(children) == 2
    assert psutil.wait_procs(children, timeout=10)[1] == []


@pytest.mark.parametrize("missing", ["argon2", "aiosmtpd"])
def test_without_its_packages_it_says_what_to_install(tmp_path: Path, missing: str) -> None:
    script = f"import sys; sys.modules[{missing!r}] = None; from footfall.__main__ import main; main()"
    command = [sys.executable, "-c", script, "demo", "--portal", "--data", str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr == f"footfall: the portal needs {missing}: pip install 'footfall[server,portal]'\n"


def test_it_is_for_this_machine_only(tmp_path: Path) -> None:
    command = [PROGRAM, "demo", "--portal", "--data", str(tmp_path / "data")]
    environment = os.environ | {"FOOTFALL_HOST": "0.0.0.0"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)
    assert (done.returncode, "for this machine only" in done.stderr) == (2, True)


def test_a_setting_that_cannot_be_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "portal", "--captcha-score", "high"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "examples" / "portal")},
    )
    assert (done.returncode, "$.captcha_score" in done.stderr) == (2, True)
