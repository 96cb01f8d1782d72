"""Bodies as clients send them, good and bad, and what they are told."""

import json
from typing import Any

import pytest

from footfall.dialects.base import Outcome
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

from .lms_samples import DOCUMENTED, PLAYER, STUDENT, VIDEO, Json, hear, told

KEYS = [
    "event_type",
    "anon_username",
    "time",
    "course_slug",
    "course_run",
    "module_id",
    "section_id",
    "unit_id",
    "page_url",
    "event_data",
]
NOW = 1_795_224_245_107
SPOKEN_NOW = "2026-11-21T01:24:05.107000+00:00"


def test_the_documented_body() -> None:
    heard = hear(DOCUMENTED, trusted=False, now=NOW)
    assert (heard.status, heard.reply) == (201, {"tracking_event_type": "video", "received": True})
    assert heard.event is not None
    assert heard.event["eid"] == "EXDATA"
    assert heard.event["ets"] == NOW
    assert heard.event["object"] == {"id": "4711", "type": "CourseNode"}
    assert heard.event["context"] == {"channel": "school", "env": "lms", "pdata": {"id": "lms"}}
    assert list(heard.shape) == [*KEYS, "node_id"]
    assert heard.shape == dict.fromkeys(KEYS) | {
        "event_type": "video",
        "time": SPOKEN_NOW,
        "unit_id": 4711,
        "event_data": DOCUMENTED["event_data"],
        "node_id": 4711,
    }


def test_the_body_that_the_player_sends() -> None:
    heard = hear(PLAYER, trusted=False, x_anon_username=STUDENT)
    assert (heard.status, heard.reply) == (201, {"tracking_event_type": VIDEO, "received": True})
    assert heard.event is not None
    assert heard.event["actor"]["id"] == STUDENT
    assert heard.event["context"]["cdata"] == [{"type": "course", "id": "DEMO/SP"}]
    assert heard.event["object"] == {"id": "12", "type": "CourseNode"}
    assert heard.shape["unit_id"] == 12
    beside = {name: PLAYER[name] for name in list(heard.shape)[len(KEYS) :]}
    assert beside.keys() == {"unit_node_slug", "course_unit_id", "course_unit_slug", "block_uuid", "block_id"}
    assert {name: heard.shape[name] for name in beside} == beside


def test_the_documented_event_comes_back_as_it_was() -> None:
    event = {
        "event_type": "kinesinlms.course.content.page_view",
        "anon_username": STUDENT,
        "time": "2014-03-03T16:19:05.584523+00:00",
        "course_slug": "DEMO",
        "course_run": "SP",
        "module_id": 1,
        "section_id": "2",
        "unit_id": 3,
        "page_url": "https://lms.example/courses/DEMO/SP/content/1/2/3?tab=%CE%B1",
        "event_data": {"unit_display_name": 'A "unit" \U0001f9ec'},
    }
    heard = hear(event)
    assert heard.status == 201
    assert json.dumps(heard.shape) == json.dumps(event)
    assert heard.event is not None
    assert heard.event["ets"] == 1393863545584.523


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2014-03-03T16:19:05.584523+00:00", "2014-03-03T16:19:05.584523+00:00"),
        ("2014-03-03T16:19:05.584523", "2014-03-03T16:19:05.584523+00:00"),
        ("2014-03-03T16:19:05.584523Z", "2014-03-03T16:19:05.584523+00:00"),
        ("2014-03-03T18:19:05.5+02:00", "2014-03-03T16:19:05.500000+00:00"),
        ("2014-03-03 16:19:05-0530", "2014-03-03T21:49:05.000000+00:00"),
        ("2014-03-03T16:19", "2014-03-03T16:19:00.000000+00:00"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999+00:00"),
        (None, SPOKEN_NOW),
    ],
)
def test_times(given: str | None, kept: str) -> None:
    assert hear(DOCUMENTED | {"time": given}, now=NOW).shape["time"] == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "yesterday",
        "2014-03-03",
        "2014-W10-1T00:00",
        "2014-02-30T00:00:00Z",
        "2014-03-03T25:00:00Z",
        "2014-03-03T16:19:05+25:00",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "\uff12014-03-03T16:19:05Z",
    ],
)
def test_what_is_no_time(given: str) -> None:
    heard = hear(DOCUMENTED | {"time": given})
    assert (heard.status, heard.errors) == (400, [("value_not_allowed", "$.time")])
    assert "Datetime has wrong format" in heard.reply["time"][0]


