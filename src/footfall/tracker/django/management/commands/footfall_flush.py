"""`manage.py footfall_flush`."""

from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from footfall.tracker.django.delivery import line, tracker_paths


class Command(BaseCommand):
    """Sends what processes that are gone left behind."""

    help = "Sends what processes that are gone left in their outboxes; what others hold they send themselves."

    def add_arguments(self, parser: CommandParser) -> None:
        """One: how long to try."""
        parser.add_argument("--timeout", type=float, default=30.0, help="Seconds after which to give up.")

    def handle(self, *_: Any, **given: Any) -> None:
        """Fails if something could not be sent."""
        until = monotonic() + given["timeout"]
        lines = {path: line(path) for path in tracker_paths()}
        late = [path for path, one in lines.items() if not one.flush(max(0.0, until - monotonic()))]
        if late:
            raise CommandError(f"Not everything could be sent: {', '.join(late)}.")
        self.stdout.write("Everything was sent.")
