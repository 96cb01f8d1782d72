"""Settings of the check's tests."""

from hypothesis import settings

settings.register_profile("check", deadline=None)
settings.load_profile("check")
