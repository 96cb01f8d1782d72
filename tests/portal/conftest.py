"""One footfall, one Chromium, and two portals: one with all that it needs, and one that can reach nobody."""

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from footfall.demo.portal import DemoPortal
from tests.dashboard.browser import ARGUMENTS
from tests.serving import Served, serving

from .walk import Crowd, Walk, walking

# One process for all pages of the portal, and none for what they do not use.
_FRUGAL = [
    "--process-per-site",
    "--disable-site-isolation-trials",
    "--disable-extensions",
    "--disable-component-update",
]

Walks = Callable[..., Walk]


@pytest.fixture(scope="package")
def crowd() -> Iterator[Crowd]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*ARGUMENTS, *_FRUGAL])
        yield Crowd(browser)
        browser.close()


@pytest.fixture(scope="package")
def footfall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("portal") / "data"
    with serving(data, batch_seconds=0.4, flow_seconds=1.0, flow_idle="false", collectors=1) as served:
        yield served


@pytest.fixture(scope="package")
def house(footfall: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPortal]:
    yield from _open(tmp_path_factory.mktemp("house"), footfall)


@pytest.fixture(scope="package")
def lonely(footfall: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPortal]:
    """A portal whose mail server and whose Google are away, and that has no captcha."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        nobody = str(bound.getsockname()[1])
    away = {"smtp_port": nobody, "google_discovery_url": f"http://127.0.0.1:{nobody}/", "captcha_verify_url": ""}
    yield from _open(tmp_path_factory.mktemp("lonely"), footfall, **away, captcha_script_url="")


@pytest.fixture(scope="module")
def bare(footfall: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoPortal]:
    """A portal that Google does not know."""
    yield from _open(tmp_path_factory.mktemp("bare"), footfall, google_client_id="")


@pytest.fixture
def somebody(crowd: Crowd, house: DemoPortal, footfall: Served, tmp_path: Path) -> Iterator[Walks]:
    """Makes people with a browser each; options are Playwright's for a context."""
    with ExitStack() as stack:

        def make(at: DemoPortal = house, **options: Any) -> Walk:
            return stack.enter_context(walking(crowd, at, footfall, tmp_path, **options))

        yield make


@pytest.fixture
def walk(somebody: Walks) -> Walk:
    return somebody()


@pytest.fixture
def refused_mail(house: DemoPortal) -> Iterator[None]:
    """The mail server takes nothing."""
    _refuse(house, "yes")
    yield
    _refuse(house, "no")


def _refuse(house: DemoPortal, answer: str) -> None:
    httpx.post(f"{house.inbox_url}/refuse", data={"refuse": answer}, trust_env=False)


def _open(data: Path, footfall: Served, **settings: str) -> Iterator[DemoPortal]:
    ended: list[tuple[str, int]] = []
    house = DemoPortal(data, 0, lambda name, code: ended.append((name, code)))
    try:
        house.start(footfall.url, **settings)
        yield house
    finally:
        house.stop()
    assert ended == []
