"""The constants are those of the LMS, all of them, and no others."""

from footfall.dialects.lms.types import BY_NAME, TYPES, VIDEO_EVENTS
from footfall.tracker.django import event_types

CONSTANTS = {name: value for name, value in vars(event_types).items() if name.isupper()}


def test_every_type_has_its_constants() -> None:
    listed = {name: kind.value for kind in TYPES for name in kind.constant.split(", ")}
    assert {name: value for name, value in CONSTANTS.items() if name in listed} == listed


def test_the_others_are_what_happens_to_videos() -> None:
    listed = {name for kind in TYPES for name in kind.constant.split(", ")}
    others = {name: value for name, value in CONSTANTS.items() if name not in listed}
    assert others.pop("VIDEO") in BY_NAME
    assert others == {f"VIDEO_{value.rsplit('.')[-1].upper()}": value for value in VIDEO_EVENTS}
