"""The event types of the LMS, as the plan `lms` lists them; here in Python, so that a collector reads no YAML.

A test holds this table and the plan together.
"""

from typing import Literal

from msgspec import Struct

Kind = Literal["string", "integer", "number", "boolean", "object", "array", "id"]

PREFIX = "kinesinlms."
VIDEO_EVENTS = tuple(
    f"{PREFIX}course.video.{name}"
    for name in (
        "load",
        "play",
        "pause",
        "end",
        "error",
        "replay_clicked",
        "playback_rate_change",
        "playback_quality_change",
    )
)


class Field(Struct, frozen=True):
    """A field of a payload; an `id` is a string or an integer. What is personal is never stored, only how long it was.

    `max_length` is in characters, 0 for no limit of its own.
    """

    kind: Kind = "string"
    required: bool = False
    personal: bool = False
    one_of: tuple[str, ...] = ()
    max_length: int = 0


class LmsType(Struct, frozen=True):
    """An event type: `name` is the canonical one, `value` what the LMS sends, `constant` its name in the LMS's code.

    `node` holds C where a course belongs to it, U for a unit, B for a block. Of `alternatives` one must be there whole.
    An `open` payload takes any field.
    """

    constant: str
    name: str
    value: str
    node: str = ""
    fields: dict[str, Field] = {}
    alternatives: tuple[tuple[str, ...], ...] = ()
    open: bool = False
    browser: bool = False
    anonymous: bool = False
    after_end: bool = False


_TEXT = Field(required=True)
_TEXT_MAYBE = Field()
_ID = Field("id", required=True)
_ID_MAYBE = Field("id")
_INTEGER = Field("integer", required=True)
_NUMBER_MAYBE = Field("number")
_PERSONAL = Field(personal=True)


def _core(constant: str, name: str, node: str = "", *, open: bool = False, **fields: Field) -> LmsType:  # noqa: A002
    return LmsType(constant, name, PREFIX + name, node, fields, open=open)


def _page(constant: str, page: str) -> LmsType:
    fields = {"page": Field(one_of=(page,))}
    return LmsType(
        constant, f"course.{page}.page_view", f"{PREFIX}course.{page}.page_view", "C", fields, after_end=True
    )


def _late(kind: LmsType) -> LmsType:
    """The same type, taken also after its course has ended."""
    return LmsType(
        kind.constant, kind.name, kind.value, kind.node, kind.fields, kind.alternatives, kind.open, after_end=True
    )


