"""The simulated people do what Sunbird's platforms see, and say it in valid events."""

from collections import Counter, defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from footfall.demo.catalogue import BROWSERS, PORTAL
from footfall.demo.event import Actor, Mids, chance
from footfall.demo.people import Population
from footfall.demo.signup import sign_in_with_google, sign_up
from footfall.demo.visit import Learner, Noted, Visit
from footfall.spec.judge import judge
from footfall.spec.schemas import EIDS
from footfall.spec.verdict import Profile

from .reading import NOON, read

Visits = list[list[Noted]]


@pytest.fixture(scope="module")
def visits() -> Visits:
    return list(Population(5, "test").visits(NOON, 3_600_000, 20_000))


def _flat(visits: Visits) -> list[dict[str, Any]]:
    return [read(noted.text) for visit in visits for noted in visit]


def _steps(visit: list[Noted]) -> list[str]:
    steps = []
    for event in (read(noted.text) for noted in visit):
        edata = event["edata"]
        steps.append(f"{event['eid']} {edata.get('id') or edata.get('message') or edata.get('pageid') or ''}".strip())
    return steps


@pytest.mark.parametrize("profile", Profile)
def test_every_event_of_every_visit_is_valid(visits: Visits, profile: Profile) -> None:
    findings = {
        (read(noted.text)["eid"], finding)
        for visit in visits
        for noted in visit
        for finding in judge(noted.text, profile).findings
    }
    assert findings == set()


def test_all_seventeen_events_occur(visits: Visits) -> None:
    assert {event["eid"] for event in _flat(visits)} == set(EIDS)


def test_same_seed_and_run_same_visits(visits: Visits) -> None:
    assert list(Population(5, "test").visits(NOON, 3_600_000, 20_000)) == visits
    assert list(Population(6, "test").visits(NOON, 3_600_000, 2_000)) != visits[:100]


def test_no_message_id_comes_twice_not_even_in_another_run(visits: Visits) -> None:
    mids = [event["mid"] for event in _flat(visits)]
    others = [event["mid"] for event in _flat(list(Population(5, "later").visits(NOON, 3_600_000, 20_000)))]
    assert len(mids) == len(set(mids))
    assert not set(mids) & set(others)


def test_the_same_people_come_back_in_another_run(visits: Visits) -> None:
    first = {event["actor"]["id"] for event in _flat(visits)}
    second = {event["actor"]["id"] for event in _flat(list(Population(5, "later").visits(NOON, 3_600_000, 20_000)))}
    assert len(first & second) > 100


def test_events_of_a_visit_are_in_order_and_of_one_device_and_session(visits: Visits) -> None:
    for visit in visits:
        events = [read(noted.text) for noted in visit]
        times = [event["ets"] for event in events]
        assert times == sorted(set(times))
        assert times == [noted.at_ms for noted in visit]
        assert len({(event["context"]["sid"], event["context"]["did"]) for event in events}) == 1


def _flows(flow: Callable[[Visit, Learner], object]) -> list[list[str]]:
    """The steps that 1500 people take through a flow."""
    draw, mids = chance("flows"), Mids(1, "flows")
    flows = []
    for number in range(1500):
        learner = Learner(Actor(f"person-{number}"), f"device-{number}", PORTAL, BROWSERS[0], "org", 0.5)
        visit = Visit(draw, mids, learner, NOON, None)
        flow(visit, learner)
        flows.append(_steps(visit.events))
    return flows


def test_sign_up_loses_people_at_every_step() -> None:
    flows = _flows(sign_up)
    assert all(steps[:2] == ["START signup", "IMPRESSION signup"] for steps in flows)
    submitted = sum("INTERACT submit-signup" in steps for steps in flows)
    asked = sum("IMPRESSION otp" in steps for steps in flows)
    entered = sum("INTERACT submit-otp" in steps for steps in flows)
    created = sum("AUDIT" in steps for steps in flows)
    assert 1500 > submitted > asked > entered > created > 400
    seen = {step for steps in flows for step in steps}
    assert {"INTERACT resend-otp", "INTERACT send-otp", "LOG otp verification failed", "END signup"} <= seen
    assert {"LOG google captcha found suspicious", "LOG user creation failed"} <= seen


@pytest.mark.parametrize(("is_new", "ending"), [(False, "LOG user exists"), (True, "AUDIT")])
def test_google_sign_in_ends_as_the_catalogue_says(is_new: bool, ending: str) -> None:
    flows = _flows(partial(sign_in_with_google, is_new=is_new))
    assert all(steps[0] == "START signin" and steps[-1] == "END sigin" for steps in flows)
    endings = Counter(steps[-2] for steps in flows)
    assert 1500 > endings[ending] > 1000
    assert endings["IMPRESSION signin"] > 100  # denied
    assert ("LOG user creation failed" in endings) == is_new


def test_people_are_anonymous_until_they_have_signed_in(visits: Visits) -> None:
    for visit in visits:
        events = [read(noted.text) for noted in visit]
        if events[0]["edata"].get("type") == "signup":
            actors = [event["actor"]["id"] for event in events]
            known = next((i for i, actor in enumerate(actors) if actor != "anonymous"), len(actors))
            assert "anonymous" not in actors[known:]
            assert known > 1


def test_questions_are_answered_in_the_player_and_activities_nest(visits: Visits) -> None:
    for visit in visits:
        opened: list[str] = []
        for event in (read(noted.text) for noted in visit):
            kind = event["edata"].get("type")
            if event["eid"] == "START":
                opened.append(kind)
            elif event["eid"] == "END":
                assert opened.pop() == kind or kind == "signin"
            elif event["eid"] in ("ASSESS", "RESPONSE"):
                assert opened[-1] == "player"


def test_several_applications_and_parts_of_the_product_send_to_one_channel(visits: Visits) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for event in _flat(visits):
        context = event["context"]
        seen["channel"].add(context["channel"])
        seen["env"].add(context["env"])
        seen["pdata"].add(context["pdata"]["id"])
        seen["ver"].add(event["ver"])
    assert seen["channel"] == {"dev"}
    assert seen["pdata"] == {"demo.learning.portal", "demo.learning.app", "demo.learning.service"}
    assert seen["env"] >= {"home", "explore", "course", "contentplayer", "signup", "signin", "otp", "editor"}
    assert seen["ver"] == {"3.0", "3.1"}
