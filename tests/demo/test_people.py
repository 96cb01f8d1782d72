"""The simulated people do what Sunbird's platforms see, and say it in valid events."""

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from footfall.demo.endpoints import Endpoint, Noted
from footfall.demo.people import Population
from footfall.demo.visit import Visit
from footfall.schema.schemas import EIDS
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .reading import HOUR_MS, NOON, events_of, read

Visits = list[Visit]


def _visits(seed: int = 5, run: str = "test", events: int = 20_000) -> Visits:
    return list(Population(seed, run).visits(NOON, HOUR_MS, events))


@pytest.fixture(scope="module")
def visits() -> Visits:
    return _visits()


def _flat(visits: Visits) -> list[dict[str, Any]]:
    return [event for visit in visits for event in events_of(visit)]


def _noted(visits: Visits) -> list[Noted]:
    return [noted for visit in visits for noted in visit.events]


@pytest.mark.parametrize("profile", Profile)
def test_every_event_of_every_visit_is_valid(visits: Visits, profile: Profile) -> None:
    findings = {
        (read(noted.text)["eid"], finding)
        for noted in _noted(visits)
        if noted.way is Endpoint.TELEMETRY
        for finding in judge(noted.text, profile).findings
    }
    assert findings == set()


def test_all_seventeen_events_occur(visits: Visits) -> None:
    assert {event["eid"] for event in _flat(visits)} == set(EIDS)


def test_same_seed_and_run_same_visits(visits: Visits) -> None:
    assert _noted(_visits()) == _noted(visits)
    assert _noted(_visits(seed=6, events=2_000)) != _noted(visits)[:2000]


def test_no_id_comes_twice_not_even_in_another_run(visits: Visits) -> None:
    names = _names(visits)
    assert len(names) == len(set(names))
    assert not set(names) & set(_names(_visits(run="later")))


def _names(visits: Visits) -> list[str]:
    things = [read(noted.text) for noted in _noted(visits) if noted.way is not Endpoint.LMS]
    return [thing.get("mid") or thing["id"] for thing in things]


def test_the_same_people_come_back_in_another_run(visits: Visits) -> None:
    first = {event["actor"]["id"] for event in _flat(visits)}
    second = {event["actor"]["id"] for event in _flat(_visits(run="later"))}
    assert len(first & second) > 100


def test_what_a_visit_tells_is_in_order_and_of_one_device(visits: Visits) -> None:
    for visit in visits:
        times = [noted.at_ms for noted in visit.events]
        assert times == sorted(set(times))
        events = events_of(visit)
        assert [event["ets"] for event in events] == [
            noted.at_ms for noted in visit.events if noted.way is Endpoint.TELEMETRY
        ]
        assert len({event["context"]["did"] for event in events}) <= 1


def test_a_session_is_over_before_the_next_begins(visits: Visits) -> None:
    counts = []
    for visit in visits:
        sids = [event["context"]["sid"] for event in events_of(visit)]
        changes = sum(sid != before for before, sid in pairwise(sids))
        assert changes == max(0, len(set(sids)) - 1)
        counts.append(len(set(sids)))
    assert set(counts) == {0, 1, 2, 3}


def test_people_are_anonymous_until_they_have_signed_in(visits: Visits) -> None:
    for visit in visits:
        events = events_of(visit)
        if events and events[0]["edata"].get("type") == "signup":
            actors = [event["actor"]["id"] for event in events]
            known = next((i for i, actor in enumerate(actors) if actor != "anonymous"), len(actors))
            assert "anonymous" not in actors[known:]
            assert known > 1


def test_questions_are_answered_in_the_player_and_activities_nest(visits: Visits) -> None:
    for visit in visits:
        opened: list[str] = []
        for event in events_of(visit):
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
    assert seen["pdata"] == {
        "demo.learning.portal",
        "demo.learning.app",
        "demo.learning.service",
        "demo.community.portal",
    }
    assert seen["env"] >= {"home", "explore", "course", "contentplayer", "signup", "signin", "otp", "editor"}
    assert seen["ver"] == {"3.0", "3.1"}