TYPES = (
    _core("USER_REGISTRATION", "core.user.registration"),
    _core("USER_EMAIL_CONFIRMED", "core.user.email_confirmed", email=_PERSONAL),
    _core(
        "USER_EMAIL_AUTOMATION_PROVIDER_USER_ID_CREATED",
        "core.user.email_automation_provider_user_id_created",
        open=True,
    ),
    _core("USER_LOGIN", "core.user.login"),
    _core(
        "ENROLLMENT_ACTIVATED",
        "core.user.enrollment.activated",
        "C",
        cohort_id=_ID_MAYBE,
        cohort_name=_TEXT_MAYBE,
    ),
    _core("ENROLLMENT_DEACTIVATED", "core.user.enrollment.deactivated", "C"),
    _page("COURSE_HOME_VIEW", "home"),
    _late(_core("COURSE_PAGE_VIEW", "course.content.page_view", "CU", unit_display_name=_TEXT)),
    _page("COURSE_PROGRESS_VIEW", "progress"),
    _page("COURSE_CERTIFICATE_VIEW", "certificate"),
    _page("COURSE_BOOKMARKS_VIEW", "bookmarks"),
    _page("COURSE_FORUM_TOPICS_VIEW", "forum_topics"),
    _late(_core("COURSE_EXTRA_PAGE_VIEW", "course.extra_page.page_view", "C", page_name=_TEXT)),
    _late(_core("COURSE_CUSTOM_APP_PAGE_VIEW", "course.custom_app.page_view", "C", custom_app=_TEXT)),
    _late(_core("COURSE_SPEAKERS_VIEW", "course.speakers.page_view", "C", open=True)),
    _late(_core("COURSE_SEARCH_REQUEST", "course.search.search_request", "C", search_text=_PERSONAL)),
    _late(_core("BOOKMARK_CREATED", "course.bookmark.created", "CU")),
    _core("BOOKMARK_DELETED", "course.bookmark.deleted", "CU"),
    LmsType(
        "COURSE_RESOURCE_DOWNLOAD, COURSE_BLOCK_RESOURCE_DOWNLOAD",
        "course.resource.download",
        PREFIX + "course.resource.download",
        "CB",
        {
            "course_resource_name": _TEXT_MAYBE,
            "resource_type": _TEXT_MAYBE,
            "resource_name": _TEXT_MAYBE,
            "block_id": _ID_MAYBE,
            "block_slug": _TEXT_MAYBE,
            "video_id": Field(max_length=200),
        },
        (("course_resource_name",), ("resource_type", "resource_name", "block_id", "block_slug")),
        after_end=True,
    ),
    _core(
        "COURSE_ASSESSMENT_ANSWER_SUBMITTED",
        "course.assessment.submitted",
        "CUB",
        assessment_id=_ID,
        assessment_type=_TEXT,
        answer_id=_ID,
        status=_TEXT,
        attempts=_INTEGER,
        json_content=Field("object", personal=True),
        html_content=_PERSONAL,
        previous_answer_status=_TEXT_MAYBE,
    ),
    _core(
        "COURSE_SIMPLE_INTERACTIVE_TOOL_SUBMITTED",
        "course.simple_interactive_tool.submitted",
        "CUB",
        simple_interactive_tool_id=_ID,
        simple_interactive_tool_type=_TEXT,
        simple_interactive_tool_submission_id=_ID,
        status=_TEXT,
        previous_simple_interactive_tool_status=_TEXT_MAYBE,
    ),
    LmsType(
        "COURSE_VIDEO_ACTIVITY",
        "video",
        PREFIX + "course.video.activity",
        "CUB",
        {
            "video_id": Field(required=True, max_length=200),
            "video_event_type": Field(required=True, one_of=VIDEO_EVENTS),
            "current_time": _NUMBER_MAYBE,
            "duration": _NUMBER_MAYBE,
            "speed": _NUMBER_MAYBE,
        },
        browser=True,
        after_end=True,
    ),
    _core(
        "FORUM_POST",
        "course.forum.post",
        "CUB",
        activity_type=Field(required=True, one_of=("TOPIC", "POST")),
        created_at=_TEXT_MAYBE,
        post_id=_ID,
        topic_id=_ID,
        topic_slug=_TEXT_MAYBE,
        category_id=_ID_MAYBE,
        category_slug=_TEXT_MAYBE,
        post_type=_ID_MAYBE,
        reply_to_post_number=Field("integer"),
    ),
    _core("MILESTONE_PROGRESSED", "course.progress.milestone.progressed", "C", milestone_type=_TEXT, milestone_id=_ID),
    _core("MILESTONE_COMPLETED", "course.progress.milestone.completed", "C", milestone_type=_TEXT, milestone_id=_ID),
    _core("COURSE_PASSED", "course.progress.passed", "C"),
    _core("COURSE_CERTIFICATE_EARNED", "course.progress.certificate.earned", "C"),
    _core(
        "COURSE_BADGE_EARNED",
        "course.progress.badge.earned",
        "C",
        badge_class_id=_ID,
        badge_class_slug=_TEXT,
        badge_class_type=_TEXT,
        badge_assertion_id=_ID,
    ),
    LmsType(
        "ADMIN_KINESINLMS_TRAINER_FORM_SUBMITTED",
        "site.trainer.trainer_form_submitted",
        PREFIX + "site.trainer.trainer_form_submitted",
        fields={
            "full_name": _PERSONAL,
            "email": _PERSONAL,
            "courses": Field("array"),
            "institution": _PERSONAL,
            "job_title": _PERSONAL,
            "description": _PERSONAL,
            "captcha": _PERSONAL,
        },
        anonymous=True,
    ),
    _core(
        "SURVEY_COMPLETED",
        "survey.completed",
        "C",
        survey_provider_slug=_TEXT,
        survey_provider_type=_TEXT,
        survey_id=_ID,
        survey_type=_TEXT,
        response_id=_ID,
        course=_TEXT,
        times_completed=_INTEGER,
    ),
    _late(_core("COURSE_ADMIN_PAGE_VIEW", "course.admin.page_view", "C", course_admin_tab=_TEXT, tab_page=_TEXT)),
    _late(_core("COURSE_ADMIN_REPORT_GENERATED", "course.admin.report_generated", "C", report=_TEXT)),
    LmsType(
        "COURSE_ADMIN_DOWNLOAD",
        "course.admin.download",
        PREFIX + "course.admin.download",
        "C",
        {
            "download_type": _TEXT_MAYBE,
            "cohort": _ID_MAYBE,
            "report": _TEXT_MAYBE,
            "cohorts": Field("array"),
        },
        (("download_type", "cohort"), ("report", "cohorts")),
        after_end=True,
    ),
    _late(_core("COURSE_ADMIN_COHORT_CREATED", "course.admin.cohort_created", "C", open=True)),
    _late(_core("COURSE_ADMIN_COHORT_MEMBERSHIP_MODIFIED", "course.admin.cohort_membership_modified", "C", open=True)),
)

# What the LMS sends; and the canonical names, of which its documentation has `video`.
BY_NAME = {kind.value: kind for kind in TYPES} | {kind.name: kind for kind in TYPES}
