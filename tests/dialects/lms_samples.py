"""What a learning management system sends, type by type, and a way to say it without a server."""

import json
import time
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from footfall.dialects.base import Answer, Outcome, RefusalError, Request, Translation
from footfall.dialects.lms.dialect import Lms
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

Json = dict[str, Any]

STUDENT = "7a3d1f0e-4c55-4b8e-9a53-2f7f6f1f9d10"
VIDEO = "kinesinlms.course.video.activity"

DOCUMENTED: Json = {
    "tracking_event_type": "video",
    "node_id": 4711,
    "event_data": {"video_id": "k519LgRBnEM", "video_event_type": "kinesinlms.course.video.play"},
}
PLAYER: Json = {
    "event_type": VIDEO,
    "course_run": "SP",
    "course_slug": "DEMO",
    "unit_node_slug": "unit-1",
    "course_unit_id": 12,
    "course_unit_slug": "introduction",
    "block_id": 81,
    "block_uuid": "0b6dd0e3-63a1-4be2-b5a4-2f0b7c8f9a11",
    "event_data": {"video_id": "k519LgRBnEM", "video_event_type": "kinesinlms.course.video.pause"},
}

# Value, whether it belongs to a course, what event_data holds: as the LMS's code emits them.
ROWS: list[tuple[str, bool, Json | None]] = [
    ("core.user.registration", False, {}),
    ("core.user.email_confirmed", False, {"email": "ada@example.org"}),
    ("core.user.email_automation_provider_user_id_created", False, {"provider": "mailer"}),
    ("core.user.login", False, {}),
    ("core.user.enrollment.activated", True, {"cohort_id": "?", "cohort_name": "?"}),
    ("core.user.enrollment.deactivated", True, None),
    ("course.home.page_view", True, {"page": "home"}),
    ("course.content.page_view", True, {"unit_display_name": "Unit 1"}),
    ("course.progress.page_view", True, {"page": "progress"}),
    ("course.certificate.page_view", True, {"page": "certificate"}),
    ("course.bookmarks.page_view", True, {"page": "bookmarks"}),
    ("course.forum_topics.page_view", True, {"page": "forum_topics"}),
    ("course.extra_page.page_view", True, {"page_name": "Syllabus"}),
    ("course.custom_app.page_view", True, {"custom_app": "people"}),
    ("course.speakers.page_view", True, None),
    ("course.search.search_request", True, {"search_text": "why do cells divide"}),
    ("course.bookmark.created", True, None),
    ("course.bookmark.deleted", True, None),
    ("course.resource.download", True, {"course_resource_name": "syllabus.pdf"}),
    (
        "course.resource.download",
        True,
        {
            "resource_type": "VIDEO_TRANSCRIPT",
            "resource_name": "a.txt",
            "block_id": 81,
            "block_slug": "b",
            "video_id": None,
        },
    ),
    (
        "course.assessment.submitted",
        True,
        {
            "assessment_id": 5,
            "assessment_type": "LONG_FORM_TEXT",
            "answer_id": 9,
            "status": "COMPLETE",
            "attempts": 1,
            "json_content": {"answer": "because"},
            "html_content": None,
            "previous_answer_status": None,
        },
    ),
    (
        "course.simple_interactive_tool.submitted",
        True,
        {
            "simple_interactive_tool_id": 3,
            "simple_interactive_tool_type": "DIAGRAM",
            "simple_interactive_tool_submission_id": 4,
            "status": "COMPLETE",
            "previous_simple_interactive_tool_status": None,
        },
    ),
    ("course.video.activity", True, PLAYER["event_data"] | {"current_time": 12.5, "duration": 300, "speed": 1}),
    (
        "course.forum.post",
        True,
        {
            "activity_type": "POST",
            "created_at": "2026-11-20T10:00:00.000Z",
            "post_id": 1,
            "topic_id": 2,
            "topic_slug": "hello",
            "category_id": 3,
            "category_slug": "demo",
            "post_type": 1,
            "reply_to_post_number": 1,
        },
    ),
    ("course.progress.milestone.progressed", True, {"milestone_type": "VIDEO_PLAYS", "milestone_id": 7}),
    ("course.progress.milestone.completed", True, {"milestone_type": "VIDEO_PLAYS", "milestone_id": 7}),
    ("course.progress.passed", True, None),
    ("course.progress.certificate.earned", True, None),
    (
        "course.progress.badge.earned",
        True,
        {"badge_class_id": 1, "badge_class_slug": "b", "badge_class_type": "COURSE_PASSED", "badge_assertion_id": 2},
    ),
    (
        "site.trainer.trainer_form_submitted",
        False,
        {
            "full_name": "Ada Lovelace",
            "email": "ada@example.org",
            "courses": ["LE"],
            "institution": "Analytical Society",
            "job_title": "Countess",
            "description": "Please call me.",
            "captcha": "PASSED",
        },
    ),
    (
        "survey.completed",
        True,
        {
            "survey_provider_slug": "q",
            "survey_provider_type": "QUALTRICS",
            "survey_id": "SV_1",
            "survey_type": "PRE_COURSE",
            "response_id": "R_1",
            "course": "DEMO_SP",
            "times_completed": 1,
        },
    ),
    ("course.admin.page_view", True, {"course_admin_tab": "cohorts", "tab_page": "index"}),
    ("course.admin.report_generated", True, {"report": "student_progress"}),
    ("course.admin.download", True, {"download_type": "cohorts", "cohort": "default"}),
    ("course.admin.download", True, {"report": "student_progress", "cohorts": ["default"]}),
    ("course.admin.cohort_created", True, {"cohort_id": 4}),
    ("course.admin.cohort_membership_modified", True, {"cohort_id": 4, "members": 30}),
]
AFTER_END = {
    "course.custom_app.page_view",
    "course.extra_page.page_view",
    "course.home.page_view",
    "course.progress.page_view",
    "course.certificate.page_view",
    "course.speakers.page_view",
    "course.bookmarks.page_view",
    "course.forum_topics.page_view",
    "course.search.search_request",
    "course.content.page_view",
    "course.bookmark.created",
    "course.resource.download",
    "course.video.activity",
    "course.admin.page_view",
    "course.admin.cohort_created",
    "course.admin.cohort_membership_modified",
    "course.admin.report_generated",
    "course.admin.download",
}


