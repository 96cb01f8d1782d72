"""What becomes of the runs of a stream, and which workflow a stream is."""

import json
import math
from typing import Any

import pytest

from footfall.plans.mark import Mark, in_order, mark_of, read_mark
from footfall.plans.model import Plan
from footfall.plans.outcome import Instance
from footfall.plans.registry import find, shipped
from footfall.plans.run import REMARKS_KEPT, STEPS_KEPT
from footfall.plans.trace import Trace, Workflows
from footfall.plans.workflow import judge_workflow
from footfall.schema.event_types import LEGACY_EIDS
from tests.plans.streams import EDITOR, GOOD, MOBILE, NOON, SERVICE, SID, WEB, stream

MINUTE = 60_000
WORKFLOWS = [plan for plan in shipped() if plan.kind == "workflow"]


def judged(name: str, text: str, now: float | None = None) -> list[Instance]:
    """The instances of a stream."""
    return judge_workflow(find(name), stream(text).marks, "s", now)


def outcomes(name: str, text: str, now: float | None = None) -> list[str]:
    """The outcomes of a stream's runs."""
    return [instance.outcome for instance in judged(name, text, now)]


def test_an_instance_says_what_happened_and_when() -> None:
    (instance,) = judged("mobile-app", "START app\nSTART session\nIMPRESSION a\nIMPRESSION b\n+5m INTERACT b")
    assert instance.steps == ["app_started", "session_started", "viewed", "interacted"]
    assert instance.began_at == NOON
    assert instance.duration_ms == 4_000 + 5 * MINUTE


def test_a_run_without_end_is_open_until_it_has_been_silent_for_long() -> None:
    text = "START app\nIMPRESSION home"
    assert outcomes("mobile-app", text) == ["open"]
    assert outcomes("mobile-app", text, now=NOON + 30 * MINUTE) == ["open"]
    (killed,) = judged("mobile-app", text, now=NOON + 31 * MINUTE)
    assert (killed.outcome, killed.missing) == ("abandoned", ["app_ended"])


def test_a_visit_needs_no_end() -> None:
    assert outcomes("web-portal", WEB) == ["open"]
    assert outcomes("web-portal", WEB, now=math.inf) == ["complete"]
    assert outcomes("web-portal", WEB + "END session") == ["complete"]


def test_an_editor_that_nobody_closed_is_abandoned() -> None:
    text = "START session\nSTART editor mode=content\nINTERACT canvas"
    assert outcomes("content-editor", text) == ["open"]
    (left,) = judged("content-editor", text, now=math.inf)
    assert (left.outcome, left.missing) == ("abandoned", ["editor_ended"])
    assert [(remark.rule, remark.severity) for remark in left.remarks] == [("G1", "warning")]


def test_a_service_that_never_stopped_is_abandoned_after_a_day() -> None:
    text = "AUDIT Service state=Ready\nMETRICS"
    day = 24 * 60 * MINUTE
    assert outcomes("backend-service", text, now=NOON + day) == ["open"]
    assert outcomes("backend-service", text, now=NOON + day + MINUTE) == ["abandoned"]


def test_an_error_breaks_a_run_and_a_warning_does_not() -> None:
    assert outcomes("mobile-app", MOBILE.replace("SHARE", "ASSESS")) == ["broken"]
    assert outcomes("mobile-app", MOBILE.replace("duration=6", "duration=600")) == ["complete"]


def test_each_launch_is_a_run_of_its_own() -> None:
    first, second = judged("mobile-app", MOBILE + "+2h " + MOBILE.lstrip())
    assert (first.id, second.id) == ("s", "s#2")
    assert first.steps == second.steps
    assert (first.outcome, second.outcome) == ("complete", "complete")


def test_a_new_launch_ends_the_run_before_it() -> None:
    killed, next_one = judged("mobile-app", "START app\nIMPRESSION home\nSTART app\nEND app")
    assert (killed.outcome, killed.missing) == ("abandoned", ["app_ended"])
    assert next_one.outcome == "complete"


