"""One Chromium for all tests, a site, and a footfall with keys."""

import shutil
from collections.abc import Iterator

import pytest
from msgspec import Struct
from playwright.sync_api import Browser, sync_playwright

from footfall.control.store import Control
from tests.serving import Served, serving

from .site import pages
from .visits import ARGUMENTS, Person, person


class Keyed(Struct):
    """A server whose channels each have a public key: `academy`, and `strict`, which is as strict as Sunbird."""

    served: Served
    keys: dict[str, str]

    @property
    def url(self) -> str:
        return self.served.url


@pytest.fixture(scope="package")
def footfall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    data = tmp_path_factory.mktemp("keyed") / "data"
    data.mkdir()
    with Control.open(data / "control.db") as control:
        keys = {
            "academy": control.add_channel("academy").public,
            "strict": control.add_channel("strict", profile="sunbird").public,
        }
    with serving(data, batch_seconds=0.2, collectors=1) as served:
        yield Keyed(served, keys)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def port() -> Iterator[int]:
    with pages() as found:
        yield found


@pytest.fixture
def someone(chromium: Browser, port: int) -> Iterator[Person]:
    """A person on a site in a secure context."""
    with person(chromium.new_context(), f"http://127.0.0.1:{port}") as found:
        yield found


@pytest.fixture
def someone_insecure(chromium: Browser, port: int) -> Iterator[Person]:
    """A person on a site without TLS, where browsers have no locks."""
    with person(chromium.new_context(), f"http://school.example:{port}") as found:
        yield found