def without(body: Json, *path: str) -> Json:
    copy: Json = json.loads(json.dumps(body))
    inner = copy
    for name in path[:-1]:
        inner = inner[name]
    del inner[path[-1]]
    return copy


def with_video(**fields: object) -> Json:
    return DOCUMENTED | {"event_data": DOCUMENTED["event_data"] | fields}


@pytest.mark.parametrize(
    ("body", "fields", "code"),
    [
        ({}, ["event_type"], "missing_field"),
        (without(DOCUMENTED, "tracking_event_type"), ["event_type"], "missing_field"),
        (DOCUMENTED | {"tracking_event_type": None}, ["event_type"], "missing_field"),
        (DOCUMENTED | {"tracking_event_type": 7}, ["tracking_event_type"], "wrong_type"),
        (DOCUMENTED | {"tracking_event_type": "audio"}, ["tracking_event_type"], "value_not_allowed"),
        (DOCUMENTED | {"event_type": "kinesinlms.core.user.login"}, ["event_type"], "value_not_allowed"),
        (PLAYER | {"event_type": "kinesinlms.course.home"}, ["event_type"], "value_not_allowed"),
        (without(DOCUMENTED, "event_data"), ["event_data"], "missing_field"),
        (DOCUMENTED | {"event_data": None}, ["event_data"], "missing_field"),
        (DOCUMENTED | {"event_data": "play"}, ["event_data"], "wrong_type"),
        (DOCUMENTED | {"event_data": [1]}, ["event_data"], "wrong_type"),
        (without(DOCUMENTED, "event_data", "video_id"), ["event_data", "video_id"], "missing_field"),
        (without(DOCUMENTED, "event_data", "video_event_type"), ["event_data", "video_event_type"], "missing_field"),
        (with_video(video_id=None), ["event_data", "video_id"], "wrong_type"),
        (with_video(video_id=12), ["event_data", "video_id"], "wrong_type"),
        (with_video(video_id=" "), ["event_data", "video_id"], "empty_value"),
        (with_video(video_id="x" * 201), ["event_data", "video_id"], "value_not_allowed"),
        (with_video(video_id="a\0b"), ["event_data", "video_id"], "value_not_allowed"),
        (with_video(video_event_type="rewind"), ["event_data", "video_event_type"], "value_not_allowed"),
        (with_video(video_event_type={}), ["event_data", "video_event_type"], "wrong_type"),
        (with_video(current_time="12"), ["event_data", "current_time"], "wrong_type"),
        (with_video(speed=True), ["event_data", "speed"], "wrong_type"),
        (with_video(viewer="Ada"), ["event_data", "viewer"], "unknown_field"),
        (without(PLAYER, "course_unit_id"), ["course_unit_id"], "missing_field"),
        (without(PLAYER, "course_slug"), ["course_slug"], "missing_field"),
        (without(PLAYER, "course_run"), ["course_run"], "missing_field"),
        (PLAYER | {"course_unit_id": [1]}, ["course_unit_id"], "wrong_type"),
        (PLAYER | {"course_unit_id": True}, ["course_unit_id"], "wrong_type"),
        (PLAYER | {"course_run": 7}, ["course_run"], "wrong_type"),
        (PLAYER | {"course_slug": "x" * 201}, ["course_slug"], "value_not_allowed"),
        (PLAYER | {"course_slug": "\0"}, ["course_slug"], "value_not_allowed"),
        (PLAYER | {"course_ended": "yes"}, ["course_ended"], "wrong_type"),
        (told("core.user.login", None, course_ends="soon"), ["course_ends"], "value_not_allowed"),
        (PLAYER | {"anon_username": "ada@example.org"}, ["anon_username"], "value_not_allowed"),
        (PLAYER | {"id": "a", "uuid": "b"}, ["uuid"], "value_not_allowed"),
        (PLAYER | {"id": 1}, ["id"], "wrong_type"),
        (told("core.user.login", {"when": "now"}), ["event_data", "when"], "unknown_field"),
        (told("course.home.page_view", {"page": "progress"}), ["event_data", "page"], "value_not_allowed"),
        (told("survey.completed", {}), ["event_data", "survey_provider_slug"], "missing_field"),
        (told("course.admin.download", {}), ["event_data", "download_type"], "missing_field"),
        (told("course.admin.download", {"report": "r"}), ["event_data", "cohorts"], "missing_field"),
        (told("course.resource.download", None), ["event_data"], "missing_field"),
        (
            told("course.progress.milestone.completed", {"milestone_type": "x", "milestone_id": 1.5}),
            ["event_data", "milestone_id"],
            "wrong_type",
        ),
    ],
)
def test_bad_fields_are_named(body: Json, fields: list[str], code: str) -> None:
    heard = hear(body)
    assert heard.status == 400
    assert heard.event is None
    assert heard.errors[0] == (code, ".".join(["$", *fields]))
    sentences: Any = heard.reply
    for field in fields:
        sentences = sentences[field]
    assert all(isinstance(sentence, str) and sentence.endswith(".") for sentence in sentences)
    assert heard.translation is not None
    (lost,) = heard.translation.lost
    assert lost.findings[0].code == code


