"""The web process itself: its socket, its start, its end, its size, its log."""

import json
import logging
import signal
import stat
import sys
from pathlib import Path

import psutil

from footfall.dashboard.server import TerseFormatter
from footfall.peer import HEADER
from tests.dashboard.server import SECRET, web_process


def test_small_private_and_ended_by_sigterm(tmp_path: Path) -> None:
    with web_process(tmp_path) as web:
        assert web.client.get("/").status_code == 200
        seen = psutil.Process(web.process.pid)
        assert seen.memory_full_info().pss < 110 << 20
        assert not any("pyarrow" in entry.path or "sqlalchemy" in entry.path for entry in seen.memory_maps())
        assert web.client.get("/api/meta").json()["product"] == "footfall"
        assert stat.S_ISSOCK(web.socket.stat().st_mode)
        assert stat.S_IMODE(web.socket.stat().st_mode) == 0o600
        web.process.send_signal(signal.SIGTERM)
        assert web.process.wait(20) in (0, -signal.SIGTERM)
        assert web.log == ""


def test_only_a_collector_says_who_asks(tmp_path: Path) -> None:
    with web_process(tmp_path) as web:
        assert web.client.get("/api/meta").json()["open"] is True
        assert web.client.get("/api/meta", headers={HEADER: f"{SECRET} ::1"}).status_code == 200
        for peer in ("", "loopback", "127.0.0.1", SECRET, f"{SECRET} 203.0.113.9", f"{'t' * 32} 127.0.0.1"):
            assert web.client.get("/api/meta", headers={HEADER: peer}).status_code == 401, peer


def logged(message: str, error: Exception | None, *, as_json: bool) -> str:
    """A line of the log, as whoever logs an error has it written."""
    try:
        if error is not None:
            raise error
        info = None
    except Exception:  # noqa: BLE001 - whatever was given
        info = sys.exc_info()
    record = logging.LogRecord("uvicorn.error", logging.ERROR, __file__, 1, message, None, info)
    return TerseFormatter(as_json=as_json).format(record)


def test_the_log_tells_kind_and_place_of_an_error_and_nothing_that_it_quotes() -> None:
    line = json.loads(logged("Exception in ASGI application\nhere it comes", ValueError("a secret"), as_json=True))
    assert set(line) == {"event", "role", "level", "timestamp"}
    assert (line["role"], line["level"]) == ("web", "error")
    assert line["event"].startswith(f"Exception in ASGI application: ValueError at {__file__}:")


def test_the_log_can_be_read_by_a_person() -> None:
    assert logged("Something happened", None, as_json=False).endswith("Z [error] Something happened role=web")
