"""The published SDKs on a page of another origin, in Chromium, with every request that its rules make it ask first."""

import json
from typing import Any

import pytest

from tests.serving import Served

from .browser import Site
from .calls import DOCUMENTED, EIDS, PLAIN, session
from .evidence import config, eids, prove, warnings

both = pytest.mark.parametrize("sdk", ["2.0.1", "1.3.0"])

# Prefix and rest, as 1.x glues them together.
ADDRESSES = [
    ("", "/v1/telemetry"),
    ("", "/data/v3/telemetry"),
    ("/action", "/data/v3/telemetry"),
    ("/api", "/data/v1/telemetry"),
    ("/content", "/data/v1/telemetry"),
    ("/action", "/data/v1/telemetry"),
]


@both
def test_every_method_is_stored_and_on_the_chart(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    visit = site.visit(sdk)
    visit.start(config(footfall, channel), session(PLAIN))
    requests = visit.requests(1)
    rows = prove(footfall, channel, requests)
    assert eids(requests) == sorted(EIDS)
    assert warnings(rows) == {}
    assert visit.preflights == [("/v1/telemetry", 204)]


@both
def test_arguments_as_documented_are_stored_with_remarks(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    visit = site.visit(sdk)
    start = {"type": "player", "mode": "play", "stageid": "s1"}
    end = {"contentId": "course-101", "type": "player", "subtype": "finished", "summary": []}
    visit.start(config(footfall, channel), session(DOCUMENTED, start, end))
    requests = visit.requests(1)
    rows = prove(footfall, channel, requests)
    assert eids(requests) == sorted(EIDS)
    # The rest means the same to Sunbird's pipeline, or the SDK has put it right (FEEDBACK).
    assert set(EIDS) - set(warnings(rows)) == {"INTERACT", "ASSESS", "FEEDBACK", "HEARTBEAT", "LOG", "SEARCH"}


@both
def test_every_address_of_a_sunbird_installation(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    requests = []
    for slug, rest in ADDRESSES:
        visit = site.visit(sdk)
        chosen = {"endpoint": slug + rest} if sdk == "2.0.1" else {"apislug": slug, "endpoint": rest}
        visit.start(config(footfall, channel, sid=slug + rest, **chosen), session({}))
        requests += visit.requests(1)
    assert [request.url for request in requests] == [footfall.url + slug + rest for slug, rest in ADDRESSES]
    prove(footfall, channel, requests)


@both
def test_a_person_without_a_name_on_a_device_without_one(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    visit = site.visit(sdk)
    if sdk == "1.3.0":
        visit.page.evaluate("new Promise(resolve => $t.getFingerPrint(resolve))")
    visit.start(config(footfall, channel, did=""), session({}))
    requests = visit.requests(1)
    rows = prove(footfall, channel, requests)
    assert {row["did"] for row in rows} == {row["actor_id"] for row in rows} == {requests[0].headers["x-device-id"]}
    assert [row["eid"] for row in rows] == ["START", "END"]


def test_events_that_the_sdk_itself_sends_twice_are_stored_once(footfall: Served, site: Site, channel: str) -> None:
    # Until 1.3.0 knows the device, every event in waiting becomes the last one.
    visit = site.visit("1.3.0")
    visit.start(config(footfall, channel, did=""), session({}))
    requests = visit.requests(2)
    assert eids(requests) == ["END", "END"]
    assert len(prove(footfall, channel, requests)) == 1


@both
def test_what_the_sdk_validates_footfall_takes(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    visit = site.visit(sdk)
    accepted = PLAIN | {"summary": PLAIN["summary"] | {"timespent": "60"}}
    if sdk == "1.3.0":
        accepted = {method: data for method, data in accepted.items() if method not in ("summary", "metrics")}
    refused = ("interrupt", {"type": "call", "eventid": "e-1"})
    start, *rest = session(accepted)
    visit.start(config(footfall, channel, enableValidation=True), [start, refused, *rest])
    requests = visit.requests(1)
    rows = prove(footfall, channel, requests)
    assert eids(requests) == sorted(["START", *map(str.upper, accepted), "END"])
    assert warnings(rows) == ({} if sdk == "1.3.0" else {"SUMMARY": {"wrong_type"}})
    assert [line for line in visit.console if "Invalid INTERRUPT" in line]


@both
@pytest.mark.parametrize(
    ("batchsize", "events", "sizes"), [(None, 45, [5, 20, 20]), (5000, 1005, [5, 1000])], ids=["default", "most"]
)
def test_batches(
    footfall: Served, site: Site, sdk: str, channel: str, batchsize: int | None, events: int, sizes: list[int]
) -> None:
    visit = site.visit(sdk)
    calls = [("heartbeat", {"n": n}) for n in range(events)]
    more = {"batchsize": batchsize} if batchsize else {}
    # For 1.x, `false` means a request that the page waits for, as on leaving it.
    visit.start(config(footfall, channel, **more), [*calls, ("syncEvents", False)])
    requests = visit.requests(len(sizes))
    assert sorted(len(request.events) for request in requests) == sizes
    prove(footfall, channel, requests)


@both
def test_a_clock_that_the_page_sets(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    visit = site.visit(sdk)
    visit.start(config(footfall, channel, timeDiff=-7200), session({}))
    for row in prove(footfall, channel, visit.requests(1)):
        assert row["clock"] == "corrected"
        assert abs((row["received_at"] - row["occurred_at"]).total_seconds()) < 60


@both
def test_what_options_say_stays_until_it_is_reset(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    visit = site.visit(sdk)
    options = {
        "context": {"env": "course", "cdata": [{"type": "class", "id": "7b"}]},
        "object": {"id": "unit-1", "type": "Unit", "ver": "2", "rollup": {"l1": "course-101"}},
        "actor": {"id": "teacher-1", "type": "User"},
        "tags": ["t1"],
    }
    calls: list[Any] = [
        ("interact", {"type": "CLICK", "id": "1"}, options),
        ("interact", {"type": "CLICK", "id": "2"}),
        *((f"reset{part}",) for part in ("Context", "Object", "Actor", "Tags")),
        ("interact", {"type": "CLICK", "id": "3"}),
        ("assess", PLAIN["assess"], {"eventVer": "3.1"}),
        ("syncEvents",),
    ]
    visit.start(config(footfall, channel, uid="pupil-1", rollup={"l1": "org"}, tags=["t0"]), calls)
    rows = prove(footfall, channel, visit.requests(1))
    said, reset = ("course", "unit-1", "teacher-1", "3.0"), ("home", None, "pupil-1", "3.0")
    seen = [(row["env"], row["object_id"], row["actor_id"], row["ver"]) for row in rows]
    assert seen == [said, said, reset, (*reset[:3], "3.1")]
    assert [json.loads(row["event"])["tags"][-1] for row in rows] == ["t1", "t1", "t0", "t0"]


@both
def test_a_dispatcher_that_sends_beacons(footfall: Served, site: Site, sdk: str, channel: str) -> None:
    visit = site.visit(sdk)
    visit.start(config(footfall, channel), session(PLAIN), dispatch_to=footfall.url + "/v1/telemetry")
    requests = visit.requests(1 if sdk == "2.0.1" else len(EIDS))
    assert {request.headers["content-type"] for request in requests} == {"text/plain;charset=UTF-8"}
    assert eids(requests) == sorted(EIDS)
    prove(footfall, channel, requests)


@both
def test_a_batch_whose_reply_is_lost_is_sent_again_and_stored_once(
    footfall: Served, site: Site, sdk: str, channel: str
) -> None:
    visit = site.visit(sdk)
    lost: list[int] = []

    def lose_the_first(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    visit.page.route(footfall.url + "/**", lose_the_first)
    visit.start(config(footfall, channel), session(PLAIN))
    unanswered, answered = visit.requests(2)
    assert lost == [200]
    assert unanswered.body == answered.body
    prove(footfall, channel, [answered, answered])
