"""A course in the example's database, and people."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from msgspec import Struct

from footfall.tracker.django import event_types

LMS = Path(__file__).parents[2] / "examples" / "lms"
API = "/api/tracking"


class School:
    """One course with one unit; `student` takes it, `stranger` does not."""

    def __init__(self) -> None:
        self._models = {name: apps.get_model("courses", name) for name in ("User", "Course", "Unit", "Enrollment")}
        self.course: Any = self._make("Course", slug=uuid4().hex[:8], run="SP", name="How cells divide")
        self.unit: Any = self._make("Unit", course=self.course, name="Mitosis", video="m.webm", section_id=2)
        self.student: Any = self.person()
        self.stranger: Any = self.person()
        self.enrollment: Any = self._make("Enrollment", user=self.student, course=self.course)

    def person(self, **fields: Any) -> Any:
        """Somebody with a login."""
        name = f"student-{uuid4().hex[:8]}"
        return self._models["User"].objects.create_user(name, f"{name}@school.example", **fields)

    def remove(self) -> None:
        """Everything and everybody goes."""
        for name in ("Enrollment", "Unit", "Course", "User"):
            self._models[name].objects.all().delete()

    def page(self, user: Any = None) -> "Page":
        """The unit's page, as the browser of somebody has it; of the student, if nobody else is named."""
        return Page(self, user or self.student)

    def _make(self, kind: str, **fields: Any) -> Any:
        return self._models[kind].objects.create(**fields)


class Page:
    """Posts to the tracking API with a session and, unless told otherwise, with the token against forgery."""

    def __init__(self, school: School, user: Any) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self._school = school
        if user.is_authenticated:
            self.client.force_login(user)
        self.client.get("/login/")
        self._token = self.client.cookies["csrftoken"].value

    def post(self, body: Any, path: str = API, *, token: bool = True) -> HttpResponse:
        """Send a body; text goes as it is."""
        headers = {"X-CSRFToken": self._token} if token else {}
        found: Any = self.client.post(path, body, content_type="application/json", headers=headers)
        return found  # type: ignore[no-any-return]

    def video(self, kind: str = "play", **more: Any) -> dict[str, Any]:
        """The documented body."""
        data = {"video_id": "m.webm", "video_event_type": f"kinesinlms.course.video.{kind}"}
        return {"tracking_event_type": "video", "node_id": self._school.unit.pk, "event_data": data} | more


class Somebody(Struct):
    """A user of a project whose model has no field `anon_username`."""

    pk: object = 17
    username: str = "ada"
    email: str = "ada@school.example"
    is_authenticated: bool = True
    is_staff: bool = False
    is_superuser: bool = False

    def get_username(self) -> str:
        """As Django's users have it."""
        return self.username


class Somewhere(Struct):
    """A place in a course."""

    course_slug: str | None = "DEMO"
    course_run: str | None = "SP"
    module_id: int | None = 1
    section_id: int | None = None
    unit_id: UUID | int | None = 3
    page_url: str | None = "/courses/DEMO/SP/3"
    course_ended: bool | None = None


NOBODY = Somebody(pk=None, username="", email="", is_authenticated=False)
PAGE_VIEW = (event_types.COURSE_PAGE_VIEW, {"unit_display_name": "Introduction"})