def test_a_visit_that_starts_anew_after_a_silence_breaks_no_rule() -> None:
    first, second = judged("web-portal", WEB + "+31m START session\nIMPRESSION home")
    assert (first.outcome, second.outcome) == ("complete", "open")
    assert (first.remarks, second.remarks) == ((), ())


def test_thirty_minutes_of_silence_are_not_too_long() -> None:
    assert len(judged("web-portal", "START session\n+29m IMPRESSION home")) == 1
    assert len(judged("web-portal", "START session\n+30m IMPRESSION home")) == 2


def test_a_visit_that_goes_on_after_a_silence_knows_its_pages_and_ends() -> None:
    text = "START session\nIMPRESSION home\nSTART player\n+1h INTERACT home\nEND player\nEND session"
    first, second = judged("web-portal", text)
    assert (first.outcome, first.remarks) == ("complete", ())
    assert (second.outcome, [remark.rule for remark in second.remarks]) == ("complete", ["P4"])


def test_what_is_out_of_order_says_what_was_expected() -> None:
    (instance,) = judged("mobile-app", MOBILE.replace("SHARE", "ASSESS"))
    (misplaced,) = instance.out_of_order
    assert (misplaced.step, misplaced.expected) == ("assessed", ["player_started"])
    assert misplaced.mid == "15"


def test_a_block_whose_end_never_came_names_the_missing_step() -> None:
    (instance,) = judged("mobile-app", "START app\nSTART session\nEND app")
    assert instance.missing == ["session_ended"]


def test_a_stream_without_the_start_of_its_workflow_misses_it() -> None:
    (instance,) = judged("web-portal", "IMPRESSION home")
    assert instance.missing == ["session_started"]


def test_an_event_that_was_sent_twice_counts_once() -> None:
    marks = stream(MOBILE).marks
    assert judge_workflow(find("mobile-app"), marks + marks) == judge_workflow(find("mobile-app"), marks)


def test_events_of_one_millisecond_are_in_the_order_of_their_index() -> None:
    events = ["START", "IMPRESSION", "END"]
    marks = [Mark(eid, NOON, index=index, type="session", pageid="a") for index, eid in enumerate(events)]
    (instance,) = judge_workflow(find("web-portal"), reversed(marks), now=math.inf)
    assert instance.steps == ["session_started", "viewed", "session_ended"]
    assert instance.remarks == ()


def test_a_stream_of_nothing_but_faults_stays_small() -> None:
    (instance,) = judged("mobile-app", "START app\n" + "ASSESS\nRESPONSE\n" * 1_000 + "END app")
    assert len(instance.steps) == STEPS_KEPT + 1
    assert len(instance.remarks) == REMARKS_KEPT + 1
    assert instance.remarks[-1].message == "And 1980 more."


def test_no_marks_are_no_run() -> None:
    assert judge_workflow(find("web-portal"), []) == []


@pytest.mark.parametrize("name", GOOD)
def test_legacy_names_and_their_v3_events_are_the_same_steps(name: str) -> None:
    told = stream(GOOD[name])
    modern = [modernised(event) for event in told.events]
    assert "LEVEL_SET" not in {event["eid"] for event in modern}
    old = judge_workflow(find(name), told.marks)
    assert judge_workflow(find(name), [mark_of(event, at) for at, event in enumerate(modern)]) == old


def modernised(event: dict[str, Any]) -> dict[str, Any]:
    """An event under the name that V3 has for it."""
    if event["eid"] not in LEGACY_EIDS:
        return event
    eid, kind = LEGACY_EIDS[event["eid"]]
    own = {"type": event["eid"]} | event["edata"] if eid == "INTERACT" else event["edata"] | {"type": kind}
    plugin = {"plugin": {"id": "assets", "ver": "1.0"}} if event["eid"] == "PLUGIN_LIFECYCLE" else {}
    return event | {"eid": eid, "edata": own | plugin}


