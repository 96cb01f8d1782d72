"""The pages: all courses, one course, one unit."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from courses.models import Course, Enrollment, Unit
from courses.tracking import is_enrolled
from footfall.tracker.django import Tracker, event_types


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """All courses."""
    return render(request, "courses/home.html", {"courses": Course.objects.order_by("name")})


@login_required
def course(request: HttpRequest, slug: str, run: str) -> HttpResponse:
    """One course, and a button to take it or to leave it."""
    found = get_object_or_404(Course, slug=slug, run=run)
    enrolled = found.enrollments.filter(user=_user(request), is_active=True).exists()
    Tracker.track(event_types.COURSE_HOME_VIEW, request.user, {"page": "home"}, found)
    return render(request, "courses/course.html", {"course": found, "enrolled": enrolled})


@login_required
@require_POST
@transaction.atomic
def enroll(request: HttpRequest, slug: str, run: str) -> HttpResponse:
    """Take a course or leave it; told of once it is in the database."""
    found = get_object_or_404(Course, slug=slug, run=run)
    wanted = request.POST.get("enroll") == "yes"
    Enrollment.objects.update_or_create(user=_user(request), course=found, defaults={"is_active": wanted})
    if wanted:
        cohort = {"cohort_id": "?", "cohort_name": "?"}
        Tracker.track(event_types.ENROLLMENT_ACTIVATED, request.user, cohort, found)
    else:
        Tracker.track(event_types.ENROLLMENT_DEACTIVATED, request.user, None, found)
    return redirect(found)


@login_required
def unit(request: HttpRequest, slug: str, run: str, number: int) -> HttpResponse:
    """One unit with its video, for those who take the course."""
    found = get_object_or_404(Unit.objects.select_related("course"), course__slug=slug, course__run=run, pk=number)
    if not is_enrolled(request.user, found):
        return redirect(found.course)
    Tracker.track(event_types.COURSE_PAGE_VIEW, request.user, {"unit_display_name": found.name}, found)
    return render(request, "courses/unit.html", {"unit": found})


def _user(request: HttpRequest) -> Any:
    return request.user
