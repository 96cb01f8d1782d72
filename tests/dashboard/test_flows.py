"""Flows and the catalogue: the numbers of the API against the flows that are in the lake."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from footfall.dashboard.parameters import DAY, HOUR
from footfall.plans import registry
from footfall.schema.schemas import EIDS
from tests.dashboard.conftest import Place, make_app
from tests.dashboard.server import serving
from tests.dashboard.traffic import rejected, row
from tests.flows.events import House, Json, signup
from tests.flows.test_orders import visit
from tests.flows.test_serving import OWN_PLAN

from .test_api import get, refused

START = 1_795_176_000_000  # when the sign-ups begin
PERIOD = {"since": START - 60_000, "until": START + 3_600_000}


def given_up(name: str, at: float) -> list[Json]:
    return signup(name, at=at, sid=name, did=name)[:2]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six sign-ups, two of them in another channel, and two visits."""
    folder = tmp_path_factory.mktemp("flows")
    app_state = House(folder / "lake", "signup", "google-signin", "web-portal")
    for number in range(3):
        app_state.put(*signup(f"good{number}", at=number * 100, sid=f"s{number}", did=f"d{number}"))
    app_state.put(*signup("bad", at=400, sid="s7", did="d7", created=False))
    app_state.put(*given_up("shy", 500), channel="B")
    app_state.put(*given_up("timid", 600), channel="B")
    app_state.put(*visit("v1", 700), *visit("v2", 800))
    app_state.fold()
    (folder / "plans").mkdir()
    (folder / "plans" / "bad.yaml").write_text("plan: 7")
    return folder


@pytest.fixture(scope="module")
def origin(data: Path) -> Iterator[str]:
    with serving(make_app(data)) as url:
        yield url


def plan(answer: Any, name: str) -> Any:
    return next(entry for entry in answer["plans"] if entry["plan"] == name)


def test_every_plan_with_how_its_flows_ended(api: httpx.Client) -> None:
    answer = get(api, "/api/flows", **PERIOD)
    assert [entry["plan"] for entry in answer["plans"]][:2] == ["signup", "google-signin"]
    found = plan(answer, "signup")
    assert (found["title"], found["kind"], found["total"]) == ("Self sign-up", "flow", 6)
    assert {one["outcome"]: (one["n"], one["result"]) for one in found["outcomes"]} == {
        "success": (3, "success"),
        "abandoned": (2, ""),
        "create_failed": (1, "failed"),
    }
    assert all(one["when"] for one in found["outcomes"])
    assert plan(answer, "web-portal")["total"] == 2
    assert plan(answer, "mobile-app")["total"] == 0
    assert answer["detail"]["plan"] == "signup"


def test_how_far_they_came(api: httpx.Client) -> None:
    detail = get(api, "/api/flows", **PERIOD)["detail"]
    steps = {step["step"]: step for step in detail["steps"]}
    assert [step["step"] for step in detail["steps"]] == [step.step for step in registry.find("signup").steps]
    main = [(step["step"], step["n"]) for step in detail["steps"] if step["main"]]
    assert main == [
        ("opened", 6),
        ("form_viewed", 6),
        ("submitted", 4),
        ("otp_viewed", 4),
        ("otp_submitted", 4),
        ("user_created", 3),
        ("ended", 4),
    ]
    assert steps["submitted"]["lost"] == pytest.approx(1 / 3)
    assert steps["submitted"]["share"] == pytest.approx(2 / 3)
    assert (steps["create_failed"]["n"], steps["create_failed"]["main"], steps["create_failed"]["lost"]) == (
        1,
        False,
        None,
    )
    assert (steps["opened"]["lost"], steps["ended"]["lost"]) == (None, 0.0)
    assert (detail["median_ms"], detail["slow_ms"]) == (32_000, 32_000)


def test_the_newest_are_shown_with_what_is_remarkable(api: httpx.Client) -> None:
    detail = get(api, "/api/flows", **PERIOD, limit=2)["detail"]
    assert [(one["id"], one["channel"], one["outcome"]) for one in detail["examples"]] == [
        ("timid", "B", "abandoned"),
        ("shy", "B", "abandoned"),
    ]
    assert detail["examples"][0]["remarks"][0]["hint"]
    assert detail["examples"][0]["missing"] == ["submitted", "ended"]
    told = {(remark["code"], remark["path"]): remark["n"] for remark in detail["remarks"]}
    assert told["missing_value", "$.edata.extra"] == 4
    assert not any(code == "abandoned" for code, _ in told)


def test_one_outcome_narrows_everything_but_the_outcomes(api: httpx.Client) -> None:
    answer = get(api, "/api/flows", **PERIOD, plan="signup", outcome="create_failed")
    assert plan(answer, "signup")["total"] == 6
    detail = answer["detail"]
    assert (detail["total"], [one["id"] for one in detail["examples"]]) == (1, ["bad"])
    assert {step["step"]: step["n"] for step in detail["steps"]}["create_failed"] == 1


