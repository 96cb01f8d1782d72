"""The LMS's page says what the collector does."""

import json
import re
from pathlib import Path

import pytest

from footfall.dialects.lms.types import TYPES, VIDEO_EVENTS, LmsType
from tests.dialects.lms_samples import hear

PAGE = (Path(__file__).parents[2] / "docs" / "lms.md").read_text()


def rows() -> list[str]:
    """The table of event types."""
    return [f"| `{kind.value}` | {sent(kind)} | {payload(kind)} |" for kind in TYPES]


def sent(kind: LmsType) -> str:
    marks = {"browser": kind.browser, "anonymous": kind.anonymous, "after end": kind.after_end}
    return ", ".join(name for name, holds in marks.items() if holds)


def payload(kind: LmsType) -> str:
    if kind.open:
        return "open"
    if kind.alternatives:
        alternatives = " or ".join(", ".join(f"`{name}`" for name in names) for names in kind.alternatives)
        named = {name for names in kind.alternatives for name in names}
        rest = [f"`{name}`?" for name in kind.fields if name not in named]
        return "; ".join(["of one of two forms: " + alternatives, *rest])
    return ", ".join(
        f"`{name}`{'' if field.required else '?'}{' *personal*' if field.personal else ''}"
        for name, field in kind.fields.items()
    )


def test_every_type_is_listed_with_its_fields() -> None:
    listed = [line for line in PAGE.splitlines() if line.startswith("| `kinesinlms.")]
    assert listed == rows()
    assert all(name.rsplit(".", 1)[1] in PAGE for name in VIDEO_EVENTS)


@pytest.mark.parametrize("body", re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
def test_the_bodies_shown_are_taken(body: str) -> None:
    heard = hear(body.encode())
    assert heard.reply == {"tracking_event_type": heard.shape["event_type"], "received": True}
    assert json.loads(body)["event_data"] == heard.shape["event_data"]
