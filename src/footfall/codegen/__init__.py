"""Source code from tracking plans: a typed function for each step, event type and V3 event."""

from footfall.codegen.generation import Language, generate

__all__ = ["Language", "generate"]
