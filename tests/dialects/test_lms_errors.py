"""Bad bodies for the LMS's path: each error names the path, and what to send instead."""

import json

import pytest

from .lms_samples import DOCUMENTED, PLAYER, Json, hear, told

CLIP: Json = {"video_id": "x", "video_event_type": "kinesinlms.course.video.play"}


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        ({"tracking_event_type": "vidoe", "event_data": CLIP}, "$.tracking_event_type", "video is one"),
        ({"event_type": "core.user.logn"}, "$.event_type", "core.user.login is one"),
        ({"event_type": "x" * 150}, "$.event_type", "Not a known event type."),
        ({"event_type": "shopping"}, "$.event_type", "Not a known event type."),
        (
            DOCUMENTED | {"event_data": CLIP | {"video_event_type": "play"}},
            "$.event_data.video_event_type",
            "kinesinlms.course.video.play,",
        ),
        (told("course.home.page_view", {"page": "hme"}), "$.event_data.page", "which are home."),
        (told("course.forum.post", {"activity_type": "LIKE", "post_id": 1, "topic_id": 2}), None, "TOPIC, POST"),
        (DOCUMENTED | {"time": 1795224242107}, "$.time", "Not a valid string."),
        (DOCUMENTED | {"time": "yesterday"}, "$.time", "YYYY-MM-DDThh:mm"),
        (PLAYER | {"anon_username": "ada@example.org"}, "$.anon_username", "e-mail address"),
        (PLAYER | {"course_unit_id": None}, "$.course_unit_id", "required"),
        (PLAYER | {"event_data": json.dumps(CLIP)}, "$.event_data", "Expected an object."),
        ({"events": [PLAYER]}, "$.event_type", "required"),
        (told("course.admin.download", {"cohort": "x"}), "$.event_data.download_type", "other form"),
    ],
)
def test_whoever_sends_a_bad_body_is_told_the_path_and_the_way_out(body: Json, path: str | None, said: str) -> None:
    heard = hear(body)
    assert heard.status == 400
    (error,) = heard.reply["errors"]
    assert error["path"] == (path or "$.event_data.activity_type")
    assert said in error["message"]
    assert error["hint"]
    assert error["docs"].startswith("/docs/reasons#")


def test_a_field_that_a_type_has_not_is_told_where_fields_are_listed() -> None:
    heard = hear(DOCUMENTED | {"event_data": CLIP | {"colour": "red"}})
    (error,) = heard.reply["errors"]
    assert (error["path"], "docs/lms.md" in error["hint"]) == ("$.event_data.colour", True)
