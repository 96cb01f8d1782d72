"""A real `footfall serve` with channels, keys and a login, and a real proxy in front of it."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from msgspec import Struct

from footfall.control.store import Control, NewKeys
from footfall.dashboard.openapi import document
from footfall.settings import Settings
from tests.proxies.configurations import block
from tests.proxies.running import KINDS, Proxy, proxied
from tests.serving import Served, serving

LOGIN, PASSWORD = "ada", "correct horse battery"
SECRET_WORD = "nobody-else-may-see-this"

# Every path by which the dashboard reads, also one that comes to be tomorrow.
API = sorted(
    re.sub(r"\{\w+\}", "1.0.1.1", path)
    for path, said in document(Settings())["paths"].items()
    if path.startswith("/api/") and "get" in said
)

Find = Callable[[str], Proxy]


class Place(Struct):
    """What is served: `keys` are those of the channels `school` and `other`; `token` is the session of who logged in.

    In `school` there is an event with the mid `hidden`, in which stands SECRET_WORD.
    """

    served: Served
    keys: dict[str, NewKeys]
    token: str


def event(mid: str, channel: str = "school", message: str = SECRET_WORD) -> dict[str, object]:
    """A small event."""
    return {
        "eid": "LOG",
        "ets": 1795224242107,
        "ver": "3.0",
        "mid": mid,
        "actor": {"id": "a", "type": "User"},
        "context": {"channel": channel, "env": "test", "pdata": {"id": "p"}},
        "edata": {"type": "job", "level": "INFO", "message": message},
    }


def furnished(data: Path) -> Iterator[Place]:
    """A server with two channels, a login, and an event that is worth hiding; one collector, so that all meet in it."""
    data.mkdir(exist_ok=True)
    with Control.open(data / "control.db") as control:
        keys = {channel: control.add_channel(channel) for channel in ("school", "other")}
        control.add_user(LOGIN, PASSWORD)
        session = control.log_in(LOGIN, PASSWORD, 3600)
        assert session is not None
    with serving(data, collectors=1, batch_seconds=0.2, log_format="json", log_level="debug") as served:
        assert served.post([event("hidden")], key=keys["school"].secret).status_code == 200
        served.wait_for("SELECT mid FROM events", lambda rows: len(rows) == 1)
        yield Place(served, keys, session.token)


@pytest.fixture(scope="session")
def documented(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server with the settings of docs/operations.md."""
    data = tmp_path_factory.mktemp("documented")
    (data / "footfall.toml").write_text(block("toml"))
    yield from furnished(data)


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server of which nothing was set."""
    yield from furnished(tmp_path_factory.mktemp("stock"))


@pytest.fixture(scope="session")
def find(request: pytest.FixtureRequest) -> Iterator[Find]:
    """Proxies by their names, each started when it is first asked for."""
    running: dict[str, Proxy] = {}
    with ExitStack() as stack:

        def started(name: str) -> Proxy:
            if name not in running:
                place: Place = request.getfixturevalue("documented" if KINDS[name].is_told else "stock")
                running[name] = stack.enter_context(proxied(name, place.served))
            return running[name]

        yield started


@pytest.fixture
def proxy(find: Find, request: pytest.FixtureRequest) -> Proxy:
    """The one that the test is about."""
    return find(request.param)


@pytest.fixture
def place(request: pytest.FixtureRequest, proxy: Proxy) -> Place:
    """The server behind it."""
    place: Place = request.getfixturevalue("documented" if proxy.kind.is_told else "stock")
    return place
