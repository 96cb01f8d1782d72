"""Streams that the workflows' grammars make, in whatever order they come, and with faults put in."""

import math
import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from footfall.plans.mark import Mark
from footfall.plans.outcome import Instance
from footfall.plans.registry import find, shipped
from footfall.plans.trace import Trace, Workflows
from footfall.plans.workflow import judge_workflow
from tests.plans.streams import GOOD, SID, stream

Lines = list[str]
pages = st.sampled_from(["home", "course", "profile"])


def of(*lines: str) -> st.SearchStrategy[Lines]:
    """One of some lines, as a stretch of its own."""
    return st.sampled_from([[line] for line in lines])


def some(*stretches: st.SearchStrategy[Lines], at_most: int = 5) -> st.SearchStrategy[Lines]:
    """Some stretches one after another."""
    return st.lists(st.one_of(*stretches), max_size=at_most).map(lambda found: [line for one in found for line in one])


def chain(*stretches: st.SearchStrategy[Lines] | str) -> st.SearchStrategy[Lines]:
    """Stretches, and lines between them."""
    parts = [st.just([one]) if isinstance(one, str) else one for one in stretches]
    return st.tuples(*parts).map(lambda found: [line for one in found for line in one])


content = some(of("ASSESS", "RESPONSE", "INTERACT q1", "IMPRESSION q1", "LEVEL_SET", "LOG api_call"))
logs = some(of("LOG api_call", "ACCESS", "ERROR"), at_most=2)
play = chain("INTERACT home", logs, "START player mode=play", content, "END player mode=play", logs, "IMPRESSION home")
app_events = of("IMPRESSION home", "FEEDBACK", "APP_UPDATE", "SHARE", "INTERRUPT", "LOG api_call", "SEARCH")
session = chain("START session", "IMPRESSION home", some(app_events, of("INTERACT home"), play), "END session")
mobile = chain("START app", some(app_events), some(session, app_events), "END app")

lesson = chain("IMPRESSION home", "INTERACT home", "START player mode=play", some(of("ASSESS")), "END player mode=play")
page = pages.map(lambda name: [f"IMPRESSION {name}", f"INTERACT {name}"])
web = chain(some(of("AUDIT User/u1"), at_most=1), "START session", some(page, of("LOG api_call", "SEARCH"), lesson))

search = "SEARCH sid= cdata=session:" + SID
assets = chain(search, some(of("PLUGIN_LIFECYCLE type=add", "PLUGIN_LIFECYCLE type=remove")))
save = chain("INTERACT canvas id=save", logs, "ACCESS")
work = some(of("INTERACT canvas", "IMPRESSION canvas", "LOG process"), assets, save)
review = chain("INTERACT canvas id=submit", "AUDIT Content/c1 state=Review prevstate=Draft")
first = chain("INTERACT workspace", "AUDIT Content/c1 state=Draft", "START editor mode=content", work, review)
again = chain("INTERACT workspace", "START editor mode=content", work)
editing = chain("START session", first, "END editor mode=content", some(chain(again, "END editor mode=content"), page))

request = st.sampled_from(["r1", "r2"]).map(
    lambda name: [f"ACCESS cdata=request:{name}", f"LOG x cdata=request:{name}"]
)
life = chain("AUDIT Service state=Ready", some(request, of("METRICS", "LOG job")), "AUDIT Service state=Stopped")
service = chain(life, some(life, at_most=2))

GRAMMARS = {"mobile-app": mobile, "web-portal": web, "content-editor": editing, "backend-service": service}
KEYS = {name: "service:dev.app/main" if name == "backend-service" else f"session:{SID}" for name in GRAMMARS}
everything = st.sampled_from(sorted(GRAMMARS)).flatmap(lambda name: st.tuples(st.just(name), GRAMMARS[name]))
sessions = chain("START app", chain(session, some(session)), "END app")
noise = st.lists(st.sampled_from([line for text in GOOD.values() for line in text.splitlines() if line]), max_size=40)


def marks_of(lines: Lines) -> list[Mark]:
    """The marks of some lines."""
    return stream("\n".join(lines)).marks


def judged(name: str, marks: list[Mark]) -> list[Instance]:
    """What became of a stream to which nothing will be added."""
    return judge_workflow(find(name), marks, KEYS[name], now=math.inf)


def general(name: str, lines: Lines) -> set[str]:
    """The general rules that a stream breaks."""
    rules = {remark.rule for instance in judged(name, marks_of(lines)) for remark in instance.remarks}
    return {rule for rule in rules if rule.startswith("G")}


@given(everything)
def test_what_a_grammar_makes_breaks_no_rule(case: tuple[str, Lines]) -> None:
    name, lines = case
    for instance in judged(name, marks_of(lines)):
        assert (instance.remarks, instance.outcome) == ((), "complete")


@given(st.sampled_from(sorted(GRAMMARS)), noise, st.data())
def test_the_order_of_arrival_changes_nothing(name: str, lines: Lines, data: st.DataObject) -> None:
    marks = marks_of(lines)
    shuffled = data.draw(st.permutations(marks))
    assert judged(name, shuffled) == judged(name, marks)


@given(st.sampled_from(sorted(GRAMMARS)), noise, st.integers(-20 * 365, 20 * 365), st.integers(0, 23))
def test_the_hour_of_the_day_changes_nothing(name: str, lines: Lines, days: int, hours: int) -> None:
    marks = marks_of(lines)
    shift = (days * 24 + hours) * 3_600_000
    moved = judged(name, [structs.replace(mark, ets=mark.ets + shift) for mark in marks])
    back = [structs.replace(one, began_at=one.began_at - shift, ended_at=one.ended_at - shift) for one in moved]
    assert back == judged(name, marks)


