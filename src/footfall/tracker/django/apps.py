"""The app: `footfall.tracker.django` in INSTALLED_APPS."""

from django.apps import AppConfig
from django.core.signals import request_started


class FootfallConfig(AppConfig):
    """Has no models, and sends nothing before the first event or request."""

    name = "footfall.tracker.django"
    label = "footfall"
    verbose_name = "footfall"

    def ready(self) -> None:
        """Register the system checks; see at the first request what an earlier process left behind."""
        from footfall.tracker.django import checks  # noqa: F401 - importing registers them

        request_started.connect(_resume, dispatch_uid="footfall.resume")


def _resume(**_: object) -> None:
    from footfall.tracker.django.delivery import resume

    request_started.disconnect(dispatch_uid="footfall.resume")
    resume()
