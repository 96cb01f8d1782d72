"""Flows and workflows as they happened: stored events folded into one row for each, beside the hot path."""