def test_everything_wrong_is_told_at_once_without_values() -> None:
    body = {"event_type": VIDEO, "time": "secret", "course_run": 1, "event_data": {"video_id": 7, "my secret!": 1}}
    heard = hear(body)
    assert heard.errors == [
        ("wrong_type", "$.course_run"),
        ("value_not_allowed", "$.time"),
        ("wrong_type", "$.event_data.video_id"),
        ("missing_field", "$.event_data.video_event_type"),
        ("unknown_field", "$.event_data.?"),
    ]
    assert "secret" not in json.dumps(heard.reply)


def test_no_more_than_twenty_faults_are_told() -> None:
    heard = hear(with_video(**{f"f{number}": 1 for number in range(1000)}))
    assert len(heard.errors) == 20


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b"{", "malformed_json"),
        (b'{"event_type": "video",}', "malformed_json"),
        (b'{"event_type": video}', "malformed_json"),
        (b"event_type=video", "malformed_json"),
        (b'{"a":"\x00"}', "malformed_json"),
        (b"[]", "not_an_object"),
        (b'"video"', "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"a":"\xff"}', "invalid_utf8"),
        (b'{"a":"\\ud83e"}', "lone_surrogate"),
        (b'{"a":1,"a":2}', "duplicate_key"),
        (b'{"a":' + b"[" * 300 + b"]" * 300 + b"}", "too_deep"),
        (b'{"a":' + b"[" * 100_000, "too_deep"),
        (b'{"a":1e999}', "number_out_of_range"),
        (b'{"a":' + b"9" * 400 + b"}", "number_out_of_range"),
    ],
)
def test_what_is_no_object_is_refused(body: bytes, code: str) -> None:
    heard = hear(body)
    assert (heard.status, heard.errors) == (400, [(code, "$")])
    assert heard.reply["detail"]
    assert heard.translation is None


def test_a_byte_order_mark_does_no_harm_and_ndjson_is_refused() -> None:
    assert hear(b"\xef\xbb\xbf" + json.dumps(DOCUMENTED).encode()).status == 201
    assert hear(DOCUMENTED, ndjson=True).status == 415


def test_the_person_may_stand_in_the_body_or_the_header() -> None:
    assert hear(DOCUMENTED | {"anon_username": STUDENT}).shape["anon_username"] == STUDENT
    assert hear(DOCUMENTED, x_anon_username=STUDENT).shape["anon_username"] == STUDENT
    assert hear(DOCUMENTED | {"anon_username": STUDENT}, x_anon_username=STUDENT).status == 201
    assert hear(DOCUMENTED | {"anon_username": "other"}, x_anon_username=STUDENT).status == 400
    assert hear(DOCUMENTED, x_anon_username="AnonymousUser").status == 403
    assert hear(DOCUMENTED, x_anon_username="").status == 403
    assert hear(DOCUMENTED, x_anon_username="ada@example.org").status == 400
    assert hear(told("core.user.login", {}, anon_username=None), x_anon_username=STUDENT).status == 201


