"""What `Tracker.track` makes of what it is told, and what it does not take."""

import json
import logging
from datetime import UTC, datetime, timedelta
from enum import Enum
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import override_settings
from django.utils.translation import gettext_lazy

from footfall.dialects.lms.shape import KEYS
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from footfall.tracker.django import Tracker, event_types
from footfall.tracker.django.subjects import pseudonym
from tests.dialects.lms_samples import ROWS, Json
from tests.lms.school import NOBODY, PAGE_VIEW, School, Somebody, Somewhere
from tests.tracker.office import Office


def track(*given: Any, **more: Any) -> bool:
    return Tracker.track(*given, **more)


def arrived(there: Office, number: int = 1) -> list[Json]:
    there.wait(lambda found: len(found.taken) >= number)
    return there.taken


def shapes(there: Office, number: int = 1) -> list[Json]:
    return [json.loads(event["edata"]["data"]) for event in arrived(there, number)]


def configured(telling: dict[str, Any], **options: Any) -> override_settings:
    return override_settings(FOOTFALL=telling | options)


@pytest.mark.parametrize(("name", "has_course", "payload"), ROWS)
def test_every_type_arrives_in_the_documented_shape(
    there: Office, name: str, has_course: bool, payload: Json | None
) -> None:
    assert track(f"kinesinlms.{name}", Somebody(), payload, Somewhere() if has_course else None)
    (event,) = arrived(there)
    assert judge(json.dumps(event).encode(), Profile.SUNBIRD).findings == ()
    (shape,) = shapes(there)
    assert tuple(shape) == KEYS
    assert shape["event_type"] == f"kinesinlms.{name}"
    assert (shape["course_slug"], shape["course_run"]) == (("DEMO", "SP") if has_course else (None, None))
    assert (shape["event_data"] or {}).keys() == (payload or {}).keys()
    assert shape["time"].endswith("+00:00")


def test_what_belongs_to_an_event_of_a_real_user_in_a_real_unit(there: Office, school: School) -> None:
    assert track(*PAGE_VIEW[:1], school.student, PAGE_VIEW[1], school.unit)
    (event,) = arrived(there)
    shape = json.loads(event["edata"]["data"])
    assert shape == {
        "event_type": event_types.COURSE_PAGE_VIEW,
        "anon_username": str(school.student.anon_username),
        "time": shape["time"],
        "course_slug": school.course.slug,
        "course_run": "SP",
        "module_id": 1,
        "section_id": 2,
        "unit_id": school.unit.pk,
        "page_url": school.unit.get_absolute_url(),
        "event_data": PAGE_VIEW[1],
    }
    assert event["actor"]["id"] == shape["anon_username"]
    assert event["context"]["env"] == "lms"
    for personal in (school.student.username, school.student.email):
        assert personal not in json.dumps(event)


def test_the_arguments_may_be_named(there: Office) -> None:
    name, data = PAGE_VIEW
    assert track(event_type=name, user=Somebody(), data=data, course_content_node={"course_slug": "BIO"})
    assert shapes(there)[0]["course_slug"] == "BIO"


def test_constants_of_an_enum_and_values_of_python_are_taken(there: Office) -> None:
    class Kinds(Enum):
        PAGE = event_types.COURSE_PAGE_VIEW

    node = Somewhere(unit_id=UUID(int=7))
    assert track(Kinds.PAGE, Somebody(), {"unit_display_name": gettext_lazy("Introduction")}, node)
    (shape,) = shapes(there)
    assert (shape["unit_id"], shape["event_data"]) == (str(UUID(int=7)), {"unit_display_name": "Introduction"})


def test_a_pseudonym_is_the_same_for_ever_and_says_nothing(there: Office, telling: dict[str, Any]) -> None:
    with configured(telling, ANON_KEY="one"):
        names = [pseudonym(Somebody(pk=pk)) for pk in (17, 17, 18)]
        assert track(*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1])
        assert shapes(there)[0]["anon_username"] == names[0]
    assert names[0] == names[1] != names[2]
    with configured(telling, ANON_KEY="another"):
        assert pseudonym(Somebody()) != names[0]


