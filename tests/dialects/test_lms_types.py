"""Every event type of the LMS, and the three places that list them."""

import subprocess
import sys

import pytest

from footfall.dialects.lms.types import BY_NAME, TYPES, VIDEO_EVENTS, LmsType
from footfall.plans.model import EventType
from footfall.plans.registry import find
from footfall.schema.event_types import CANONICAL

from .lms_samples import AFTER_END, ROWS, STUDENT, Json, hear, told

NODES = {"C": "course", "U": "unit", "B": "block"}


def as_planned(kind: LmsType) -> Json:
    return {
        "type": kind.name,
        "aliases": [kind.value],
        "constant": kind.constant,
        "node": [NODES[letter] for letter in kind.node],
        "fields": {
            name: (field.kind, field.required, field.personal, list(field.one_of), field.max_length)
            for name, field in kind.fields.items()
        },
        "alternatives": [list(names) for names in kind.alternatives],
        "flags": (kind.open, kind.browser, kind.anonymous, kind.after_end),
    }


def planned(kind: EventType) -> Json:
    return {
        "type": kind.type,
        "aliases": kind.aliases,
        "constant": kind.constant,
        "node": kind.node,
        "fields": {
            name: (field.type, field.required, field.personal, field.one_of, field.max_length)
            for name, field in kind.fields.items()
        },
        "alternatives": kind.alternatives,
        "flags": (kind.open, kind.browser, kind.anonymous, kind.after_end),
    }


def test_the_plan_and_the_collector_know_the_same_types() -> None:
    plan = find("lms")
    assert (plan.kind, plan.event) == ("types", "EXDATA")
    assert [planned(kind) for kind in plan.types] == [as_planned(kind) for kind in TYPES]
    assert all(kind.when and kind.source for kind in plan.types)


def test_the_canonical_name_of_a_type_is_taken_as_well() -> None:
    heard = hear(told("core.user.login", {}, event_type="core.user.login"))
    assert heard.reply == {"tracking_event_type": "core.user.login", "received": True}


def test_the_lake_calls_them_by_the_same_names() -> None:
    assert {name: kind.name for name, kind in BY_NAME.items()} == CANONICAL["EXDATA"]


def test_every_type_of_the_lms_is_there_and_no_other() -> None:
    assert {kind.value for kind in TYPES} == {f"kinesinlms.{name}" for name, *_ in ROWS}
    assert {kind.value for kind in TYPES if kind.after_end} == {f"kinesinlms.{name}" for name in AFTER_END}
    assert [kind.name for kind in TYPES if kind.browser] == ["video"]
    assert [kind.name for kind in TYPES if kind.anonymous] == ["site.trainer.trainer_form_submitted"]


def test_a_collector_reads_no_yaml() -> None:
    code = (
        "import sys, footfall.dialects.lms.dialect; sys.exit('yaml' in sys.modules or 'footfall.plans' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


@pytest.mark.parametrize(("name", "course", "payload"), ROWS)
def test_each_type_is_taken_from_a_server(name: str, course: bool, payload: Json | None) -> None:
    heard = hear(told(name, payload, course=course))
    value = f"kinesinlms.{name}"
    assert heard.status == 201, heard.reply
    assert (heard.reply["tracking_event_type"], heard.reply["received"]) == (value, True)
    assert heard.event is not None
    assert heard.event["edata"]["type"] == value
    assert heard.event["actor"] == {"id": STUDENT, "type": "User"}
    assert heard.event["context"].get("cdata") == ([{"type": "course", "id": "DEMO/SP"}] if course else None)
    personal = [field for field, rule in BY_NAME[value].fields.items() if rule.personal]
    kept = {field: content for field, content in (payload or {}).items() if field not in personal}
    assert {field: content for field, content in (heard.shape["event_data"] or {}).items() if field in kept} == kept


@pytest.mark.parametrize(("name", "course", "payload"), ROWS)
def test_each_type_from_a_browser(name: str, course: bool, payload: Json | None) -> None:
    heard = hear(told(name, payload, course=course, course_unit_id=1), trusted=False)
    assert heard.status == (201 if name == "course.video.activity" else 403)


@pytest.mark.parametrize(("name", "course", "payload"), ROWS)
@pytest.mark.parametrize("person", ["anonymous", "", None])
def test_each_type_from_nobody(name: str, course: bool, payload: Json | None, person: str | None) -> None:
    heard = hear(told(name, payload, course=course, course_unit_id=1, anon_username=person))
    is_taken = name == "site.trainer.trainer_form_submitted" or (name == "course.video.activity" and person is None)
    assert heard.status == (201 if is_taken else 403)
    if is_taken:
        assert heard.event is not None
        assert heard.event["actor"]["id"] == "anonymous"
        assert heard.shape["anon_username"] is None


@pytest.mark.parametrize(("name", "course", "payload"), ROWS)
@pytest.mark.parametrize(
    ("end", "has_ended"),
    [
        ({"course_ended": True}, True),
        ({"course_ended": False}, False),
        ({"course_ends": "2026-11-20T00:00:00Z", "time": "2026-11-20T00:00:01Z"}, True),
        ({"course_ends": "2026-11-20T00:00:00Z", "time": "2026-11-20T00:00:00Z"}, False),
        ({"course_ends": "2026-11-20T00:00:00Z"}, True),
        ({"course_ends": "2099-11-20T00:00:00Z"}, False),
    ],
)
def test_each_type_after_its_course_has_ended(
    name: str, course: bool, payload: Json | None, end: Json, has_ended: bool
) -> None:
    heard = hear(told(name, payload, course=course, **end))
    assert heard.status == (400 if has_ended and name not in AFTER_END else 201)
    if heard.status == 400:
        assert heard.errors == [("value_not_allowed", "$.event_type")]
        assert "ended" in heard.reply["event_type"][0]


@pytest.mark.parametrize("name", VIDEO_EVENTS)
def test_what_happens_to_a_video_is_no_event_type(name: str) -> None:
    video = {"video_id": "x", "video_event_type": name}
    assert hear({"tracking_event_type": "video", "event_data": video}).status == 201
    for field in ("tracking_event_type", "event_type"):
        heard = hear({field: name, "event_data": video})
        assert heard.status == 400
        assert "video_event_type" in heard.reply[field][0]