@pytest.fixture(params=["UTC", "Europe/Berlin", "Asia/Kolkata"])
def zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """A time zone that the process is in."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


def test_a_change_of_clocks_is_no_silence(zone: str) -> None:
    before = 1_792_889_940_000  # 2026-10-25, 00:59 UTC: in Berlin, clocks go back one minute later
    marks = [Mark(eid, before + at * 60_000, sid="s", type="session") for at, eid in enumerate(["START", "IMPRESSION"])]
    (instance,) = judge_workflow(find("web-portal"), marks)
    assert instance.duration_ms == 60_000, zone


def blocks(lines: Lines, kinds: tuple[str, ...]) -> list[int]:
    """Where lines of some kinds stand."""
    return [at for at, line in enumerate(lines) if line.startswith(kinds)]


@given(sessions, st.data())
def test_a_start_that_is_lost_is_found(lines: Lines, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(blocks(lines, ("START session", "START player"))))
    assert general("mobile-app", lines[:at] + lines[at + 1 :]) == {"G3"}


@given(sessions, st.data())
def test_an_end_that_is_lost_is_found(lines: Lines, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(blocks(lines, ("END session", "END player"))))
    found = general("mobile-app", lines[:at] + lines[at + 1 :])
    assert found
    assert found <= {"G1", "G4"}


@given(sessions, st.data())
def test_a_start_that_comes_twice_is_found(lines: Lines, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(blocks(lines, ("START",))))
    assert general("mobile-app", [*lines[:at], lines[at], *lines[at:]]) == {"G4"}


@given(sessions, st.data())
def test_an_end_that_comes_twice_is_found(lines: Lines, data: st.DataObject) -> None:
    at = data.draw(st.sampled_from(blocks(lines, ("END",))))
    assert general("mobile-app", [*lines[:at], lines[at], *lines[at:]]) == {"G3"}


@given(sessions)
def test_blocks_that_cross_are_found(lines: Lines) -> None:
    last = blocks(lines, ("END session",))[-1]
    crossed = [*lines[:last], lines[last + 1], lines[last], *lines[last + 2 :]]
    assert lines[last + 1] == "END app"
    assert general("mobile-app", crossed) == {"G2"}


@given(st.sampled_from(sorted(GRAMMARS)), st.one_of(noise, *GRAMMARS.values()), st.integers(1, 7), st.integers(1, 9))
def test_a_long_stream_is_judged_in_parts_as_in_one(name: str, lines: Lines, keep: int, at_once: int) -> None:
    plan = structs.replace(find(name), rank=99, signs=[step.step for step in find(name).steps])
    workflows = Workflows([plan], keep)
    marks = [mark for mark in marks_of(lines) if workflows_step(plan.plan, mark)]
    trace, told = Trace(), []
    for begin in range(0, len(marks), at_once):
        told += workflows.add(KEYS[name], trace, marks[begin : begin + at_once])
        trace = Trace.decode(trace.encode())
        assert len(trace.marks) < 2 * keep + at_once
        workflows.judge(KEYS[name], trace)
    assert [*told, *workflows.judge(KEYS[name], trace, math.inf)] == judged(name, marks)


def workflows_step(name: str, mark: Mark) -> bool:
    """Whether a mark is of a kind that a workflow has steps for."""
    return any(mark.eid == step.event for step in find(name).steps)


def test_an_endless_session_stays_small() -> None:
    workflows = Workflows(shipped())
    trace = Trace()
    lines = ["START session", *(f"IMPRESSION p{at}\nINTERACT p{at}\nINTERACT q{at}" for at in range(4_000))]
    marks = marks_of(lines)
    for begin in range(0, len(marks), 100):
        workflows.add(KEYS["web-portal"], trace, marks[begin : begin + 100])
    assert len(trace.marks) < 1_100
    assert len(trace.encode()) < 300_000
    (instance,) = workflows.judge(KEYS["web-portal"], trace, math.inf)
    assert instance.duration_ms == 12_000_000
    assert instance.remarks[-1].message == "And 3980 more."


def test_a_session_that_turns_out_to_be_an_editors_is_judged_as_one() -> None:
    workflows = Workflows(shipped(), keep=3)
    trace = Trace()
    key = KEYS["content-editor"]
    plans = []
    for mark in stream(GOOD["content-editor"]).marks:
        workflows.add(key, trace, [mark])
        plans.append(workflows.judge(key, trace)[0].plan)
    assert plans == ["web-portal"] * 4 + ["content-editor"] * 10
    (instance,) = workflows.judge(key, trace, math.inf)
    assert (instance.outcome, instance.remarks) == ("complete", ())


@pytest.mark.parametrize("name", GOOD)
def test_two_hundred_marks_are_judged_in_about_a_millisecond(name: str) -> None:
    lines = GOOD[name].split("\n")
    marks = (marks_of(lines) * 40)[:200]
    marks = [structs.replace(mark, ets=mark.ets + at * 20, mid=str(at)) for at, mark in enumerate(marks)]
    taken = []
    for _ in range(20):
        before = time.process_time()
        judged(name, marks)
        taken.append(time.process_time() - before)
    assert min(taken) < 0.002
