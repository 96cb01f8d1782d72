"""The tracking API; include it under `api/`."""

from django.urls import re_path

from footfall.tracker.django.views import TrackingView

urlpatterns = [re_path(r"^tracking/?$", TrackingView.as_view(), name="footfall-tracking")]
