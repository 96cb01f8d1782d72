"""`POST /api/tracking`, as pages use it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import override_settings

from footfall.tracker.django import event_types
from footfall.tracker.django.serializers import everyone
from tests.dialects.lms_samples import PLAYER
from tests.lms.school import API, NOBODY, School
from tests.tracker.office import Office

Json = dict[str, Any]
RECEIVED = {"tracking_event_type": "video", "received": True}


def from_pages(there: Office) -> list[Json]:
    """Not the logins, which the example tracks too."""
    return [event for event in there.taken if event["edata"]["type"] != event_types.USER_LOGIN]


def shape_of(there: Office) -> Json:
    there.wait(lambda found: len(from_pages(found)) >= 1)
    found: Json = json.loads(from_pages(there)[0]["edata"]["data"])
    return found


@pytest.mark.parametrize("path", [API, API + "/"])
def test_the_documented_body_is_taken(there: Office, school: School, path: str) -> None:
    page = school.page()
    reply: Any = page.post(page.video(), path)
    assert (reply.status_code, reply.json()) == (201, RECEIVED)
    shape = shape_of(there)
    assert shape.pop("time").endswith("+00:00")
    assert shape == {
        "event_type": "video",
        "anon_username": str(school.student.anon_username),
        "course_slug": school.course.slug,
        "course_run": "SP",
        "module_id": 1,
        "section_id": 2,
        "unit_id": school.unit.pk,
        "page_url": school.unit.get_absolute_url(),
        "event_data": page.video()["event_data"],
        "node_id": school.unit.pk,
    }


def test_the_body_of_the_lmss_own_player_is_taken(there: Office, school: School) -> None:
    reply: Any = school.page().post(PLAYER | {"course_unit_id": school.unit.pk, "course_slug": "somebody else's"})
    assert (reply.status_code, reply.json()) == (201, RECEIVED | {"tracking_event_type": PLAYER["event_type"]})
    shape = shape_of(there)
    assert (shape["course_slug"], shape["block_uuid"]) == (school.course.slug, PLAYER["block_uuid"])


def test_who_it_was_is_the_session_and_not_the_page(there: Office, school: School) -> None:
    page = school.page()
    claims = {"anon_username": "another", "user": 7, "course_ended": False, "course_ends": "2999-01-01T00:00:00Z"}
    reply: Any = page.post(page.video() | claims)
    assert reply.status_code == 201
    shape = shape_of(there)
    assert shape["anon_username"] == str(school.student.anon_username)
    assert not {"user", "course_ended", "course_ends"} & set(shape)


def test_a_page_that_sends_again_says_the_same_event(there: Office, school: School) -> None:
    page = school.page()
    body = page.video(id=str(uuid4()), time="2026-11-20T10:00:00.123Z")
    assert [page.post(body).status_code for _ in range(2)] == [201, 201]
    there.wait(lambda found: len(from_pages(found)) == 2)
    assert from_pages(there)[0] == from_pages(there)[1]
    assert shape_of(there)["time"] == "2026-11-20T10:00:00.123000+00:00"
    assert page.post(page.video(id="x")).status_code == 400


def test_whoever_is_not_logged_in_gets_403(there: Office, school: School) -> None:
    page = school.page(NOBODY)
    assert page.post(page.video()).status_code == 403
    assert page.post("no json at all").status_code == 403


def test_without_the_token_against_forgery_it_is_403(there: Office, school: School) -> None:
    page = school.page()
    reply: Any = page.post(page.video(), token=False)
    assert reply.status_code == 403
    assert "CSRF" in reply.json()["detail"]


def test_who_does_not_take_the_course_is_refused(school: School) -> None:
    page = school.page(school.stranger)
    reply: Any = page.post(page.video())
    assert (reply.status_code, list(reply.json())) == (400, ["non_field_errors"])
    school.enrollment.is_active = False
    school.enrollment.save()
    assert school.page().post(page.video()).status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tracking_event_type": None}, "event_type"),
        ({"tracking_event_type": "nonsense"}, "tracking_event_type"),
        ({"tracking_event_type": event_types.COURSE_PASSED}, "tracking_event_type"),
        ({"tracking_event_type": event_types.VIDEO_PLAY}, "tracking_event_type"),
        ({"event_type": event_types.COURSE_PASSED}, "event_type"),
        ({"node_id": 10**9}, "node_id"),
        ({"node_id": None}, "node_id"),
        ({"node_id": [1]}, "node_id"),
        ({"node_id": True}, "node_id"),
        ({"block_uuid": "b"}, "course_unit_id"),
        ({"event_data": None}, "event_data"),
        ({"event_data": "text"}, "event_data"),
        ({"event_data": {"video_event_type": event_types.VIDEO_PLAY}}, "event_data"),
        ({"event_data": {"video_id": "v", "video_event_type": "play"}}, "event_data"),
        ({"event_data": {"video_id": "v", "video_event_type": event_types.VIDEO_PLAY, "email": "a@b.c"}}, "event_data"),
        ({"id": "a", "time": "yesterday"}, "time"),
        ({"id": "x" * 201, "time": "2026-11-20T10:00:00Z"}, "id"),
        ({"id": "a", "uuid": "b", "time": "2026-11-20T10:00:00Z"}, "uuid"),
        ({"page_url": "x" * 2001}, "page_url"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_is_wrong_is_said_by_field(there: Office, school: School, change: Json, field: str) -> None:
    page = school.page()
    reply: Any = page.post(page.video() | change)
    assert (reply.status_code, field in reply.json()) == (400, True), reply.json()
    assert from_pages(there) == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("", 400),
        ("{", 400),
        ("[]", 400),
        ('"text"', 400),
        ("[" * 100_000, 413),
        ("[" * 50_000, 400),
        ('{"tracking_event_type": "\\ud800"}', 400),
        ('{"node_id": NaN}', 400),
        ("\xff", 400),
    ],
    ids=range(9),
)
def test_what_is_no_event_at_all_is_no_error_of_the_server(school: School, body: str, status: int) -> None:
    assert school.page().post(body).status_code == status


def test_only_json_and_only_post(school: School) -> None:
    page = school.page()
    form: Any = page.client.post(API, {"a": 1}, headers={"X-CSRFToken": page.client.cookies["csrftoken"].value})
    assert form.status_code == 415
    assert page.client.get(API).status_code == 405


def test_videos_are_tracked_after_the_end_of_a_course_too(school: School, telling: Json) -> None:
    school.course.ends = datetime.now(UTC) - timedelta(days=1)
    school.course.save()
    page = school.page()
    assert page.post(page.video()).status_code == 201
    with override_settings(FOOTFALL=telling | {"BROWSER_TYPES": [event_types.BOOKMARK_DELETED]}):
        late = {"event_type": event_types.BOOKMARK_DELETED, "node_id": school.unit.pk}
        reply: Any = page.post(late)
        assert (reply.status_code, list(reply.json())) == (400, ["event_type"])
        school.course.ends = None
        school.course.save()
        assert page.post(late).status_code == 201
        assert page.post(page.video()).status_code == 400


def test_a_project_that_does_not_say_who_is_enrolled_hears_its_staff_only(school: School, telling: Json) -> None:
    page, staff = school.page(), school.page(school.person(is_staff=True))
    body = {"course_slug": "DEMO", "course_run": "SP", **page.video()}
    plain = telling | {"IS_ENROLLED": None, "FIND_NODE": None}
    with override_settings(FOOTFALL=plain):
        assert [page.post(body).status_code, staff.post(body).status_code] == [400, 201]
    with override_settings(FOOTFALL=plain | {"IS_ENROLLED": everyone}):
        assert page.post(body).status_code == 201


def test_someone_who_watches_all_day_is_never_throttled_but_a_flood_is(school: School, telling: Json) -> None:
    page = school.page()
    assert {page.post(page.video()).status_code for _ in range(150)} == {201}
    with override_settings(FOOTFALL=telling | {"THROTTLE": "3/min"}):
        cache.clear()
        replies = [page.post(page.video()) for _ in range(4)]
        assert [reply.status_code for reply in replies] == [201, 201, 201, 429]
        assert int(replies[-1]["Retry-After"]) > 0
    with override_settings(FOOTFALL=telling | {"THROTTLE": None}):
        assert page.post(page.video()).status_code == 201


def test_an_event_that_could_not_be_kept_is_not_acknowledged(school: School, telling: Json) -> None:
    page = school.page()
    with override_settings(FOOTFALL=telling | {"TRACKERS": ["no.such.Tracker"]}):
        assert page.post(page.video()).status_code == 503
