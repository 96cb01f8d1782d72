"""A footfall that is open, and a page on another origin that includes the packages."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.serving import Served, serving

from .browser import Site
from .evidence import HERE

# What a browser is told for a name of the page's own, so that it is another site than footfall's.
_NAMES = "MAP school.example 127.0.0.1"
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    f"--host-resolver-rules={_NAMES}",
]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="package")
def footfall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Open, as without any channel on loopback."""
    with serving(tmp_path_factory.mktemp("open") / "data", batch_seconds=0.2) as served:
        yield served


@pytest.fixture
def channel() -> str:
    """A channel of the test's own, so that its chart shows nothing else."""
    return f"school-{uuid4().hex[:12]}"


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each gets a profile of its own."""
    path = shutil.which("chromium")
    assert path, "install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def origin() -> Iterator[str]:
    """A web site whose pages include the packages, unmodified."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=HERE)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://school.example:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def site(chromium: Browser, origin: str) -> Iterator[Site]:
    """The web site, as somebody sees it who has never been there."""
    with chromium.new_context() as context:
        context.set_default_timeout(20_000)
        yield Site(context, origin)
