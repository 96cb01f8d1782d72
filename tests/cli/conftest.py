"""One server with a few events of every fate, shared by the tests that only read."""

from collections.abc import Iterator

import pytest

from tests.cli.samples import impression
from tests.serving import Served, serving


@pytest.fixture(scope="session")
def footfall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Three stored events, one of them resent, and one rejected, in channel `dev`; one stored in another channel."""
    with serving(tmp_path_factory.mktemp("cli") / "data", batch_seconds=0.2) as served:
        good = [impression(f"IMPRESSION:{number}") for number in range(3)]
        bad = impression("IMPRESSION:bad") | {"ets": "now"}
        reply = served.post([*good, good[0], bad, impression("IMPRESSION:other", channel="other")])
        assert reply.status_code == 200, reply.text
        served.wait_for("SELECT * FROM ledger", lambda rows: len(rows) == 6)
        yield served
