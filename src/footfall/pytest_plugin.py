"""Fixtures for the tests of whoever sends events: `footfall_micro` is a footfall in memory, empty for every test.

Imports nothing of the server until a test asks for it: pytest loads this wherever footfall is installed.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from footfall.micro import Micro


@pytest.fixture(scope="session")
def footfall_profile() -> str:
    """The profile that events are judged by; override it in a conftest.py to say `sunbird`."""
    return "v3"


@pytest.fixture(scope="session")
def footfall_micro_url(footfall_profile: str) -> Iterator[str]:
    """URL of a footfall in memory that runs as long as the session, on a port of its own."""
    try:
        from footfall.micro.server import running
    except ModuleNotFoundError as error:
        if (error.name or "footfall").partition(".")[0] == "footfall":
            raise
        pytest.fail(
            f"footfall_micro needs the server, but {error.name} is missing: pip install 'footfall[server]'",
            pytrace=False,
        )
    with running(footfall_profile) as url:
        yield url


@pytest.fixture
def footfall_micro(footfall_micro_url: str) -> "Micro":
    """What came in since this test began."""
    from footfall.micro import Micro

    micro = Micro(footfall_micro_url)
    micro.reset()
    return micro
