"""Names for events beyond the seventeen: what an AUDIT or EXDATA event is about, told by its `edata.type`.

The lake's column `event_type` has one name for each kind of event, whatever it was called when it was sent.
"""

from footfall.schema.schemas import EIDS

IDENTITY = (
    "signin.traditional_register",
    "signin.traditional",
    "signin.social_register",
    "signin.social",
    "signin.sso",
    "entity_create",
    "entity_update",
    "entity_delete",
    "failed.signin.traditional",
    "failed.signin.social",
    "failed.signin.sso",
    "failed.register",
    "failed.update",
    "failed.delete",
)
_IDENTITY_ALIASES = {"sign-in.traditional": "signin.traditional", "event_create": "entity_create"}

_LMS_PREFIX = "kinesinlms."
_LMS = (
    "core.user.registration",
    "core.user.email_confirmed",
    "core.user.email_automation_provider_user_id_created",
    "core.user.login",
    "core.user.enrollment.activated",
    "core.user.enrollment.deactivated",
    "course.home.page_view",
    "course.content.page_view",
    "course.progress.page_view",
    "course.certificate.page_view",
    "course.bookmarks.page_view",
    "course.forum_topics.page_view",
    "course.extra_page.page_view",
    "course.custom_app.page_view",
    "course.speakers.page_view",
    "course.search.search_request",
    "course.bookmark.created",
    "course.bookmark.deleted",
    "course.resource.download",
    "course.assessment.submitted",
    "course.simple_interactive_tool.submitted",
    "course.forum.post",
    "course.progress.milestone.progressed",
    "course.progress.milestone.completed",
    "course.progress.passed",
    "course.progress.certificate.earned",
    "course.progress.badge.earned",
    "site.trainer.trainer_form_submitted",
    "survey.completed",
    "course.admin.page_view",
    "course.admin.report_generated",
    "course.admin.download",
    "course.admin.cohort_created",
    "course.admin.cohort_membership_modified",
)

CANONICAL: dict[str, dict[str, str]] = {
    "AUDIT": {name: name for name in IDENTITY} | _IDENTITY_ALIASES,
    "EXDATA": {prefix + name: name for name in _LMS for prefix in ("", _LMS_PREFIX)}
    | {"video": "video", _LMS_PREFIX + "course.video.activity": "video"},
}

# Names of events in Sunbird's workflows that are none of the seventeen: the event that they are, and its type, empty
# where it keeps its own.
LEGACY_EIDS: dict[str, tuple[str, str]] = {
    "LEVEL_SET": ("INTERACT", ""),
    "PLUGIN_LIFECYCLE": ("INTERACT", ""),
    "ACCESS": ("LOG", "api_access"),
    "APP_UPDATE": ("LOG", "app_update"),
    "SCAN": ("INTERACT", "scan"),
}


def event_type(eid: str, kind: str | None) -> str:
    """What an event with this eid and `edata.type` is called: its eid, unless the type is a name of its own."""
    names = CANONICAL.get(eid)
    return eid if names is None or kind is None else names.get(kind, eid)


UNKNOWN = "unknown"


def known_eid(eid: object) -> str | None:
    """An eid as a rejected event is counted under; one name for all that senders make up, None for what is no text."""
    if not isinstance(eid, str):
        return None
    return eid if eid in EIDS or eid in LEGACY_EIDS else UNKNOWN
