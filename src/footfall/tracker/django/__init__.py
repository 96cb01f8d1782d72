"""Tracking events from a learning management system in Django: an app to install, described in docs/django.md.

from footfall.tracker.django import Tracker, event_types

Tracker.track(event_types.COURSE_PAGE_VIEW, request.user, {"unit_display_name": unit.name}, unit)
"""

from footfall.tracker.django import event_types
from footfall.tracker.django.event import Event, RefusedError
from footfall.tracker.django.tracker import FootfallTracker, Tracker

__all__ = ["Event", "FootfallTracker", "RefusedError", "Tracker", "event_types"]
