"""Names that strangers made up, very many and very long: every answer stays small, and so does the web process."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest
from playwright.sync_api import expect

from footfall.dashboard.app import create
from footfall.lake.arrow import HOURLY_SCHEMA
from footfall.lake.hourly import Hourly
from footfall.lake.query import LakeReader, Parameters, Rows
from footfall.lake.table import LakeTable
from footfall.lake.tables import EVENTS_TABLE
from footfall.peer import PeerHeader
from footfall.settings import Settings
from tests.dashboard.browser import chromium, visit
from tests.dashboard.conftest import Place
from tests.dashboard.server import SECRET, WebProcess, serving, web_process
from tests.dashboard.traffic import rejected, row, write

from .test_api import get

HOUR = 3_600_000
TYPES, CHANNELS = 200_000, 20_000
LETTERS = 200  # that are shown of a name
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
WEEK = {"since": int(NOW.timestamp() * 1000) - 167 * HOUR, "until": int(NOW.timestamp() * 1000) + HOUR}
QUESTIONS: dict[str, dict[str, Any]] = {
    "/api/meta": {},
    "/api/series": WEEK | {"step": "hour", "top": 20},
    "/api/totals": WEEK,
    "/api/catalogue": {},
    "/api/feed": {"limit": 200},
    "/api/failed": WEEK,
    "/api/flows": WEEK,
    "/v1/fate/nobody": {},
}


def made_up(number: int) -> str:
    """A name of 300 letters, of which the beginning tells it from others."""
    return f"{number:06d} made up 💥".ljust(300, "ä")


def count(lake: Path, types: int, channels: int) -> None:
    """Have the hourly writer count that many types and channels, each in one hour of the week, in eight commits."""
    hourly = Hourly(lake, LakeTable(lake, EVENTS_TABLE))
    for commit in range(8):
        numbers = range(commit, types, 8)
        hours = [NOW.replace(tzinfo=None) - timedelta(hours=number % 160) for number in numbers]
        columns = {
            "hour": pa.array(hours, pa.timestamp("us")),
            "channel": [f"{number % channels:05d}".ljust(300, "c") for number in numbers],
            "event_type": [made_up(number) for number in numbers],
            "fate": ["rejected"] * len(numbers),
            "n": [1 + (number < 3) * (9 - number) for number in numbers],
        }
        hourly.follow(pa.table(columns, schema=HOURLY_SCHEMA), commit + 1)


def fill(data: Path, types: int, channels: int) -> Path:
    """Some events, and the counts of very many."""
    fault = ("X" * 900, "unknown_event", "$." + "p" * 900, None, "m" * 900)
    long = [rejected(NOW, number, fault, mid="m" * 900, channel="c" * 900, page="p" * 900) for number in range(300)]
    write(data / "lake", [row(NOW, 1000, body={"eid": "START"}), *long])
    count(data / "lake", types, channels)
    return data


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fill(tmp_path_factory.mktemp("crowded"), TYPES, CHANNELS)


def ask_everything(web: WebProcess) -> None:
    """Every question by itself, and then those with most to count at the same time."""
    for path, parameters in QUESTIONS.items():
        assert web.client.get(path, params=parameters).status_code == (404 if "fate" in path else 200)
    with ThreadPoolExecutor(8) as pool:
        paths = ["/api/meta", "/api/series", "/api/totals", "/api/catalogue"] * 4
        replies = pool.map(lambda path: web.client.get(path, params=QUESTIONS[path]), paths)
        assert {reply.status_code for reply in replies} == {200}


def test_the_web_process_takes_no_more_than_150_mib_for_them(crowded: Path, tmp_path: Path) -> None:
    with web_process(fill(tmp_path, 20, 2)) as web:
        ask_everything(web)
        usual = web.peak_bytes
    with web_process(crowded) as web:
        ask_everything(web)
        assert web.peak_bytes < usual + (150 << 20)
        assert web.log == ""


class CountingReader(LakeReader):
    """Remembers the most rows that a query brought."""

    most = 0

    def query(self, sql: str, parameters: Parameters = (), *, timeout: float | None = None) -> Rows:
        found = super().query(sql, parameters, timeout=timeout)
        self.most = max(self.most, len(found.rows))
        return found


@pytest.mark.parametrize("path", QUESTIONS)
def test_few_rows_are_fetched_and_the_answer_is_small(crowded: Path, path: str) -> None:
    reader = CountingReader(crowded / "lake")
    app = create(Settings(data=crowded), reader=reader, peer=PeerHeader(SECRET))
    with serving(app) as url, httpx.Client(base_url=url, timeout=60) as api:
        reply = api.get(path, params=QUESTIONS[path])
    assert reply.status_code == (404 if "fate" in path else 200)
    assert 0 < reader.most <= (168 * 21 if "series" in path else 1001)
    assert len(reply.content) < 600_000


@pytest.fixture(scope="module")
def api(crowded: Path) -> Iterator[httpx.Client]:
    reader = LakeReader(crowded / "lake")
    with (
        serving(create(Settings(data=crowded), reader=reader, peer=PeerHeader(SECRET))) as url,
        httpx.Client(base_url=url, timeout=60) as client,
    ):
        yield client


def test_the_most_frequent_have_a_line_and_the_rest_is_summed_up(api: httpx.Client) -> None:
    answer = get(api, "/api/series", **WEEK, fate="rejected", top=4)
    assert [(line["type"], line["total"]) for line in answer["series"]] == [
        ("X" * LETTERS, 300),
        *((made_up(number)[:LETTERS], 10 - number) for number in range(3)),
    ]
    assert answer["other"]["types"] == TYPES - 3
    assert answer["other"]["total"] == TYPES - 3 == sum(answer["other"]["counts"])
    assert answer["total"] == TYPES + 300 + 9 + 8 + 7


def test_lists_say_how_many_there_are_in_all(api: httpx.Client) -> None:
    meta = get(api, "/api/meta")
    assert (len(meta["channels"]), meta["channel_count"]) == (1000, CHANNELS + 2)
    assert meta["channels"][0]["channel"] == "c" * LETTERS
    totals = get(api, "/api/totals", **WEEK)
    assert (len(totals["types"]), totals["type_count"]) == (50, TYPES + 2)
    others = get(api, "/api/catalogue")["others"]
    assert others == {"types": TYPES + 1, "week": TYPES + 300 + 9 + 8 + 7}
    failed = get(api, "/api/failed", **WEEK)
    assert (len(failed["groups"]), failed["group_count"]) == (1, 1)
    assert failed["groups"][0]["places"][0]["event_type"] == "X" * LETTERS


def test_what_is_shown_of_a_name_can_be_asked_for(api: httpx.Client) -> None:
    channel = f"{7:05d}".ljust(LETTERS, "c")
    assert get(api, "/api/series", **WEEK, channel=channel)["total"] == TYPES // CHANNELS
    assert get(api, "/api/totals", **WEEK, channel=channel)["type_count"] == TYPES // CHANNELS
    for name, value in (("type", "X" * LETTERS), ("channel", "c" * LETTERS)):
        events = get(api, "/api/feed", limit=200, **{name: value})["events"]
        assert len(events) == 200
    assert {len(events[0][name]) for name in ("event_type", "channel", "mid", "subject")} == {LETTERS}


def test_an_event_opens_whole(api: httpx.Client) -> None:
    (listed, *_) = get(api, "/api/feed", limit=1, type="X" * LETTERS)["events"]
    event = get(api, f"/api/events/{listed['id']}")["event"]
    assert event["mid"] == "m" * 900
    assert event["findings"][0]["path"] == ("$." + "p" * 900)[:300]


def test_the_page_shows_them(crowded: Path) -> None:
    app = create(Settings(data=crowded), reader=LakeReader(crowded / "lake"), peer=PeerHeader(SECRET))
    for size in (1440, 390):
        with (
            serving(app) as url,
            chromium() as browser,
            visit(browser, f"{url}/?fate=rejected", viewport={"width": size, "height": 900}) as (page, _),
        ):
            expect(page.locator(".legend li")).to_have_count(9)
            expect(page.locator(".legend li").last).to_contain_text("199,993 other types")
            expect(page.locator(".bar option").last).to_have_text("and 19,002 less busy ones")
            expect(page.locator(".feed option").last).to_have_text("and 199,951 less frequent ones")
            assert page.evaluate("document.documentElement.scrollWidth") <= size
            page.get_by_role("link", name="Catalogue").click()
            page.get_by_text("200,001 other types of event came in the last 7 days").scroll_into_view_if_needed()
            page.get_by_role("button", name="See the most frequent").click()
            expect(page.locator(".tile.all")).to_have_attribute("aria-pressed", "true")
            assert page.evaluate("document.documentElement.scrollWidth") <= size


def test_what_strangers_send_is_not_kept(tmp_path: Path) -> None:
    remote = {"X-Footfall-Peer": "remote 203.0.113.1"}
    form = {**remote, "Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}

    def send(web: WebProcess, number: int) -> None:
        long = f"{number:06d}".ljust(15_000, "z")
        web.client.get(f"/?a={long}", headers=remote)
        web.client.get("/api/meta", headers=remote | {"Cookie": f"a{long}={long}"})
        web.client.get(f"/schemas/v3/{long[:8000]}", headers=remote)
        web.client.post("/login", headers=form, content=f"login={number}&password={long}&" + "a=1&" * 20)

    with web_process(tmp_path) as web:
        for number in range(50):
            send(web, number)
        before = web.peak_bytes
        for number in range(1100):
            send(web, number)
        # Litestar remembers a thousand paths; of everything else, nothing stays.
        assert web.peak_bytes < before + (40 << 20)
        assert web.log == ""


def test_counts_are_the_same_as_by_hand(tmp_path: Path) -> None:
    """Names that differ only past what is shown are one; names of nothing have a place, too."""
    names: list[str | None] = [None, "", "a", "a" * 199, "a" * 200, "a" * 200 + "b", "a" * 201, "START", "é" * 300]
    rows = []
    for number in range(90):
        name = names[number * number % len(names)]
        at = NOW - timedelta(hours=number % 5)
        rows.append(row(at, number, event_type=name, channel=("x", "y" * 250)[number % 2]))
    write(tmp_path / "lake", rows)
    place = Place(
        tmp_path, rows, create(Settings(data=tmp_path), reader=LakeReader(tmp_path / "lake"), peer=PeerHeader(SECRET))
    )
    for channel in (None, "x", "y" * 200):
        asked = WEEK | ({"channel": channel} if channel else {})
        with serving(place.app) as url, httpx.Client(base_url=url) as client:
            series = get(client, "/api/series", **asked, step="hour", top=20)
            totals = get(client, "/api/totals", **asked)
        own = [found for found in rows if channel is None or found["channel"][:200] == channel]
        expected = Counter((found["event_type"] or "")[:200] for found in own)
        assert {line["type"]: line["total"] for line in series["series"]} == expected
        assert {entry["type"]: entry["now"] for entry in totals["types"]} == expected
        assert series["other"] is None
        hours = Counter(int(found["received_at"].replace(tzinfo=UTC).timestamp() * 1000) for found in own)
        counted = [sum(counts) for counts in zip(*(line["counts"] for line in series["series"]), strict=True)]
        assert {start: n for start, n in zip(series["buckets"], counted, strict=True) if n} == hours


def test_a_fate_is_found_among_very_many_channels(tmp_path: Path) -> None:
    write(tmp_path / "lake", [row(NOW, number, channel=f"channel-{number}", mid="the same") for number in range(1200)])
    app = create(Settings(data=tmp_path), reader=LakeReader(tmp_path / "lake"), peer=PeerHeader(SECRET))
    with serving(app) as url, httpx.Client(base_url=url) as client:
        fates = get(client, "/v1/fate/the same")["result"]["fates"]
    assert len(fates) == 200
    assert {fate["channel"] for fate in fates} <= {f"channel-{number}" for number in range(1200)}
