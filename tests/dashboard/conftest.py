from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import Struct

from footfall.dashboard.app import create
from footfall.dashboard.middleware import ErrorBoundary
from footfall.lake.query import LakeReader
from footfall.peer import PeerHeader
from footfall.settings import Settings
from tests.dashboard.server import SECRET, serving
from tests.dashboard.traffic import simulate, write


class Place(Struct):
    """A lake that is being served."""

    data: Path
    rows: list[dict[str, Any]]
    app: ErrorBoundary

    def add(self, rows: list[dict[str, Any]]) -> None:
        """Commit more events."""
        write(self.data / "lake", rows)


@pytest.fixture(scope="session")
def now() -> datetime:
    """The present, a few minutes past the hour at most, so that the last full hours are known."""
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def fortnights(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Place:
    """Two weeks and a day of simulated events; read only."""
    data = tmp_path_factory.mktemp("fortnights")
    rows = simulate(now - timedelta(hours=1), 15, 40)
    write(data / "lake", rows)
    return Place(data, rows, make_app(data))


@pytest.fixture
def fresh(tmp_path: Path) -> Place:
    """A lake without events."""
    return Place(tmp_path, [], make_app(tmp_path))


@pytest.fixture(scope="session")
def origin(fortnights: Place) -> Iterator[str]:
    """Where the simulated events are served."""
    with serving(fortnights.app) as url:
        yield url


@pytest.fixture
def api(origin: str) -> Iterator[httpx.Client]:
    """A client of the simulated events."""
    with httpx.Client(base_url=origin) as client:
        yield client


def make_app(data: Path, *, host: str = "127.0.0.1") -> ErrorBoundary:
    """The application on a data folder."""
    return create(Settings(data=data, host=host), reader=LakeReader(data / "lake"), peer=PeerHeader(SECRET))