@pytest.mark.parametrize("plan", WORKFLOWS, ids=lambda plan: plan.plan)
def test_variants_are_the_legacy_names_of_their_steps(plan: Plan) -> None:
    for step in plan.steps:
        for variant in step.variants:
            eid, kind = LEGACY_EIDS[variant.event]
            assert (step.event, variant.warning) == (eid, "legacy_name")
            assert not kind or step.match["edata.type"] == kind


@pytest.mark.parametrize("name", GOOD)
def test_a_stream_is_told_by_its_signs(name: str) -> None:
    workflows = Workflows(WORKFLOWS)
    kind = "service:dev.app/main" if name == "backend-service" else f"session:{SID}"
    plan = workflows.recognise(kind, stream(GOOD[name]).marks)
    assert plan is not None
    assert plan.plan == name


def test_a_stream_without_signs_is_no_workflow() -> None:
    workflows = Workflows(WORKFLOWS)
    assert workflows.recognise(f"session:{SID}", stream("IMPRESSION home\nSTART player").marks) is None
    assert workflows.recognise(f"session:{SID}", stream(SERVICE).marks) is None
    assert workflows.judge(f"session:{SID}", Trace()) == []


def test_portal_editor_and_platform_are_one_stream() -> None:
    workflows = Workflows(WORKFLOWS)
    streams = {name for mark in stream(EDITOR).marks for name in workflows.streams(mark)}
    assert streams == {f"session:{SID}"}


def test_a_service_is_told_by_who_sends() -> None:
    workflows = Workflows(WORKFLOWS)
    streams = {tuple(workflows.streams(mark)) for mark in stream(SERVICE.replace(" actor", " sid= did= actor")).marks}
    assert streams == {("service:dev.app/main",)}


def test_what_a_platform_logs_belongs_to_its_service_and_to_the_session() -> None:
    (mark,) = stream("ACCESS actor=System cdata=Session:s9 sid=").marks
    assert Workflows(WORKFLOWS).streams(mark) == ["session:s9", "service:dev.app/main"]


def test_without_a_session_the_device_tells_and_without_both_nothing() -> None:
    nameless, lost = stream("START session sid=\nSTART session sid= did=").marks
    assert Workflows(WORKFLOWS).streams(nameless) == ["device:d1"]
    assert Workflows(WORKFLOWS).streams(lost) == []
    plan = Workflows(WORKFLOWS).recognise("device:d1", [nameless])
    assert plan is not None
    assert plan.plan == "web-portal"


HOSTILE: list[dict[str, Any]] = [
    {},
    {"eid": None, "ets": None, "mid": 7, "edata": None, "object": [], "actor": "a", "context": "c"},
    {"eid": "START", "ets": "1795262400000", "edata": {"type": ["app"], "mode": 1, "duration": True}},
    {"eid": "END", "ets": True, "edata": {"duration": "7", "plugin": {"id": 1}}, "context": {"cdata": {}}},
    {"eid": "START", "ets": 1e305, "edata": {"type": "app" * 1_000}, "context": {"cdata": [None, {"type": "session"}]}},
    {
        "eid": "AUDIT",
        "ets": 10**400,
        "object": {"id": None},
        "context": {"pdata": None, "sid": 5, "cdata": [{"id": "x"}]},
    },
]


@pytest.mark.parametrize("event", HOSTILE)
def test_an_event_that_is_not_valid_makes_a_mark(event: dict[str, Any]) -> None:
    mark = mark_of(event, 3)
    assert (mark.index, mark.timed) == (3, False)
    assert len(mark.type or "") <= 200
    assert in_order([mark]) == [mark]
    for plan in WORKFLOWS:
        assert [one.rule for one in judge_workflow(plan, [mark])[0].remarks][:1] == ["G6"]


@pytest.mark.parametrize("name", GOOD)
def test_a_mark_is_the_same_from_json(name: str) -> None:
    for index, event in enumerate(stream(GOOD[name]).events):
        assert read_mark(json.dumps(event), index) == mark_of(event, index)
        assert read_mark(json.dumps(event), index, ets=7.0) == mark_of(event, index, ets=7.0)
