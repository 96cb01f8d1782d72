"""Fixtures for the tests of whoever sends events to footfall."""
