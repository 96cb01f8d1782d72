"""What the dashboard is without is said in every answer, and on the page; what is damaged is said in words."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from footfall.dashboard.app import create
from footfall.lake.query import LakeReader
from footfall.peer import PeerHeader
from footfall.settings import Settings
from tests.dashboard.browser import chromium, visit
from tests.dashboard.server import SECRET, serving
from tests.dashboard.traffic import row, write

NOW = datetime.now(UTC)
PATHS = ("series", "totals", "feed", "failed", "flows", "catalogue", "meta")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A lake with a file for each of two days, of which the older is broken."""
    days = {name: NOW - timedelta(days=days) for name, days in (("old", 2), ("new", 0))}
    write(tmp_path / "lake", [row(at, n, mid=f"{name}{n}") for name, at in days.items() for n in range(3)])
    broken = min((tmp_path / "lake" / "events").rglob("*.parquet"))
    broken.write_bytes(b"PAR1" + bytes(20) + b"PAR1")
    return tmp_path


@pytest.fixture
def api(data: Path) -> Iterator[httpx.Client]:
    app = create(Settings(data=data), reader=LakeReader(data / "lake"), peer=PeerHeader(SECRET))
    with serving(app) as origin, httpx.Client(base_url=origin, timeout=30) as client:
        yield client


def test_every_answer_says_what_it_is_without(data: Path, api: httpx.Client) -> None:
    (newest,) = api.get("/api/feed", params={"limit": 1}).json()["events"]
    assert len(api.get("/api/feed").json()["events"]) == 3
    for path in (*PATHS, f"events/{newest['id']}"):
        reply = api.get(f"/api/{path}")
        assert reply.status_code == 200, reply.text
        (remark,) = reply.json()["remarks"]
        assert remark.startswith("3 rows of the table events are left out, for the file ")


def test_the_page_says_so(api: httpx.Client) -> None:
    with chromium() as browser:
        for options in ({"viewport": {"width": 1440, "height": 900}}, {"viewport": {"width": 360, "height": 800}}):
            with visit(browser, str(api.base_url.join("/?range=7d")), **options) as (page, _):
                banner = page.get_by_role("status").filter(has_text="cannot be read")
                banner.get_by_text("A file of the lake cannot be read.").click()
                assert "3 rows of the table events are left out" in banner.inner_text()
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_fate_says_so_in_general(api: httpx.Client) -> None:
    assert api.get("/v1/fate/new0").json()["result"]["remarks"] == [
        "Some events cannot be read at present, and are in no answer."
    ]
    lost = api.get("/v1/fate/old0")
    assert lost.status_code == 404
    assert "Some events cannot be read at present" in lost.json()["result"]["message"]


def test_a_lake_whose_log_is_gone_is_damaged_and_not_empty(data: Path) -> None:
    shutil.rmtree(data / "lake" / "events" / "_delta_log")
    app = create(Settings(data=data), reader=LakeReader(data / "lake"), peer=PeerHeader(SECRET))
    with serving(app) as origin, httpx.Client(base_url=origin) as client:
        for path in (*(f"/api/{name}" for name in PATHS), "/v1/fate/m0"):
            reply = client.get(path)
            assert (reply.status_code, reply.json()["result"]["code"]) == (503, "lake_damaged")
            assert "retry-after" not in reply.headers
