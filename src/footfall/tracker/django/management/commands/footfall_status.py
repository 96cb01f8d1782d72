"""`manage.py footfall_status`."""

from typing import Any

from django.core.management.base import BaseCommand

from footfall.tracker.django.status import standings


class Command(BaseCommand):
    """Prints what waits for each tracker, and what was put aside."""

    help = "Says how many events wait for each tracker in the outboxes of all processes, and how many were put aside."

    def handle(self, *_: Any, **__: Any) -> None:
        """A line for each tracker."""
        for one in standings():
            reasons = ", ".join(f"{code} {number}" for code, number in sorted(one.aside.items()))
            aside = f"{sum(one.aside.values())} aside" + (f" ({reasons})" if reasons else "")
            self.stdout.write(f"{one.path}: {one.waiting} waiting, {aside}")
