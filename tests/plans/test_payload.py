"""What an event of a named type carries is held against its plan, field by field."""

import json
from typing import Any

import pytest

from footfall.plans.matching import COMMON_WARNINGS, Matcher
from footfall.plans.model import EventType, Plan
from footfall.plans.registry import find
from footfall.plans.sample import sample_of_type
from tests.dialects.lms_samples import ROWS, hear, told
from tests.plans.documents import plan

Json = dict[str, Any]
Said = list[tuple[str, str]]

LMS = find("lms")
IDENTITY = find("identity")
TYPES = {name: one for one in LMS.types for name in (one.type, *one.aliases)}
AT = "$.edata.data.event_data"


def remarks(event: Json, *plans: Plan) -> Said:
    match = Matcher(plans or (LMS, IDENTITY)).match(event)
    assert match is not None
    return [(remark.code, remark.path) for remark in match.warnings]


def tracked(name: str, payload: object, **more: object) -> Json:
    """An event of the LMS as it is stored."""
    data = json.dumps({"event_type": name, "event_data": payload} | more)
    return {"eid": "EXDATA", "edata": {"type": name, "data": data}}


def value_of(kind: str, wrong: bool) -> object:
    good = {"string": "a", "integer": 1, "number": 1.5, "boolean": True, "object": {}, "array": [], "id": "x"}
    return good["array" if kind != "array" else "object"] if wrong else good[kind]


def good(one: EventType) -> Json:
    """A payload with every field that is not personal."""
    return {
        name: field.one_of[0] if field.one_of else value_of(field.type, wrong=False)
        for name, field in one.fields.items()
        if not field.personal
    }


FIELDS = [(one, name) for one in LMS.types for name in one.fields]
NAMES = [f"{one.type}:{name}" for one, name in FIELDS]


@pytest.mark.parametrize("one", LMS.types, ids=lambda one: one.type)
def test_a_payload_with_every_field_has_nothing_to_remark(one: EventType) -> None:
    for name in (one.type, *one.aliases):
        assert remarks(tracked(name, good(one))) == []


@pytest.mark.parametrize(("name", "course", "payload"), ROWS)
def test_what_the_front_door_takes_and_stores_is_what_the_plan_says(
    name: str, course: bool, payload: Json | None
) -> None:
    heard = hear(told(name, payload, course=course))
    assert heard.event is not None
    assert remarks(heard.event) == []


@pytest.mark.parametrize("plan", [LMS, IDENTITY], ids=lambda plan: plan.plan)
def test_samples_of_types_have_nothing_to_remark(plan: Plan) -> None:
    for one in plan.types:
        assert remarks(sample_of_type(plan, one), plan) == []


@pytest.mark.parametrize(("one", "name"), FIELDS, ids=NAMES)
def test_a_field_of_another_type_is_told_by_its_path(one: EventType, name: str) -> None:
    field = one.fields[name]
    wrong = value_of(field.type, wrong=True)
    expected = ("personal_value" if field.personal else "unexpected_value", f"{AT}.{name}")
    assert remarks(tracked(one.type, good(one) | {name: wrong})) == [expected]


@pytest.mark.parametrize(("one", "name"), FIELDS, ids=NAMES)
def test_a_field_that_is_not_there_is_missed_where_it_is_required(one: EventType, name: str) -> None:
    payload = good(one)
    payload.pop(name, None)
    if one.alternatives:
        form = next(form for form in one.alternatives if name not in form)
        payload = {key: value for key, value in payload.items() if key in form}
    expected = [("missing_value", f"{AT}.{name}")] if one.fields[name].required else []
    assert remarks(tracked(one.type, payload)) == expected


@pytest.mark.parametrize(("one", "name"), FIELDS, ids=NAMES)
def test_null_stands_for_absence(one: EventType, name: str) -> None:
    field = one.fields[name]
    if any(name in form for form in one.alternatives):
        return
    expected = [("unexpected_value", f"{AT}.{name}")] if field.required else []
    assert remarks(tracked(one.type, good(one) | {name: None})) == expected


@pytest.mark.parametrize("one", LMS.types, ids=lambda one: one.type)
def test_a_field_that_the_plan_does_not_name(one: EventType) -> None:
    expected = [] if one.open else [("unknown_value", f"{AT}.colour")]
    assert remarks(tracked(one.type, good(one) | {"colour": "red"})) == expected


