"""`manage.py demo`."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from courses.models import Course, Unit, User

_NAME = "ada"
_WORD = "cells divide"


class Command(BaseCommand):
    """Makes the database, a course and a student, and serves the school."""

    help = "Makes what is not there yet, and serves the school."

    def add_arguments(self, parser: CommandParser) -> None:
        """One: where to listen."""
        parser.add_argument("address", nargs="?", default="127.0.0.1:8410")

    def handle(self, *_: Any, **given: Any) -> None:
        """Until it is interrupted."""
        settings.DATA.mkdir(parents=True, exist_ok=True)
        call_command("migrate", verbosity=0)
        course, _created = Course.objects.get_or_create(slug="DEMO", run="SP", defaults={"name": "How cells divide"})
        Unit.objects.get_or_create(course=course, name="Mitosis", defaults={"video": "courses/mitosis.webm"})
        if not User.objects.filter(username=_NAME).exists():
            User.objects.create_user(_NAME, "ada@school.example", _WORD)
        self.stdout.write(f"Log in as {_NAME} with the password: {_WORD}")
        call_command("runserver", given["address"], use_reloader=False)
