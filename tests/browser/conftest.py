"""One Chromium for all tests, a site, and a footfall with keys."""

from collections.abc import Iterator

import pytest
from msgspec import Struct
from playwright.sync_api import Browser

from footfall.control.store import Control
from tests.serving import Served, serving

from .site import pages
from .visits import Person, launched, person


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
    with launched() as browser:
        yield browser


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
