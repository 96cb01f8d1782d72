"""Checking events in files: what the collector would say of each, which step of a plan it is, what became of flows."""