def told(name: str, payload: Json | None, *, course: bool = True, **more: object) -> Json:
    """An event in the documented shape, of somebody who is logged in."""
    body: Json = {"event_type": f"kinesinlms.{name}", "anon_username": STUDENT, "event_data": payload}
    return body | ({"course_slug": "DEMO", "course_run": "SP"} if course else {}) | more


class Heard(Struct):
    """What came of a body: the reply, and the V3 event, if there is one."""

    status: int
    reply: Json
    event: Json | None
    translation: Translation | None

    @property
    def shape(self) -> Json:
        """What is kept of it, as JSON."""
        assert self.event is not None
        kept: Json = json.loads(self.event["edata"]["data"])
        return kept

    @property
    def errors(self) -> list[tuple[str, str]]:
        """Codes and paths of what was wrong."""
        return [(error["code"], error["path"]) for error in self.reply["errors"]]


def hear(
    body: Json | bytes,
    *,
    trusted: bool = True,
    now: int | None = None,
    outcome: Outcome = Outcome(),  # noqa: B008
    ndjson: bool = False,
    **headers: str,
) -> Heard:
    """Send a body past the collector; what becomes an event must be one that Sunbird's pipeline would take."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named: Mapping[bytes, bytes] = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    request = Request(
        path="/api/tracking",
        query=b"",
        headers=named,
        channel="school",
        peer="127.0.0.1",
        is_trusted=trusted,
        public_types=(),
        now=now or time.time_ns() // 1_000_000,
        raw=raw,
        body=raw,
        ndjson=ndjson,
        at_most=1000,
    )
    lms = Lms()
    try:
        translation = lms.translate(request)
    except RefusalError as error:
        return _heard(lms.refuse(error), None, None)
    events = json.loads(translation.events)
    for event in events:
        assert judge(json.dumps(event).encode(), Profile.SUNBIRD).findings == ()
    return _heard(translation.answer(outcome), events[0] if events else None, translation)


def _heard(answer: Answer, event: Json | None, translation: Translation | None) -> Heard:
    return Heard(answer.status, json.loads(answer.body), event, translation)
