"""The pages of the school, and the tracking API."""

from django.urls import include, path

urlpatterns = [
    path("", include("courses.urls")),
    path("api/", include("footfall.tracker.django.urls")),
]
