"""Too little memory, disk, files or threads: a 503 that says what helps, and all is well again when there is enough."""

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from footfall.control.store import Control
from footfall.dashboard.app import create
from footfall.dashboard.middleware import ErrorBoundary, refusal_of
from footfall.lake.query import LakeExhaustedError, LakeReader, QueryTimeoutError
from footfall.peer import PeerHeader
from footfall.schema.reasons import Reason
from footfall.settings import Settings
from tests.dashboard.browser import chromium, visit
from tests.dashboard.server import SECRET, WebProcess, serving, web_process
from tests.dashboard.test_crowd import count
from tests.dashboard.traffic import row, write

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
PATHS = ("/api/meta", "/api/series", "/api/totals", "/api/catalogue", "/api/feed", "/api/failed", "/api/flows")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exhausted")
    write(folder / "lake", [row(NOW, number) for number in range(20)])
    count(folder / "lake", 100_000, 1000)
    return folder


@contextmanager
def dashboard(data: Path, memory: str, spill: str = "4GB") -> Iterator[tuple[str, LakeReader]]:
    reader = LakeReader(data / "lake", memory=memory)
    reader._connection.execute(f"SET max_temp_directory_size='{spill}'")
    with serving(create(Settings(data=data), reader=reader, peer=PeerHeader(SECRET))) as url:
        yield url, reader


def check_exhausted(reply: httpx.Response) -> None:
    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) >= 1
    result = reply.json()["result"]
    assert result["code"] == "exhausted"
    assert result["message"] == "An answer to this takes more memory or time than there is at present."
    assert "shorter range" in result["hint"]


@pytest.mark.parametrize(("memory", "spill"), [("4MB", "4GB"), ("8MB", "0KB")])
def test_too_little_memory_or_a_full_spill_is_said(data: Path, memory: str, spill: str) -> None:
    with dashboard(data, memory, spill) as (url, reader):
        check_exhausted(httpx.get(f"{url}/api/series", timeout=60))
        check_exhausted(httpx.get(f"{url}/api/totals", timeout=60))
        reader._connection.execute("SET memory_limit='512MB'")
        assert httpx.get(f"{url}/api/series", timeout=60).status_code == 200


def test_no_thread_to_watch_a_query_is_said(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Timer) -> None:
        raise RuntimeError("can't start new thread")  # as Python does where the system gives none

    with dashboard(data, "512MB") as (url, _):
        monkeypatch.setattr(threading.Timer, "start", start)
        check_exhausted(httpx.get(f"{url}/api/series", timeout=60))
        monkeypatch.undo()
        assert httpx.get(f"{url}/api/series", timeout=60).status_code == 200


def test_the_page_says_what_helps(data: Path) -> None:
    with dashboard(data, "4MB") as (url, _), chromium() as browser, visit(browser, url) as (page, watch):
        problem = page.locator(".series .problem")
        expect(problem).to_contain_text("takes more memory or time than there is at present")
        expect(problem).to_contain_text("ask for a shorter range or for one channel")
        page.close()
        watch.complaints = [text for text in watch.complaints if "503" not in text]


class TestFiles:
    """The real process, where the system gives it no more files."""

    @contextmanager
    def limited(self, web: WebProcess, spare: int) -> Iterator[None]:
        used = len(list(Path(f"/proc/{web.process.pid}/fd").iterdir()))
        usual = resource.prlimit(web.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(web.process.pid, resource.RLIMIT_NOFILE, (used + spare, usual[1]))
        yield
        resource.prlimit(web.process.pid, resource.RLIMIT_NOFILE, usual)

    @pytest.mark.parametrize("is_warm", [True, False])
    def test_no_more_files(self, tmp_path: Path, is_warm: bool) -> None:
        with web_process(tmp_path) as web:
            web.client.get("/docs")
            if is_warm:
                assert [web.client.get(path).status_code for path in PATHS] == [200] * len(PATHS)
            write(tmp_path / "lake", [row(NOW - timedelta(minutes=number), number) for number in range(20)])
            for spare in (0, 1, 2, 4, 8):
                with self.limited(web, spare):
                    for path in PATHS:
                        reply = web.client.get(path)
                        assert reply.status_code in (200, 503), (path, spare)
                        assert reply.status_code == 200 or int(reply.headers["retry-after"]) >= 1
            assert [web.client.get(path).status_code for path in PATHS] == [200] * len(PATHS)
            assert "Traceback" not in web.log

    def test_no_more_files_for_somebody_who_logged_in(self, tmp_path: Path) -> None:
        with Control.open(tmp_path / "control.db") as control:
            control.add_user("ada", "correct horse battery")
            session = control.log_in("ada", "correct horse battery", 600)
        assert session is not None
        headers = {"X-Footfall-Peer": "remote", "Cookie": f"footfall_session={session.token}"}
        with web_process(tmp_path) as web:
            web.client.get("/docs")
            for spare in (0, 1, 2, 3, 4):
                with self.limited(web, spare):
                    for path in ("/api/meta", "/", "/login"):
                        assert web.client.get(path, headers=headers).status_code in (200, 303, 503), (path, spare)
            assert web.client.get("/api/meta", headers=headers).status_code == 200
            assert "Traceback" not in web.log


class PanicException(BaseException):
    """As Rust's panics come to Python."""


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (MemoryError(), 503),
        (OSError(24, "Too many open files"), 503),
        (OSError(12, "Cannot allocate memory"), 503),
        (RuntimeError("can't start new thread"), 503),
        (PanicException("OS can't spawn worker thread"), 503),
        (LakeExhaustedError("no memory"), 503),
        (QueryTimeoutError("the query took longer than 20 s"), 503),
        (RuntimeError("something else"), 500),
        (OSError(2, "No such file or directory"), 500),
    ],
)
def test_only_what_is_used_up_is_a_503(error: BaseException, status: int, caplog: pytest.LogCaptureFixture) -> None:
    refusal = refusal_of(error)
    assert refusal.status == status
    assert refusal.reason is (Reason.EXHAUSTED if status == 503 else Reason.UNAVAILABLE)
    assert ("Retry-After" in refusal.headers) == (status == 503)
    assert all(record.exc_info is None for record in caplog.records)
    assert str(error) not in caplog.text or not str(error)


@pytest.mark.parametrize("error", [PanicException("at the worst time"), MemoryError(), ValueError("a secret")])
@pytest.mark.parametrize("is_late", [False, True])
def test_nothing_gets_past_the_threshold(error: BaseException, is_late: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(scope: object, receive: object, send: object) -> None:
        if is_late:
            await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        raise error

    with serving(ErrorBoundary(broken)) as url:
        if is_late:
            with pytest.raises(httpx.RemoteProtocolError):
                httpx.get(url)
        else:
            assert httpx.get(url).status_code == (500 if isinstance(error, ValueError) else 503)
    assert "a secret" not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)