def test_a_project_may_say_how_users_are_called(there: Office, telling: dict[str, Any]) -> None:
    with configured(telling, ANON_USERNAME=lambda user: f"learner-{user.pk}"):
        assert track(event_types.USER_LOGIN, Somebody())
        assert shapes(there)[0]["anon_username"] == "learner-17"


@pytest.mark.parametrize("telltale", ["pk", "username", "email"])
def test_a_name_that_others_know_is_no_anonymous_name(telling: dict[str, Any], telltale: str) -> None:
    with configured(telling, ANON_USERNAME=lambda user: str(getattr(user, telltale)).upper()):
        assert not track(event_types.USER_LOGIN, Somebody())


@pytest.mark.parametrize("somebody", [None, NOBODY])
def test_nobody_may_only_send_what_is_for_nobody(there: Office, somebody: object) -> None:
    assert not track(event_types.USER_LOGIN, somebody)
    assert not track(*PAGE_VIEW[:1], somebody, PAGE_VIEW[1])
    assert track(event_types.ADMIN_KINESINLMS_TRAINER_FORM_SUBMITTED, somebody, {"email": "ada@example.org"})
    (shape,) = shapes(there)
    assert (shape["anon_username"], shape["event_data"]) == (None, {"email": "<string 15>"})


def test_what_is_personal_stays_here(there: Office, telling: dict[str, Any]) -> None:
    assert track(event_types.USER_EMAIL_CONFIRMED, Somebody(), {"email": "ada@school.example"})
    assert track(event_types.COURSE_SEARCH_REQUEST, Somebody(), {"search_text": "am I ill"}, Somewhere())
    text = json.dumps(arrived(there, 2))
    assert "ada@" not in text
    assert "ill" not in text
    outbox = b"".join(path.read_bytes() for path in telling["OUTBOX"].rglob("*") if path.is_file())
    assert b"ada@" not in outbox
    assert b"am I ill" not in outbox


@pytest.mark.parametrize(
    ("data", "url"),
    [
        ({"unit_display_name": "for ada@school.example"}, None),
        ({"unit_display_name": "x"}, "/reset?for=Ada%40School.example"),
    ],
)
def test_the_address_of_the_user_is_found_wherever_it_is(data: Json, url: str | None) -> None:
    assert not track(event_types.COURSE_PAGE_VIEW, Somebody(), data, Somewhere(page_url=url))


class Trouble:
    """A user or a node that cannot be read."""

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("the database is gone")


RECURSIVE: Json = {}
RECURSIVE["unit_display_name"] = RECURSIVE


