"""What the LMS sends is what footfall's tracking API takes, and tells of courses that are begun, taken and passed."""

import json
from collections import Counter, defaultdict
from datetime import datetime
from functools import cache
from typing import Any

from footfall.demo.endpoints import Endpoint
from footfall.demo.lms_events import OFFERINGS, Offering
from footfall.demo.visit import Visit
from footfall.dialects.lms.types import BY_NAME, TYPES, VIDEO_EVENTS
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .judging import translated
from .reading import lives, said

VIDEO = "video"


@cache
def fortnight() -> tuple[Visit, ...]:
    return tuple(lives(5, 14, 200_000))


@cache
def tracked() -> list[dict[str, Any]]:
    return said(fortnight(), Endpoint.LMS)


def _name(value: dict[str, Any]) -> str:
    return BY_NAME[value.get("event_type") or value["tracking_event_type"]].name


def test_everything_is_taken_and_keeps_its_time() -> None:
    mids = set()
    for value in tracked():
        translation = translated(value)
        assert not translation.lost, value
        (event,) = json.loads(translation.events)
        assert judge(json.dumps(event).encode(), Profile.SUNBIRD).event is not None
        assert abs(event["ets"] - datetime.fromisoformat(value["time"]).timestamp() * 1000) < 1
        mids.add(event["mid"])
    assert len(mids) == len(tracked())


def test_every_type_that_an_lms_sends_is_met() -> None:
    assert {_name(value) for value in tracked()} == {kind.name for kind in TYPES if not kind.open}
    assert {value["event_data"]["video_event_type"] for value in tracked() if _name(value) == VIDEO} == {*VIDEO_EVENTS}


def test_videos_are_told_in_both_forms_and_are_what_happens_most() -> None:
    counts = Counter(map(_name, tracked()))
    assert counts.most_common(1)[0][0] == VIDEO
    documented = [value for value in tracked() if "tracking_event_type" in value]
    coded = [value for value in tracked() if value.get("event_type") == "kinesinlms.course.video.activity"]
    assert len(documented) + len(coded) == counts[VIDEO]
    assert min(len(documented), len(coded)) > counts[VIDEO] / 10
    assert all({"course_slug", "course_run", "course_unit_id", "block_uuid"} <= value.keys() for value in coded)


def test_a_course_is_taken_from_the_enrolment_to_the_certificate() -> None:
    by_student: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for value in tracked():
        by_student[value.get("anon_username", "")].append(value)
    endings = Counter(_ending(values) for who, values in by_student.items() if who)
    assert min(endings[ending] for ending in ("passed", "left", "under way")) > 2


def _ending(values: list[dict[str, Any]]) -> str:
    """How the first course of a student ended; fails where a step of it is missing."""
    names = [_name(value) for value in values]
    if "course.progress.passed" not in names:
        return "left" if "core.user.enrollment.deactivated" in names else "under way"
    passed = names.index("course.progress.passed")
    course = _course(values[passed])
    until = [value for value in values[:passed] if value.get("course_slug", course.slug) == course.slug]
    before = Counter(map(_name, until))
    assert _name(next(value for value in until if "course_slug" in value)) == "core.user.enrollment.activated"
    assert before["course.content.page_view"] >= len(course.units)
    assert before["course.progress.milestone.progressed"] >= len(course.units)
    assert before["course.assessment.submitted"] >= len(course.units)
    assert before[VIDEO] >= len(course.units)
    return "passed"


def _course(value: dict[str, Any]) -> Offering:
    return next(course for course in OFFERINGS if course.slug == value["course_slug"])


def test_what_has_ended_is_only_read() -> None:
    ended = {_name(value) for value in tracked() if value.get("course_ended")}
    assert ended == {"course.home.page_view", "course.content.page_view"}
