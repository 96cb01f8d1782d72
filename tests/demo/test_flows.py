"""Every sign-up, sign-in, session and service comes out as the people meant it, by the plans that footfall ships."""

from collections import Counter, defaultdict
from functools import cache

import pytest

from footfall.demo.visit import Visit
from footfall.plans.mark import Mark
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance
from footfall.plans.registry import shipped

from .judging import FLOWS, judged_flows, judged_workflows, stored, streams_of
from .reading import NOON, events_of, lives

# What a plan knows of that nobody here does: what is of other workflows, and what only other clients do.
NEVER_SEEN = {
    "backend-service": {"summed_up", "carried", "started", "ended"},
    "content-editor": {
        *("shared", "rated", "interrupted", "assessed", "responded", "audited", "logged", "measured", "alive"),
        *("summed_up", "carried", "started", "ended"),
    },
    "mobile-app": {"started", "ended"},
}
USUAL_FLAWS = {
    "google-signin": {"env_page_mismatch", "misspelt_value", "start_end_type_mismatch", "abandoned", "missing_step"},
    "signup": {"env_page_mismatch", "string_for_boolean", "abandoned"},
}


@cache
def fortnight() -> tuple[Visit, ...]:
    return tuple(lives(2, 14, 80_000))


@cache
def intended() -> dict[str, str]:
    return {name: outcome for visit in fortnight() for name, outcome in visit.intended.items()}


@cache
def texts() -> list[bytes]:
    return list(stored(fortnight()))


@cache
def flows() -> dict[str, Instance]:
    return judged_flows(texts())


@cache
def streams() -> dict[str, list[Mark]]:
    return streams_of(texts())


@cache
def workflows() -> dict[str, list[Instance]]:
    return judged_workflows(streams())


def _sessions() -> dict[str, list[Instance]]:
    return {name.partition(":")[2]: runs for name, runs in workflows().items() if name.startswith("session:")}


def test_every_flow_and_session_ends_as_it_was_meant_to() -> None:
    found = {name: instance.outcome for name, instance in flows().items()}
    for name, runs in _sessions().items():
        assert len(runs) == 1, name
        found[name] = runs[0].outcome
    assert found == intended()


@pytest.mark.parametrize("plan", FLOWS, ids=lambda plan: plan.plan)
def test_all_outcomes_of_a_flow_are_met(plan: Plan) -> None:
    met = Counter(instance.outcome for instance in flows().values() if instance.plan == plan.plan)
    assert met.keys() == {outcome.outcome for outcome in plan.outcomes} | {"abandoned"}
    success = sum(count for name, count in met.items() if name in ("success", "created", "existing_user"))
    assert 0.45 < success / met.total() < 0.9


@pytest.mark.parametrize("plan", [plan for plan in shipped() if plan.steps], ids=lambda plan: plan.plan)
def test_all_steps_are_met_but_for_those_of_others(plan: Plan) -> None:
    runs = [run for several in workflows().values() for run in several]
    met = {step for run in (*flows().values(), *runs) if run.plan == plan.plan for step in run.steps}
    assert {step.step for step in plan.steps} - met == NEVER_SEEN.get(plan.plan, set())


def test_flows_are_whole_and_in_order_with_the_flaws_of_the_catalogue_only() -> None:
    flaws: dict[str, set[str]] = defaultdict(set)
    for instance in flows().values():
        assert not instance.out_of_order
        assert not instance.repeated
        assert not (instance.ended and instance.missing) or instance.outcome == "unknown"
        flaws[instance.plan] |= {remark.code for remark in instance.remarks}
    assert flaws == USUAL_FLAWS


def test_no_rule_is_broken_but_where_something_is_left_open() -> None:
    broken = Counter(
        (run.plan, remark.rule, remark.severity)
        for runs in workflows().values()
        for run in runs
        for remark in run.remarks
    )
    assert broken.keys() == {
        ("mobile-app", "M8", "warning"),  # the system killed the app
        ("content-editor", "G1", "warning"),  # the tab was closed
        ("backend-service", "B1", "warning"),  # it runs on, or crashed
        ("backend-service", "B4", "warning"),  # it was ready again after a crash
    }
    assert broken["backend-service", "B4", "warning"] == 1


def test_services_are_restarted_every_night_and_crash_once() -> None:
    services = {name: marks for name, marks in streams().items() if name.startswith("service:")}
    runs = judged_workflows(services, now=NOON)
    found = {name: Counter(run.outcome for run in several) for name, several in runs.items()}
    names = [f"service:demo.learning.service/learner-service-{number}" for number in range(3)]
    assert found == {
        names[0]: {"complete": 14, "open": 1},
        names[1]: {"complete": 14, "open": 1},
        names[2]: {"complete": 14, "abandoned": 1, "open": 1},
    }


def test_shares_of_what_people_do() -> None:
    runs = Counter(run.plan for several in workflows().values() for run in several)
    runs.update(instance.plan for instance in flows().values())
    assert (
        runs["web-portal"] > runs["mobile-app"] > runs["signup"] > runs["google-signin"] > runs["content-editor"] > 20
    )


def test_nothing_of_a_flow_is_taken_for_something_else() -> None:
    """In the session of a flow, every event but an error is a step of it."""
    flows_of = {"self": "signup", "google": "google-signin"}
    sent: Counter[str] = Counter()
    for visit in fortnight():
        events = events_of(visit)
        first = events[0] if events else {"edata": {}}
        if flow := flows_of.get(first["edata"].get("mode", "")):
            sid = first["context"]["sid"]
            sent[flow] += sum(event["context"]["sid"] == sid and event["eid"] != "ERROR" for event in events)
    met: Counter[str] = Counter()
    for instance in flows().values():
        met[instance.plan] += len(instance.steps)
    assert sent == met