@pytest.mark.parametrize(
    "given",
    [
        ("kinesinlms.course.video.play", Somebody(), {}),
        ("no.such.type", Somebody(), {}),
        (None, Somebody(), {}),
        (["x"], Somebody(), {}),
        (event_types.COURSE_PAGE_VIEW, Somebody(), {}),
        (event_types.COURSE_PAGE_VIEW, Somebody(), {"unit_display_name": 3}),
        (event_types.COURSE_PAGE_VIEW, Somebody(), PAGE_VIEW[1] | {"email": "ada@example.org"}),
        (event_types.COURSE_PAGE_VIEW, Somebody(), "text"),
        (event_types.COURSE_PAGE_VIEW, Somebody(), {"unit_display_name": object()}),
        (event_types.COURSE_PAGE_VIEW, Somebody(), {"unit_display_name": "\ud800"}),
        (event_types.COURSE_PAGE_VIEW, Somebody(), RECURSIVE),
        (event_types.COURSE_SPEAKERS_VIEW, Somebody(), {"much": "x" * (2 << 20)}),
        (*PAGE_VIEW[:1], Somebody(pk=None), PAGE_VIEW[1]),
        (*PAGE_VIEW[:1], SimpleNamespace(), PAGE_VIEW[1]),
        (*PAGE_VIEW[:1], Trouble(), PAGE_VIEW[1]),
        (*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], Trouble()),
        (*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], {"page_url": "x" * 3000}),
    ],
)
def test_what_is_no_event_is_refused_and_never_raises(given: tuple[Any, ...], caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert track(*given) is False
    assert "an event was not tracked" in caplog.text
    assert "@" not in caplog.text


@pytest.mark.parametrize("options", [{"KEY": 3}, {"TYPO": 1}, {"ANON_USERNAME": "no.such.module"}, {"DATABASE": "no"}])
def test_a_project_that_is_misconfigured_goes_on(telling: dict[str, Any], options: dict[str, Any]) -> None:
    with configured(telling, **options):
        assert track(event_types.USER_LOGIN, Somebody()) is False


def test_after_the_end_of_a_course_only_some_types_are_taken(there: Office, telling: dict[str, Any]) -> None:
    over = Somewhere(course_ended=True)
    assert track(*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], over)
    assert not track(event_types.COURSE_PASSED, Somebody(), None, over)
    assert track(event_types.COURSE_PASSED, Somebody(), None, Somewhere())
    with configured(telling, HAS_ENDED=lambda node: node.unit_id == 3):
        assert not track(event_types.COURSE_PASSED, Somebody(), None, Somewhere())
        assert track(event_types.COURSE_PASSED, Somebody(), None, Somewhere(unit_id=4))


def test_a_course_has_ended_when_its_time_has_come(school: School) -> None:
    school.course.ends = datetime.now(UTC) - timedelta(hours=1)
    assert not track(event_types.COURSE_PASSED, school.student, None, school.unit)
    assert track(*PAGE_VIEW[:1], school.student, PAGE_VIEW[1], school.unit)


def test_a_project_may_say_what_a_node_is(there: Office, telling: dict[str, Any]) -> None:
    with configured(telling, NODE_FIELDS=lambda node: {"course_slug": node, "secret": "x", "unit_id": None}):
        assert track(*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], "BIO")
        assert shapes(there)[0]["course_slug"] == "BIO"


def test_an_event_with_a_time_of_its_own_is_one_event_however_often_it_is_told(there: Office) -> None:
    moment = datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)
    for given in ({}, {}, {"id": "a"}, {"id": "a"}, {"id": "b"}):
        assert track(*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], Somewhere(), time=moment, **given)
    events = arrived(there, 5)
    mids = [event["mid"] for event in events]
    assert mids[0] == mids[1] != mids[2] == mids[3] != mids[4]
    assert len({json.dumps(event) for event in events}) == 3
    assert {json.loads(event["edata"]["data"])["time"] for event in events} == {"2026-11-20T10:00:00.123456+00:00"}
    assert not track(*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], id="without a time")


def test_ids_of_two_people_never_meet(there: Office) -> None:
    same = {"id": str(uuid4()), "time": datetime.now(UTC)}
    for pk in (1, 2):
        assert track(*PAGE_VIEW[:1], Somebody(pk=pk), PAGE_VIEW[1], **same)
    assert len({event["mid"] for event in arrived(there, 2)}) == 2


def test_the_same_thing_twice_is_two_events(there: Office) -> None:
    for _ in range(2):
        assert track(*PAGE_VIEW[:1], Somebody(), PAGE_VIEW[1], Somewhere())
    assert len({event["mid"] for event in arrived(there, 2)}) == 2


def test_a_time_without_a_zone_is_the_projects_own(there: Office) -> None:
    with override_settings(TIME_ZONE="Asia/Kolkata"):
        assert track(event_types.USER_LOGIN, Somebody(), time=datetime(2026, 1, 1, 12))
    assert shapes(there)[0]["time"] == "2026-01-01T06:30:00.000000+00:00"
