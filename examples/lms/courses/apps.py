"""Courses, and who takes them."""

from django.apps import AppConfig


class CoursesConfig(AppConfig):
    """The app of this school."""

    name = "courses"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Track logins."""
        from courses import tracking

        tracking.connect()
