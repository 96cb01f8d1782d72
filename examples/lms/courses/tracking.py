"""What this school tells the tracking app of its courses, and the login, which is tracked wherever it happens."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.signals import user_logged_in

from courses.models import Unit
from footfall.tracker.django import Tracker, event_types


def find_node(posted: Mapping[str, Any]) -> Unit | None:
    """The unit that a page names; None where there is none."""
    number = posted.get("node_id", posted.get("course_unit_id"))
    if not str(number).isdecimal():
        return None
    return Unit.objects.select_related("course").filter(pk=number).first()


def is_enrolled(user: Any, unit: Unit) -> bool:
    """Whether somebody takes the course of a unit."""
    return unit.course.enrollments.filter(user=user, is_active=True).exists()


def connect() -> None:
    """Track logins from now on."""
    user_logged_in.connect(_logged_in, dispatch_uid="courses.tracking")


def _logged_in(user: Any, **_: object) -> None:
    Tracker.track(event_types.USER_LOGIN, user, {})