def test_a_channel_shows_nothing_of_another(api: httpx.Client) -> None:
    answer = get(api, "/api/flows", **PERIOD, channel="B")
    assert [(entry["plan"], entry["total"]) for entry in answer["plans"] if entry["total"]] == [("signup", 2)]
    assert {one["channel"] for one in answer["detail"]["examples"]} == {"B"}
    assert get(api, "/api/flows", **PERIOD, channel="nobody")["detail"]["total"] == 0
    entries = get(api, "/api/catalogue", channel="nobody")["entries"]
    assert all(entry["week"] == 0 and entry["last"] is None for entry in entries)


def test_a_workflow_has_rules_in_place_of_a_funnel(api: httpx.Client) -> None:
    detail = get(api, "/api/flows", **PERIOD, plan="web-portal")["detail"]
    assert (detail["steps"], detail["total"], detail["median_ms"]) == ([], 2, 60_000)
    assert [(remark["rule"], remark["n"]) for remark in detail["remarks"]] == [("P5", 2)]


def test_another_time_has_other_flows(api: httpx.Client) -> None:
    answer = get(api, "/api/flows", since=0, until=1000)
    assert {entry["total"] for entry in answer["plans"]} == {0}
    assert get(api, "/api/flows", **PERIOD, plan="no-such-plan")["detail"] is None
    assert "limit" in refused(api, "/api/flows", limit=0)
    assert "colour" in refused(api, "/api/catalogue", colour="red")


def test_the_catalogue_has_every_event_type_and_step(api: httpx.Client) -> None:
    answer = get(api, "/api/catalogue")
    names = {(entry["kind"], entry["plan"], entry["name"]) for entry in answer["entries"]}
    assert {name for kind, _, name in names if kind == "event"} == set(EIDS)
    for shipped in registry.shipped():
        assert {name for _, owner, name in names if owner == shipped.plan} >= {one.type for one in shipped.types}
        if shipped.kind == "flow":
            assert {name for _, owner, name in names if owner == shipped.plan} == {step.step for step in shipped.steps}
    for entry in answer["entries"]:
        assert entry["meaning"]
        assert entry["source"]
        assert entry["sample"].startswith("{")


def test_the_catalogue_counts_the_flows_of_each_step(tmp_path: Path) -> None:
    now = time.time() * 1000
    app_state = House(tmp_path / "lake", "signup")
    app_state.put(*(value | {"ets": value["ets"] - START + now - 40_000} for value in signup()))
    app_state.put(*(value | {"ets": value["ets"] - START + now - 3 * DAY} for value in signup("f2", sid="s2")[:3]))
    app_state.fold()
    with serving(make_app(tmp_path)) as url, httpx.Client(base_url=url) as api:
        entries = {(entry["plan"], entry["name"]): entry for entry in get(api, "/api/catalogue")["entries"]}
    step = entries["signup", "submitted"]
    assert (step["day"], step["week"], step["rejected"]) == (1, 2, None)
    assert now - 60_000 < step["last"] < now
    assert (entries["signup", "create_failed"]["week"], entries["signup", "create_failed"]["last"]) == (0, None)


def test_the_catalogue_counts_events_and_what_was_rejected_of_them(fresh: Place) -> None:
    now = datetime.now(UTC)
    fresh.add([row(now, n, eid="LOG") for n in range(3)])
    fresh.add([row(now - timedelta(days=3), 9, eid="LOG"), row(now - timedelta(days=9), 10, eid="SHARE")])
    fresh.add([row(now, 20, eid="EXDATA", event_type="video")])
    fresh.add([rejected(now, 11, ("LOG", "wrong_type", "$.ver", "number", "No."))])
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        entries = {entry["name"]: entry for entry in get(api, "/api/catalogue")["entries"]}
    log = entries["LOG"]
    assert (log["day"], log["week"], log["rejected"]) == (3, 4, 0.2)
    assert 0 <= now.timestamp() * 1000 - log["last"] < HOUR
    assert (entries["SHARE"]["week"], entries["SHARE"]["rejected"]) == (0, None)
    assert entries["SHARE"]["last"] is not None
    assert (entries["video"]["plan"], entries["video"]["week"]) == ("lms", 1)


def test_a_plan_of_ones_own_is_in_the_catalogue_as_soon_as_it_is_there(fresh: Place) -> None:
    plans = fresh.data / "plans"
    with serving(fresh.app) as url, httpx.Client(base_url=url) as api:
        assert "theme" not in {entry["plan"] for entry in get(api, "/api/catalogue")["plans"]}
        plans.mkdir()
        (plans / "theme.yaml").write_text(OWN_PLAN)
        (plans / "bad.yaml").write_text("plan: 7")
        assert "theme" in {entry["plan"] for entry in get(api, "/api/catalogue")["plans"]}
        assert plan(get(api, "/api/flows"), "theme")["total"] == 0
