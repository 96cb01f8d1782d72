"""A plan's steps as methods: what they send is what the plan means."""

import json
import subprocess
import sys
from typing import Any

import pytest

from footfall.plans.correlation import correlation
from footfall.plans.flow import judge_flow, sight
from footfall.plans.matching import Matcher
from footfall.plans.outcome import Instance
from footfall.plans.registry import find
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from footfall.tracker import MemoryOutbox, Tracker
from footfall.tracker.flow import FlowError

WAYS = {
    "signup": [
        (["opened", "form_viewed", "submitted", "otp_viewed", "otp_submitted", "user_created", "ended"], "success"),
        (["opened", "form_viewed", "submitted", "otp_send_failed", "ended"], "otp_send_failed"),
        (
            ["opened", "form_viewed", "submitted", "otp_viewed", "otp_submitted", "create_failed", "ended"],
            "create_failed",
        ),
    ],
    "google-signin": [],
}


_NEEDED = {"footfall", "msgspec", "yaml", "cython_runtime", "typing_extensions"}  # the last two come with yaml


def tracker() -> Tracker:
    return Tracker("http://127.0.0.1:9", "academy", "academy.portal", outbox=None, did="d-1")


def sent(track: Tracker) -> list[dict[str, Any]]:
    outbox = track._outbox
    assert isinstance(outbox, MemoryOutbox)
    batch = outbox.take(1000, 1 << 20)
    texts = [waiting.event for waiting in batch.events] if batch else []
    for text in texts:
        assert judge(text, Profile.SUNBIRD).event is not None, judge(text, Profile.SUNBIRD).findings
    return [json.loads(text) for text in texts]


def judged(plan_name: str, events: list[dict[str, Any]]) -> Instance:
    plan = find(plan_name)
    matcher, key = Matcher([plan]), correlation(plan)
    sightings = []
    for index, event in enumerate(events):
        match = matcher.match(event)
        assert match is not None, event
        sightings.append(sight(match, key(event), event, index))
    return judge_flow(plan, sightings)


@pytest.mark.parametrize(("steps", "outcome"), WAYS["signup"], ids=lambda found: str(found)[:40])
def test_a_walk_through_the_steps_is_a_flow_without_remarks(steps: list[str], outcome: str) -> None:
    track = tracker()
    with track.context(sid="s-1"):
        flow = track.flow("signup", strict=True)
        for step in steps:
            fields: dict[str, Any] = {"contactType": "email"} if step == "submitted" else {}
            if step == "user_created":
                fields = {"object_id": "u-1", "props": ["email"]}
            if step == "opened":
                fields = {"uaspec": {"agent": "Firefox"}}
            getattr(flow, step)(**fields)
    assert flow.is_complete
    found = judged("signup", sent(track))
    assert (found.steps, found.outcome, found.missing, found.out_of_order) == (steps, outcome, [], [])
    assert not found.remarks


def test_a_strict_flow_refuses_what_cannot_come_now() -> None:
    flow = tracker().flow("signup", strict=True)
    flow.opened()
    with pytest.raises(FlowError, match="expects form_viewed"):
        flow.otp_submitted()
    assert flow.expected == ["form_viewed"]
    with pytest.raises(AttributeError, match="no step"):
        flow.nonsense()


def test_a_flow_that_is_not_strict_sends_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    track = tracker()
    flow = track.flow("signup")
    flow.otp_submitted()
    assert [event["edata"]["id"] for event in sent(track)] == ["submit-otp"]
    assert "cannot come now" in caplog.text


def test_the_events_of_a_flow_share_its_id() -> None:
    track = tracker()
    flow = track.flow("google-signin", id="f-1")
    for step in ("opened", "viewed"):
        if step in dir(flow):
            flow.take(step)
    assert {entry["id"] for event in sent(track) for entry in event["context"]["cdata"]} == {"f-1"}


def test_only_flows_can_be_walked() -> None:
    with pytest.raises(FlowError, match="no flow"):
        tracker().flow("lms")


def test_the_tracker_needs_two_packages() -> None:
    program = (
        "import sys; from footfall.tracker import Tracker; "
        "t = Tracker('http://127.0.0.1:9', 'c', 'p', outbox=None, exit_timeout=0); t.flow('signup').opened(); "
        "print(sorted({name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.strip(" '[]\n") for name in done.stdout.split(",")}
    assert {name for name in loaded if not name.startswith("_")} - _NEEDED == set()