@pytest.mark.parametrize(
    ("name", "field", "value", "mark"),
    [
        ("core.user.email_confirmed", "email", "ada@example.org", "<string 15>"),
        ("course.search.search_request", "search_text", "my illness", "<string 10>"),
        ("site.trainer.trainer_form_submitted", "full_name", "Ada", "<string 3>"),
        ("site.trainer.trainer_form_submitted", "job_title", 7, "<number>"),
        ("site.trainer.trainer_form_submitted", "captcha", True, "<boolean>"),
        ("site.trainer.trainer_form_submitted", "description", None, None),
        ("course.admin.cohort_created", "email", {"a": "b"}, "<object 1>"),
    ],
)
def test_what_is_personal_is_not_kept(name: str, field: str, value: object, mark: str | None) -> None:
    heard = hear(told(name, {field: value}))
    assert heard.status == 201
    assert heard.shape["event_data"] == {field: mark}
    warned = [(warning["code"], warning["path"]) for warning in heard.reply.get("warnings", [])]
    assert warned == ([("personal_value", f"$.event_data.{field}")] if value is not None else [])
    again = hear(heard.shape)
    assert again.shape == heard.shape
    assert "warnings" not in again.reply


def test_answers_are_not_kept_but_that_they_were_given() -> None:
    payload = {
        "assessment_id": 5,
        "assessment_type": "LONG_FORM_TEXT",
        "answer_id": 9,
        "status": "COMPLETE",
        "attempts": 1,
        "json_content": {"answer": "I live in Bath"},
        "html_content": "<p>I live in Bath</p>",
    }
    heard = hear(told("course.assessment.submitted", payload))
    kept = heard.shape["event_data"]
    assert kept == payload | {"json_content": "<object 1>", "html_content": "<string 21>"}
    assert "Bath" not in json.dumps([heard.event, heard.reply])


def test_fields_that_the_lms_does_not_have_are_not_kept() -> None:
    heard = hear(DOCUMENTED | {"user": 17, "csrf": "abc"})
    assert heard.status == 201
    assert [warning["path"] for warning in heard.reply["warnings"]] == ["$.user", "$.csrf"]
    assert heard.shape.keys() == hear(DOCUMENTED).shape.keys()


def mid(body: Json, **told: int) -> str:
    event = hear(body, **told).event  # type: ignore[arg-type]
    assert event is not None
    return str(event["mid"])


def test_what_is_sent_again_is_the_same_event() -> None:
    timed = DOCUMENTED | {"time": "2026-11-20T10:00:00Z"}
    assert hear(timed, now=NOW).event == hear(timed, now=NOW + 5000).event
    assert hear(timed).event == hear(timed | {"time": "2026-11-20T11:00:00+01:00"}).event
    assert mid(timed) != mid(timed | {"node_id": 4712})
    assert mid(timed) != mid(timed | {"time": "2026-11-20T10:00:01Z"})
    assert mid(DOCUMENTED, now=NOW) != mid(DOCUMENTED, now=NOW)
    assert mid(DOCUMENTED | {"id": "one"}) == mid(DOCUMENTED | {"uuid": "one"}) == "one"


def test_the_reply_to_what_is_not_stored() -> None:
    conflict = Outcome(rejected={0: [Finding.make(Reason.MID_CONFLICT, "$.mid", "string")]})
    timed = DOCUMENTED | {"id": "one", "time": "2026-11-20T10:00:00Z"}
    heard = hear(timed, outcome=conflict)
    assert (heard.status, heard.errors) == (400, [("mid_conflict", "$.id")])
    # Without a time of its own it cannot be told from a resend.
    repeat = hear(DOCUMENTED | {"id": "one"}, outcome=conflict)
    assert (repeat.status, repeat.reply["warnings"][0]["code"]) == (201, "mid_conflict")
    large = hear(DOCUMENTED, outcome=Outcome(rejected={0: [Finding.make(Reason.EVENT_TOO_LARGE)]}))
    assert (large.status, large.errors) == (413, [("event_too_large", "$")])
    assert hear(timed, outcome=Outcome(duplicates=frozenset({0}))).status == 201
