"""Sightings find their flow: by cdata id whatever its type, or by session where there is none."""

from copy import deepcopy

import pytest

from footfall.plans.correlation import Key, correlation
from footfall.plans.flow import judge_flow
from footfall.plans.gathering import Flow, gather
from footfall.plans.model import Plan
from footfall.plans.reading import plan_of
from footfall.plans.registry import find
from tests.plans.examples import EXAMPLES, Json
from tests.plans.sightings import BEGAN, seen

SIGNUP = find("signup")
GOOGLE = find("google-signin")
WEAK = Key("", "device-1", "session-1")
MINUTE = 60_000.0


def sample(ref: str, *cdata: tuple[str, str]) -> Json:
    event = deepcopy(next(example.event for example in EXAMPLES if example.ref == ref))
    if cdata:
        event["context"]["cdata"] = [{"type": kind, "id": name} for kind, name in cdata]
    return event


@pytest.mark.parametrize(
    ("plan", "event", "key"),
    [
        (SIGNUP, sample("S1", ("signup", "u")), "u"),
        (SIGNUP, sample("S5", ("otp", "u")), "u"),
        (GOOGLE, sample("G3", ("sigin", "u")), "u"),
        (SIGNUP, sample("S1", ("UserSession", "x"), ("signup", "u"), ("Device", "Mobile")), "u"),
        (SIGNUP, sample("A1"), ""),
        (GOOGLE, sample("A2"), ""),
        (SIGNUP, sample("A1", ("signup", "self"), ("signup", "u")), "u"),
    ],
)
def test_an_event_is_tied_to_its_flow_by_id(plan: Plan, event: Json, key: str) -> None:
    found = correlation(plan)(event)
    assert found == Key(key, "device-1", "session-1")
    assert found.weak is (not key)


@pytest.mark.parametrize("context", [None, [], {"cdata": None}, {"cdata": [None, {"type": 1, "id": {}}], "did": 3}])
def test_an_event_without_anything_of_use_is_tied_to_nothing(context: object) -> None:
    assert correlation(SIGNUP)({"context": context}).loose


def audits(flows: list[Flow]) -> list[str]:
    return [flow.id for flow in flows if any(one.step == "user_created" for one in flow.sightings)]


def test_an_audit_joins_the_flow_open_in_its_session() -> None:
    first = seen("opened form_viewed submitted", Key("one", "device-1", "session-1"))
    second = seen("opened form_viewed submitted", Key("two", "device-1", "session-1"), BEGAN + 5 * MINUTE)
    other = seen("opened form_viewed submitted", Key("three", "device-2", "session-2"), BEGAN + 6 * MINUTE)
    for began, expected in ((BEGAN + MINUTE, "one"), (BEGAN + 7 * MINUTE, "two")):
        gathered = gather(SIGNUP, [*seen("user_created", WEAK, began), *other, *second, *first])
        assert audits(gathered.flows) == [expected]
        assert [flow.id for flow in gathered.flows] == ["one", "two", "three"]


@pytest.mark.parametrize("began", [BEGAN - MINUTE, BEGAN + 40 * MINUTE])
def test_an_audit_outside_any_flow_is_one_of_its_own(began: float) -> None:
    strong = seen("opened form_viewed", Key("one", "device-1", "session-1"))
    gathered = gather(SIGNUP, [*strong, *seen("user_created", WEAK, began)])
    assert audits(gathered.flows) == ["session:device-1/session-1"]


def test_a_channel_that_changes_does_not_part_a_flow() -> None:
    keys = {correlation(SIGNUP)(sample(ref)).id for ref in ("S1", "S2", "S3", "S4")}
    assert len(keys) == 1


def test_sightings_without_a_session_are_set_aside() -> None:
    gathered = gather(SIGNUP, seen("opened form_viewed", Key()))
    assert gathered.flows == []
    assert len(gathered.loose) == 2


BY_SESSION = plan_of(
    b"""
plan: checkout
version: 1
title: Checkout
kind: flow
fallback: session
correlate: {cdata: [cart]}
idle: 10m
steps:
  - {step: opened, when: The cart is shown., event: IMPRESSION, match: {edata.pageid: cart}}
  - {step: paid, when: It is paid., event: INTERACT, match: {edata.id: pay}, end: true}
order: opened paid
outcomes: [{outcome: bought, result: success, seen: [paid]}]
""",
    "checkout.yaml",
)


def test_flows_of_a_session_are_parted_by_their_end_and_by_silence() -> None:
    twice = seen("opened paid opened paid", WEAK)
    late = seen("opened", WEAK, BEGAN + 60 * MINUTE)
    flows = gather(BY_SESSION, [*late, *twice]).flows
    assert [(flow.id, [one.step for one in flow.sightings]) for flow in flows] == [
        ("session:device-1/session-1", ["opened", "paid"]),
        ("session:device-1/session-1#2", ["opened", "paid"]),
        ("session:device-1/session-1#3", ["opened"]),
    ]
    assert [judge_flow(BY_SESSION, flow.sightings).outcome for flow in flows] == ["bought", "bought", "unfinished"]
