"""Tracking plans: what an application sends, in which order, and what came of it, as documents that are checked."""
