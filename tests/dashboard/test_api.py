"""The numbers of the API against the events that are in the lake."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

import httpx
import pytest

from tests.dashboard.conftest import Place
from tests.dashboard.server import serving
from tests.dashboard.traffic import rejected, row

HOUR = 3_600_000
WEEK = 7 * 24 * HOUR


def get(api: httpx.Client, path: str, **parameters: Any) -> Any:
    reply = api.get(path, params=parameters)
    assert reply.status_code == 200, reply.text
    return reply.json()


def refused(api: httpx.Client, path: str, **parameters: Any) -> str:
    reply = api.get(path, params=parameters)
    assert reply.status_code == 400
    body = reply.json()
    assert body["responseCode"] == "CLIENT_ERROR"
    assert body["params"]["err"] == body["result"]["code"] == "bad_request"
    assert body["params"]["errmsg"] == body["result"]["message"]
    assert body["result"]["hint"]
    return str(body["result"]["message"])


def millis(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1000)


def within(rows: Iterable[dict[str, Any]], since: int, until: int, **having: str) -> list[dict[str, Any]]:
    return [
        row
        for row in rows
        if since <= millis(row["occurred_at"]) < until and all(row[name] == value for name, value in having.items())
    ]


@pytest.fixture
def week(now: datetime) -> tuple[int, int]:
    until = millis(now) // HOUR * HOUR
    return until - WEEK, until


def test_series_counts_every_event_once(api: httpx.Client, fortnights: Place, week: tuple[int, int]) -> None:
    since, until = week
    answer = get(api, "/api/series", since=since, until=until, step="hour", top=20)
    expected = Counter(
        (row["event_type"], millis(row["occurred_at"]) // HOUR * HOUR) for row in within(fortnights.rows, since, until)
    )
    found = {
        (line["type"], start): n
        for line in answer["series"]
        for start, n in zip(answer["buckets"], line["counts"], strict=True)
        if n
    }
    assert found == expected
    assert answer["other"] is None
    assert answer["total"] == expected.total()
    assert len(answer["buckets"]) == 168


def test_series_sums_up_the_types_beyond_the_top(api: httpx.Client, week: tuple[int, int]) -> None:
    since, until = week
    whole = get(api, "/api/series", since=since, until=until, step="day", top=20)
    top = get(api, "/api/series", since=since, until=until, step="day", top=3)
    assert [line["type"] for line in top["series"]] == [line["type"] for line in whole["series"][:3]]
    assert top["other"]["types"] == len(whole["series"]) - 3
    assert top["total"] == whole["total"]
    assert top["other"]["total"] == sum(top["other"]["counts"]) == sum(line["total"] for line in whole["series"][3:])


def test_series_by_channel_and_fate(api: httpx.Client, fortnights: Place, week: tuple[int, int]) -> None:
    since, until = week
    answer = get(api, "/api/series", since=since, until=until, channel="mobile", fate="rejected")
    assert answer["total"] == len(within(fortnights.rows, since, until, channel="mobile", fate="rejected")) > 0


@pytest.mark.parametrize(
    ("zone", "since", "lengths"),
    [
        ("Europe/Berlin", "2026-03-28T23:00Z", {23}),
        ("Europe/Berlin", "2026-10-24T22:00Z", {25}),
        ("America/New_York", "2026-06-01T04:00Z", {24}),
        ("Asia/Kolkata", "2026-06-01T18:00Z", {24}),
    ],
)
def test_days_are_those_of_the_viewer(api: httpx.Client, zone: str, since: str, lengths: set[int]) -> None:
    start = int(datetime.fromisoformat(since).timestamp() * 1000)
    answer = get(api, "/api/series", since=start, until=start + 3 * 24 * HOUR, step="day", zone=zone)
    buckets = answer["buckets"]
    assert buckets[0] == start
    assert {(buckets[1] - buckets[0]) // HOUR} == lengths


def test_parts_of_a_day_begin_at_midnight(api: httpx.Client) -> None:
    start = int(datetime.fromisoformat("2026-06-01T00:00+02:00").timestamp() * 1000)
    answer = get(api, "/api/series", since=start, until=start + 48 * HOUR, step="6h", zone="Europe/Berlin")
    assert [(bucket - start) // HOUR for bucket in answer["buckets"]] == [0, 6, 12, 18, 24, 30, 36, 42]


def test_weeks_begin_on_monday(api: httpx.Client) -> None:
    wednesday = int(datetime(2026, 6, 3, tzinfo=UTC).timestamp() * 1000)
    answer = get(api, "/api/series", since=wednesday, until=wednesday + 3 * WEEK, step="week")
    assert {datetime.fromtimestamp(bucket / 1000, UTC).weekday() for bucket in answer["buckets"]} == {0}


def test_auto_keeps_the_number_of_bars_readable(api: httpx.Client) -> None:
    for days, step in ((1, "hour"), (14, "hour"), (30, "3h"), (90, "12h"), (300, "day"), (800, "week")):
        answer = get(api, "/api/series", since=0, until=days * 24 * HOUR)
        assert answer["step"] == step
        assert len(answer["buckets"]) <= 345


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/passwd", "a\0b", "Europe", "💥"])
def test_a_zone_that_is_not_known_counts_as_utc(api: httpx.Client, zone: str) -> None:
    assert get(api, "/api/series", zone=zone)["zone"] == "UTC"


def test_odd_ranges_become_usable_ones(api: httpx.Client) -> None:
    backwards = get(api, "/api/series", since=5 * HOUR, until=2 * HOUR)
    assert (backwards["since"], backwards["until"]) == (2 * HOUR, 5 * HOUR)
    moment = get(api, "/api/series", since=5 * HOUR, until=5 * HOUR)
    assert (moment["since"], moment["until"]) == (5 * HOUR, 6 * HOUR)
    long = get(api, "/api/series", since=0, until=5000 * 24 * HOUR, step="hour")
    assert long["until"] - long["since"] == 800 * 24 * HOUR
    assert long["step"] == "day"
    for path in ("/api/totals", "/api/failed"):
        for since, until in ((5, 2), (0, 0), (0, 4_102_444_800_000)):
            get(api, path, since=since, until=until)


def test_totals_compare_with_the_period_before(api: httpx.Client, fortnights: Place, week: tuple[int, int]) -> None:
    since, until = week
    answer = get(api, "/api/totals", since=since, until=until)
    assert answer["since_before"] == since - WEEK
    for fate in ("stored", "duplicate", "rejected"):
        assert answer["fates"][fate] == {
            "now": len(within(fortnights.rows, since, until, fate=fate)),
            "settled": len(within(fortnights.rows, since, until, fate=fate)),
            "before": len(within(fortnights.rows, since - WEEK, since, fate=fate)),
        }
    assert answer["received"]["now"] == len(within(fortnights.rows, since, until))
    types = {entry["type"]: entry["now"] for entry in answer["types"]}
    assert {name: n for name, n in types.items() if n} == Counter(
        row["event_type"] for row in within(fortnights.rows, since, until)
    )


def test_the_hour_under_way_is_not_held_against_a_full_one(fresh: Place) -> None:
    now = datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    fresh.add(
        [row(hour, 1), row(hour - timedelta(hours=1), 2)]
        + [row(hour - timedelta(hours=back, minutes=-50), 10 + back) for back in (2, 3)]
    )
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        until = millis(hour) + HOUR
        answer = get(api, "/api/totals", since=until - 2 * HOUR, until=until)
    assert answer["received"] == {"now": 2, "settled": 1, "before": 1}


def test_derived_events_were_not_received(fresh: Place) -> None:
    now = datetime.now(UTC)
    fresh.add([row(now, 1, eid="SHARE"), row(now, 2, eid="SHARE_ITEM", derived_from="SHARE:00000001")])
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        assert get(api, "/api/totals")["received"]["now"] == 1
        assert get(api, "/api/series")["total"] == 2


def test_feed_shows_the_newest_of_any_fate(api: httpx.Client, fortnights: Place) -> None:
    events = get(api, "/api/feed", limit=200)["events"]
    newest = sorted(fortnights.rows, key=lambda row: row["received_at"], reverse=True)[:200]
    assert [event["mid"] for event in events] == [row["mid"] for row in newest]
    assert {event["fate"] for event in events} >= {"stored", "duplicate"}


@pytest.mark.parametrize(
    ("parameters", "name", "value"),
    [
        ({"fate": "rejected"}, "fate", "rejected"),
        ({"type": "SEARCH"}, "event_type", "SEARCH"),
        ({"channel": "lms"}, "channel", "lms"),
        ({"reason": "wrong_type"}, "reasons", ["wrong_type"]),
        ({"text": "AUDIT:0"}, "event_type", "AUDIT"),
    ],
)
def test_feed_filters(api: httpx.Client, parameters: dict[str, str], name: str, value: object) -> None:
    events = get(api, "/api/feed", limit=20, **parameters)["events"]
    assert len(events) > 5
    assert all(event[name] == value for event in events)


def test_feed_goes_back_page_by_page(api: httpx.Client, fortnights: Place) -> None:
    mids, before = [], None
    for _ in range(3):
        page = get(api, "/api/feed", fate="rejected", limit=7, **({"before": before} if before else {}))["events"]
        mids += [event["mid"] for event in page]
        before = page[-1]["received_at"]
    expected = sorted(
        (row for row in fortnights.rows if row["fate"] == "rejected"), key=lambda r: r["received_at"], reverse=True
    )
    assert mids == [row["mid"] for row in expected[:21]]


def test_feed_search_takes_the_text_literally(api: httpx.Client) -> None:
    assert get(api, "/api/feed", text="%")["events"] == []
    assert get(api, "/api/feed", text="' OR 1=1 --")["events"] == []


def test_feed_follows_commits_in_any_order(fresh: Place) -> None:
    now = datetime.now(UTC)
    fresh.add([row(now, 1)])
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        first = get(api, "/api/feed")
        assert get(api, "/api/feed", after=first["cursor"], version=first["version"])["events"] == []
        fresh.add([row(now - timedelta(seconds=3), 2)])
        later = get(api, "/api/feed", after=first["cursor"], version=first["version"])
    assert "IMPRESSION:00000002" in [event["mid"] for event in later["events"]]
    assert later["version"] > first["version"]


def test_every_event_of_the_feed_opens(api: httpx.Client) -> None:
    for listed in get(api, "/api/feed", limit=12, fate="rejected")["events"]:
        event = get(api, f"/api/events/{listed['id']}")["event"]
        assert (event["id"], event["mid"], event["fate"]) == (listed["id"], listed["mid"], "rejected")
        assert event["findings"][0]["hint"]
        assert event["findings"][0]["docs"] == f"/docs/reasons#{listed['reasons'][0]}"


def test_event_with_those_derived_from_it(fresh: Place) -> None:
    now = datetime.now(UTC)
    source = row(now, 7, eid="SHARE", mid="s")
    fresh.add([source, row(now, 7, eid="SHARE_ITEM", mid="s#1", derived_from="s")])
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        events = {event["mid"]: event["id"] for event in get(api, "/api/feed")["events"]}
        assert len(set(events.values())) == 2
        answer = get(api, f"/api/events/{events['s']}")
        assert (answer["event"]["mid"], answer["same_place"][0]["mid"]) == ("s", "s#1")
        assert get(api, f"/api/events/{events['s#1']}")["event"]["derived_from"] == "s"
        assert api.get(f"/api/events/{events['s']}9").status_code == 404
        assert api.get("/api/events/nonsense").status_code == 404


def test_failed_events_by_reason(api: httpx.Client, fortnights: Place, week: tuple[int, int]) -> None:
    since, until = week
    groups = get(api, "/api/failed", since=since, until=until)["groups"]
    expected = Counter(row["reasons"][0] for row in within(fortnights.rows, since, until, fate="rejected"))
    assert {group["code"]: group["n"] for group in groups} == expected
    assert [group["n"] for group in groups] == sorted(expected.values(), reverse=True)
    missing = next(group for group in groups if group["code"] == "missing_field")
    assert missing["sentence"] == "A required field is missing."
    assert missing["docs"] == "/docs/reasons#missing_field"
    assert missing["places"] == [
        {"event_type": "INTERACT", "path": "$.edata.id", "message": "id is required.", "n": missing["n"]}
    ]
    sample = get(api, f"/api/events/{missing['sample']}")["event"]
    assert sample["findings"][0]["code"] == "missing_field"


def test_an_event_counts_under_each_of_its_reasons(fresh: Place) -> None:
    now = datetime.now(UTC)
    both = rejected(now, 1, ("END", "wrong_type", "$.a", "null", "a must be a string."))
    both["reasons"] = ["wrong_type", "unknown_field", "wrong_type"]
    fresh.add([both])
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        groups = get(api, "/api/failed")["groups"]
    assert {group["code"]: group["n"] for group in groups} == {"wrong_type": 1, "unknown_field": 1}


def test_reasons_of_a_later_version_are_shown_as_they_are(fresh: Place) -> None:
    fresh.add([rejected(datetime.now(UTC), 1, ("END", "from_the_future", "$", None, "Something new."))])
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        (group,) = get(api, "/api/failed")["groups"]
        event = get(api, f"/api/events/{group['sample']}")["event"]
    assert group["code"] == event["findings"][0]["code"] == "from_the_future"


def test_meta_names_channels_and_the_newest_event(api: httpx.Client, fortnights: Place) -> None:
    meta = get(api, "/api/meta")
    assert [entry["channel"] for entry in meta["channels"]] == ["portal", "mobile", "lms"]
    assert (meta["open"], meta["keyless"], meta["login"]) == (True, True, None)
    assert meta["newest"] == max(millis(row["received_at"]) for row in fortnights.rows)


def test_an_empty_lake_answers_everything(fresh: Place) -> None:
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        assert get(api, "/api/meta")["newest"] is None
        assert get(api, "/api/series")["total"] == 0
        assert get(api, "/api/totals")["received"]["now"] == 0
        assert get(api, "/api/feed")["events"] == []
        assert get(api, "/api/failed")["groups"] == []


def test_fate_of_an_event(fresh: Place) -> None:
    now = datetime.now(UTC)
    mid = "odd/mid with ünïcode?&#%"
    again = row(now + timedelta(seconds=1), 2, mid=mid, fate="duplicate")
    fresh.add([row(now, 1, mid=mid), again, rejected(now, 3, ("END", "wrong_type", "$.ver", "number", "No."), mid="r")])
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        quoted = httpx.URL(url).copy_with(path="/v1/fate/").join(f"./{httpx.QueryParams({'m': mid})}".replace("m=", ""))
        body = api.get(str(quoted).replace("+", "%20")).json()
        assert body["responseCode"] == "SUCCESS"
        assert body["result"]["mid"] == mid
        assert [(fate["fate"], fate["record"]) for fate in body["result"]["fates"]] == [("stored", 1), ("duplicate", 2)]
        (bad,) = get(api, "/v1/fate/r")["result"]["fates"]
        assert bad["reasons"] == ["wrong_type"]
        assert bad["findings"][0]["path"] == "$.ver"
        unknown = api.get("/v1/fate/nobody-sent-this")
        assert unknown.status_code == 404
        assert "about a second" in unknown.json()["result"]["message"]


def test_a_fate_agrees_with_the_feed(fresh: Place) -> None:
    now = datetime.now(UTC)
    between = now.replace(tzinfo=None, microsecond=1500)  # of two milliseconds
    fault = ("END", "wrong_type", "$.ver", "number", "No.")
    fresh.add(
        [
            rejected(now, 1, fault, mid="rejected", occurred_at=between),
            row(now, 2, mid="timeless", occurred_at=None, clock="unreadable", reasons=None, warnings=["clock_ahead"]),
            row(now, 3, mid="derived", derived_from="timeless", eid="SHARE_ITEM", of=9, idx=4, channel="portal"),
        ]
    )
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        for listed in get(api, "/api/feed")["events"]:
            (fate,) = get(api, f"/v1/fate/{listed['mid']}")["result"]["fates"]
            whole = get(api, f"/api/events/{listed['id']}")["event"]
            seen = whole | {"reasons": listed["reasons"] + listed["warnings"]}
            assert fate == {name: seen[name] for name in fate}


@pytest.mark.parametrize(
    ("path", "parameters", "said"),
    [
        ("/api/series", {"since": "yesterday"}, "since: Expected `int`"),
        ("/api/series", {"since": -1}, "since: Expected `int` >= 0."),
        ("/api/series", {"until": 10**18}, "until: Expected `int` <="),
        ("/api/series", {"top": 21}, "top: Expected `int` <= 20."),
        ("/api/series", {"fate": "lost"}, "fate: Invalid enum value"),
        ("/api/totals", {"channel": ""}, "channel: Expected `str` of length >= 1."),
        ("/api/feed", {"limit": 0}, "limit: Expected `int` >= 1."),
        ("/api/feed", {"text": "x" * 201}, "text: Expected `str` of length <= 200."),
        ("/api/failed", {"nonsense": 1}, "There is no parameter nonsense here."),
        ("/api/failed", {"since": [1, 2]}, "since is given twice."),
    ],
)
def test_bad_parameters_are_named(api: httpx.Client, path: str, parameters: dict[str, Any], said: str) -> None:
    assert refused(api, path, **parameters).startswith(said)


@pytest.mark.parametrize("text", ["\0", "\ud800".encode("utf-8", "surrogatepass"), "'; DROP TABLE x; --", "💥" * 50])
def test_no_text_breaks_a_query(api: httpx.Client, text: str | bytes) -> None:
    encoded = httpx.QueryParams({"q": text}).get("q") if isinstance(text, str) else "".join(f"%{b:02x}" for b in text)
    for name in ("channel", "type", "reason", "text"):
        if isinstance(text, bytes):
            reply = api.get(f"/api/feed?{name}={encoded}")
        else:
            reply = api.get("/api/feed", params={name: text})
        assert reply.status_code in (200, 400)
    assert api.get("/v1/fate/%00%ff").status_code == 404


def test_what_is_not_there_says_so(api: httpx.Client) -> None:
    for path in (
        "/nothing",
        "/api",
        "/api/nothing",
        "/schemas/v3/nothing.json",
        "/schemas/v9/start.json",
        "/assets/x/y",
    ):
        reply = api.get(path)
        assert (reply.status_code, reply.json()["result"]["code"]) == (404, "not_found"), path
    reply = api.post("/api/series")
    assert (reply.status_code, reply.json()["result"]["code"]) == (405, "method_not_allowed")
    assert "GET" in reply.headers["allow"]


def test_series_is_quick(api: httpx.Client, week: tuple[int, int]) -> None:
    since, until = week
    get(api, "/api/series", since=since, until=until)
    begun = perf_counter()
    get(api, "/api/series", since=since, until=until, step="hour")
    assert perf_counter() - begun < 0.5


def test_answers_are_compressed_and_not_stored(api: httpx.Client) -> None:
    reply = api.get("/api/feed", headers={"Accept-Encoding": "gzip"})
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.headers["cache-control"] == "no-store"
    plain = api.get("/api/feed", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
