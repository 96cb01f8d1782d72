"""Sessions and services as workflows."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from .events import House, Json, event
from .test_orders import visit

PLANS = ("web-portal", "mobile-app", "content-editor", "backend-service")
STATE = "SELECT plan, id, outcome, events FROM flows ORDER BY id, plan"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, *PLANS)


def told(house: House) -> set[tuple[str, str]]:
    """Rules that were broken, and the plans that they are of."""
    rows = house.ask("SELECT plan, remarks FROM flows")
    return {
        (plan, remark["rule"]) for plan, remarks in rows for remark in msgspec.json.decode(remarks) if "rule" in remark
    }


def test_a_session_is_one_row_of_one_workflow(house: House) -> None:
    house.put(*visit("s1", 0))
    house.fold()
    assert house.ask(STATE) == [("web-portal", "session:s1", "complete", 5)]
    assert told(house) == {("web-portal", "P5")}
    assert house.ask("SELECT sid, did, channel, kind, duration_ms FROM flows") == [
        ("s1", "d1", "dev", "workflow", 60_000)
    ]


def test_a_sign_that_comes_late_makes_it_another_workflow(house: House) -> None:
    house.put(*visit("s1", 10))
    house.fold()
    house.put(event("START", 0, {"type": "app", "pageid": "home", "mode": "play"}, sid="s1", env="app"))
    house.fold()
    assert [row[0] for row in house.ask(STATE)] == ["mobile-app"]
    assert house.ask("SELECT count(*) FROM revisions WHERE plan = 'web-portal'") == [(2,)]


def test_a_session_without_a_sign_is_nobodys(house: House) -> None:
    house.put(*visit("s1", 0)[1:])
    house.fold()
    assert house.ask(STATE) == []
    house.put(visit("s1", 0)[0])
    house.fold()
    assert house.ask(STATE) == [("web-portal", "session:s1", "complete", 5)]


def test_a_session_that_falls_silent_is_two_runs(house: House) -> None:
    first, later = visit("s1", 0)[:4], visit("s1", 4_000)
    house.put(*later)
    house.fold()
    assert house.ask(STATE) == [("web-portal", "session:s1", "complete", 5)]
    house.put(*first)
    house.fold()
    assert [(row[1], row[3]) for row in house.ask(STATE)] == [("session:s1", 4), ("session:s1#2", 5)]


def test_a_run_that_turns_out_to_be_none_is_not_shown_any_more(house: House) -> None:
    house.put(*visit("s1", 0)[:4], *visit("s1", 2_500)[:3])
    house.fold()
    assert len(house.ask(STATE)) == 2
    between = visit("s1", 1_200)[1:2]
    house.put(*between)
    house.fold()
    before = house.flows()
    fresh = House(house.root.with_name("fresh"), *PLANS)
    fresh.put(*visit("s1", 0)[:4], *visit("s1", 2_500)[:3], *between)
    fresh.fold()
    assert before == fresh.flows()


def test_the_channel_of_a_session_is_that_of_its_events(tmp_path: Path) -> None:
    house = House(tmp_path, "web-portal")
    house.put(*visit("s1", 0), channel="A")
    house.put(*visit("s1", 5), channel="B")
    house.fold()
    assert house.ask("SELECT channel, channels, events FROM flows ORDER BY channel") == [
        ("A", ["A"], 5),
        ("B", ["B"], 5),
    ]


def service(at: float, eid: str, edata: Json, **over: Any) -> Json:
    value = event(eid, at, edata, sid="", did="", env="search", kind="request", flow=f"r{at}", mid=f"{eid}{at}", **over)
    value["actor"] = {"id": "search-1", "type": "System"}
    value["object"] = {"id": "search-1", "type": "Service"}
    value["context"]["pdata"] = {"id": "search-service", "ver": "1"}
    return value


def test_a_service_that_runs_for_days_is_one_run_with_a_bounded_trace(tmp_path: Path) -> None:
    house = House(tmp_path, *PLANS)
    access = {"type": "api_access", "level": "INFO", "message": "ok"}
    ready = service(0, "AUDIT", {"props": ["status"], "state": "Ready", "prevstate": ""})
    house.put(ready, *(service(1 + n / 10, "LOG", access) for n in range(900)))
    house.fold()
    house.put(*(service(100 + n / 10, "LOG", access) for n in range(900)))
    house.fold()
    house.put(service(200, "AUDIT", {"props": ["status"], "state": "Stopped", "prevstate": "Ready"}))
    house.fold()
    ((plan, name, outcome, events),) = house.ask(STATE)
    assert (plan, name, events) == ("backend-service", "service:search-service/", 1_802)
    assert outcome == "complete", house.ask("SELECT remarks FROM flows")
    ((marks,),) = house.ask(
        "SELECT sum(json_array_length(trace)) FROM revisions WHERE kind = 'stream' "
        "AND revision >= (SELECT max(revision) FROM revisions WHERE state IS NOT NULL)"
    )
    assert marks < 1_100