VIDEO = {"video_id": "k519", "video_event_type": "kinesinlms.course.video.play"}


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (VIDEO | {"video_event_type": "play"}, [("unexpected_value", f"{AT}.video_event_type")]),
        (VIDEO | {"video_id": "x" * 201}, [("unexpected_value", f"{AT}.video_id")]),
        (VIDEO | {"video_id": "x" * 200}, []),
        (VIDEO | {"video_id": True}, [("unexpected_value", f"{AT}.video_id")]),
        (VIDEO | {"speed": "1"}, [("unexpected_value", f"{AT}.speed")]),
        (VIDEO | {"speed": True}, [("unexpected_value", f"{AT}.speed")]),
        ({}, [("missing_value", f"{AT}.video_id"), ("missing_value", f"{AT}.video_event_type")]),
        (None, [("missing_value", AT)]),
        ([VIDEO], [("unexpected_value", AT)]),
        (VIDEO | {"ada@example.org": 1}, [("unknown_value", AT)]),
    ],
)
def test_a_video(payload: object, expected: Said) -> None:
    assert remarks(tracked("video", payload)) == expected


@pytest.mark.parametrize(
    ("edata", "expected"),
    [
        ({}, [("missing_value", "$.edata.data")]),
        ({"data": VIDEO}, [("missing_value", "$.edata.data")]),
        ({"data": ""}, [("unexpected_value", "$.edata.data")]),
        ({"data": "[]"}, [("unexpected_value", "$.edata.data")]),
        ({"data": "{"}, [("unexpected_value", "$.edata.data")]),
        ({"data": '{"a":' * 5000}, [("unexpected_value", "$.edata.data")]),
        ({"data": json.dumps(VIDEO)}, [("missing_value", AT)]),
    ],
)
def test_data_that_is_not_the_documented_shape(edata: Json, expected: Said) -> None:
    assert remarks({"eid": "EXDATA", "edata": {"type": "video"} | edata}) == expected


def test_a_type_without_required_fields_needs_no_data() -> None:
    assert remarks({"eid": "EXDATA", "edata": {"type": "core.user.login"}}) == []


def test_one_of_two_forms_must_be_there_whole() -> None:
    said = remarks(tracked("course.resource.download", {"resource_type": "PDF", "block_id": 1, "block_slug": "b"}))
    assert said == [("missing_value", f"{AT}.course_resource_name")]
    said = remarks(tracked("course.admin.download", {"report": "x"}))
    assert said in ([("missing_value", f"{AT}.cohorts")], [("missing_value", f"{AT}.download_type")])


def test_what_stands_for_a_personal_value_is_not_personal() -> None:
    for mark in ("<string 15>", "<number>", None):
        assert remarks(tracked("core.user.email_confirmed", {"email": mark})) == []


@pytest.mark.parametrize(
    ("edata", "expected"),
    [
        ({"props": ["email"], "state": "Created"}, []),
        ({"props": "email"}, [("unexpected_value", "$.edata.props")]),
        ({"state": 1, "prevstate": None}, [("unexpected_value", "$.edata.state")]),
        ({"duration": 1}, []),
    ],
)
def test_what_accounts_carry_stands_in_edata(edata: Json, expected: Said) -> None:
    assert remarks({"eid": "AUDIT", "edata": {"type": "entity_create"} | edata}) == expected


OWN = """\
plan: shop
version: 1
title: Shop
kind: types
event: EXDATA
types:
  - {type: basket, when: A basket., fields: {items: {type: integer, required: true}, note: {personal: true}}}
"""


def test_a_plan_of_ones_own_has_its_payload_as_the_text_itself() -> None:
    shop = plan(document=OWN)
    for data, expected in [
        ({"items": 1}, []),
        ({"items": "1"}, [("unexpected_value", "$.edata.data.items")]),
        ({"note": "hello"}, [("missing_value", "$.edata.data.items"), ("personal_value", "$.edata.data.note")]),
    ]:
        assert remarks({"eid": "EXDATA", "edata": {"type": "basket", "data": json.dumps(data)}}, shop) == expected


def test_no_remark_holds_a_value_and_there_are_not_too_many() -> None:
    payload = {f"field{number}": "secret" for number in range(100)} | {"video_id": ["secret"]}
    match = Matcher([LMS]).match(tracked("video", payload))
    assert match is not None
    assert len(match.warnings) == 20
    assert "secret" not in str(match.warnings)
    assert {remark.code for remark in match.warnings} <= set(COMMON_WARNINGS)
