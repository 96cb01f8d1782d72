"""The LMS's tracking API on a running collector: keys, replies, and what is on disk."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from footfall.control.store import Control, NewKeys
from footfall.schema.record import IngestRecord
from tests.collector.running import Answer, Collector, collecting, get, post

from .lms_samples import DOCUMENTED, PLAYER, STUDENT, Json, told


class School:
    """A collector with one channel, and its keys."""

    def __init__(self, collector: Collector, keys: NewKeys) -> None:
        self.collector = collector
        self.keys = keys

    def track(
        self, body: Json | bytes, path: str = "/api/tracking/", *, key: str | None = "public", **headers: str
    ) -> Answer:
        """Send an event with one of the keys, or none."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        if key:
            headers["authorization"] = f"Bearer {getattr(self.keys, key)}"
        return self.collector.ask(post(text, path, **headers))

    def newest(self) -> IngestRecord:
        """The last record in the journal."""
        return self.collector.intakes()[-1]

    def stored(self, field: str, value: object) -> list[Any]:
        """The events in whose shape a field has this value."""
        events = [event for intake in self.collector.intakes() for event in msgspec.json.decode(intake.events)]
        return [event for event in events if json.loads(event["edata"]["data"])[field] == value]


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    data = tmp_path_factory.mktemp("lms") / "data"
    data.mkdir()
    with Control.open(data / "control.db") as control:
        keys = control.add_channel("school", origins=["https://lms.example"])
        with collecting(data, max_body_bytes=200_000, max_event_bytes=20_000) as collector:
            yield School(collector, keys)


ORIGIN = {"origin": "https://lms.example"}


@pytest.mark.parametrize("path", ["/api/tracking", "/api/tracking/", "//api//tracking/"])
@pytest.mark.parametrize("body", [DOCUMENTED, PLAYER])
def test_a_page_sends_both_bodies(school: School, path: str, body: Json) -> None:
    video = body["event_data"] | {"video_id": f"{path}{len(body)}"}
    answer = school.track(body | {"event_data": video}, path, **ORIGIN)
    named = body.get("tracking_event_type", body.get("event_type"))
    assert (answer.status, answer.json) == (201, {"tracking_event_type": named, "received": True})
    assert answer.headers["access-control-allow-origin"] == "https://lms.example"
    (event,) = school.stored("event_data", video)
    assert event["context"]["channel"] == "school"
    assert event["edata"]["type"] == named


def test_a_page_asks_first_whether_it_may_send_the_headers_of_the_lms(school: School) -> None:
    answer = school.collector.ask(get("/api/tracking/", "OPTIONS", **ORIGIN))
    assert answer.status == 204
    for name in ("x-csrftoken", "x-anon-username", "content-type", "authorization"):
        assert name in answer.headers["access-control-allow-headers"]


def test_a_server_sends_every_type_and_a_page_only_videos(school: School) -> None:
    login = told("core.user.login", {}, course=False)
    assert school.track(login, key="secret").status == 201
    refused = school.track(login, **ORIGIN)
    assert refused.status == 403
    assert refused.json["errors"][0]["code"] == "needs_secret_key"
    assert school.track(told("core.user.login", {}, anon_username=None), key="secret").status == 403


def test_who_may_not_send_is_told_403(school: School) -> None:
    for answer, code in [
        (school.track(DOCUMENTED, key=None), "key_missing"),
        (school.track(DOCUMENTED, key=None, authorization="Bearer x"), "key_unknown"),
        (school.track(DOCUMENTED, origin="https://elsewhere.example"), "origin_forbidden"),
        (school.track(DOCUMENTED, f"/api/tracking/?key={school.keys.secret}", key=None), "key_forbidden"),
    ]:
        assert answer.status == 403
        assert answer.json["detail"]
        assert "www-authenticate" not in answer.headers
        assert [error["code"] for error in answer.json["errors"]] == [code]


def test_a_key_in_the_address_is_enough_for_a_page(school: School) -> None:
    assert school.track(DOCUMENTED, f"/api/tracking/?key={school.keys.public}", key=None, **ORIGIN).status == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "malformed_json"),
        (b"[]", 400, "not_an_object"),
        (b'{"event_type":"\\ud83e"}', 400, "lone_surrogate"),
        (b'{"a":' + b"[" * 90_000, 400, "too_deep"),
        (b" " * 200_001, 413, "body_too_large"),
        (json.dumps(DOCUMENTED | {"event_data": {"video_id": 1}}).encode(), 400, "wrong_type"),
    ],
)
def test_bad_bodies(school: School, body: bytes, status: int, code: str) -> None:
    answer = school.track(body, **ORIGIN)
    assert answer.status == status
    assert answer.json["errors"][0]["code"] == code
    assert school.track(PLAYER, **ORIGIN).status == 201


def test_an_event_larger_than_an_event_may_be(school: School) -> None:
    open_payload = told("course.admin.cohort_created", {"about": "x" * 30_000})
    answer = school.track(open_payload, key="secret")
    assert (answer.status, answer.json["errors"][0]["code"]) == (413, "event_too_large")


def test_other_refusals_keep_their_status(school: School) -> None:
    assert school.collector.ask(get("/api/tracking/")).status == 405
    answer = school.track(b"event_type=video", content_type="application/x-www-form-urlencoded", **ORIGIN)
    assert (answer.status, answer.json["errors"][0]["code"]) == (415, "unsupported_media_type")
    assert school.track(DOCUMENTED, content_type="application/x-ndjson", **ORIGIN).status == 415


def test_a_bad_body_is_in_the_books_without_what_it_said(school: School) -> None:
    answer = school.track(DOCUMENTED | {"time": "half past nine", "id": "bad-1"}, **ORIGIN)
    assert answer.status == 400
    intake = school.newest()
    (refused,) = intake.refused
    assert (intake.of, refused.mid, refused.eid, refused.channel) == (1, "bad-1", "EXDATA", "school")
    assert [(finding.code, finding.path) for finding in refused.findings] == [("value_not_allowed", "$.time")]
    assert refused.payload is None


def test_a_resend_is_known(school: School) -> None:
    body = PLAYER | {"time": "2026-11-20T10:00:00.25Z", "anon_username": STUDENT}
    for number, sent in enumerate([body, body, body | {"time": "2026-11-20T11:00:00.250000+01:00"}]):
        assert school.track(sent, **ORIGIN).status == 201
        assert len(school.newest().repeats) == min(number, 1)
    assert len(school.stored("time", "2026-11-20T10:00:00.250000+00:00")) == 1


def test_an_id_is_the_mid_and_means_one_event(school: School) -> None:
    body = PLAYER | {"id": "v-1", "time": "2026-11-20T10:00:00Z"}
    assert school.track(body, **ORIGIN).status == 201
    assert school.track(body, **ORIGIN).status == 201
    other = school.track(body | {"course_unit_id": 13}, **ORIGIN)
    assert (other.status, list(other.json)) == (400, ["id", "errors"])
    untimed = PLAYER | {"uuid": "v-2"}
    assert school.track(untimed, **ORIGIN).json == {"tracking_event_type": PLAYER["event_type"], "received": True}
    again = school.track(untimed, **ORIGIN)
    assert again.status == 201
    assert sorted(school.collector.stored_mids()).count("v-1") == 1
    assert sorted(school.collector.stored_mids()).count("v-2") == 1
