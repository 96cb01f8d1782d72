"""The web process itself: its socket, its start, its end, its size."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from footfall.peer import VARIABLE

SECRET = "s" * 32
_RUN = (
    "import sys; from pathlib import Path; from footfall.insights.role import run; from footfall.settings import load;"
)
_CALL = "run(load({'data': Path(sys.argv[1])}), uds=Path(sys.argv[2]))"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[bytes]", Path]]:
    path = tmp_path / "web.sock"
    path.write_bytes(b"")  # what an earlier process may have left
    environment = {**os.environ, "MALLOC_ARENA_MAX": "2", VARIABLE: SECRET}
    started = subprocess.Popen([sys.executable, "-c", _RUN + _CALL, tmp_path, path], env=environment)
    try:
        yield started, path
    finally:
        started.kill()
        started.wait()


def ask(path: Path, target: str, peer: str = f"{SECRET} 127.0.0.1") -> httpx.Response:
    deadline = time.monotonic() + 20
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(path)) == 0:
                break
        assert time.monotonic() < deadline
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), base_url="http://localhost") as client:
        return client.get(target, headers={"X-Footfall-Peer": peer})


def test_small_private_and_ended_by_sigterm(process: tuple["subprocess.Popen[bytes]", Path]) -> None:
    started, path = process
    assert ask(path, "/").status_code == 200
    seen = psutil.Process(started.pid)
    assert seen.memory_full_info().pss < 110 << 20
    assert not any("pyarrow" in entry.path or "sqlalchemy" in entry.path for entry in seen.memory_maps())
    assert ask(path, "/api/meta").json()["product"] == "footfall"
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    started.send_signal(signal.SIGTERM)
    assert started.wait(20) in (0, -signal.SIGTERM)


def test_only_a_collector_says_who_asks(process: tuple["subprocess.Popen[bytes]", Path]) -> None:
    _, path = process
    assert ask(path, "/api/meta").json()["open"] is True
    assert ask(path, "/api/meta", f"{SECRET} ::1").status_code == 200
    for peer in ("", "loopback", "127.0.0.1", SECRET, f"{SECRET} 203.0.113.9", f"{'t' * 32} 127.0.0.1"):
        assert ask(path, "/api/meta", peer).status_code == 401, peer
