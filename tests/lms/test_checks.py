"""What `manage.py check` says of the setting FOOTFALL."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from tests.lms.senders import Chat, Unfinished

PAGE = Path(__file__).parents[2] / "docs" / "django.md"


def ids(telling: dict[str, Any], **options: Any) -> list[str]:
    with override_settings(FOOTFALL=telling | options):
        return [str(found.id) for found in run_checks() if str(found.id).startswith("footfall")]


def test_nothing_is_wrong_with_the_example(telling: dict[str, Any]) -> None:
    assert ids(telling) == []
    assert ids(telling, TRACKERS=[Chat], DELIVERY="celery", THROTTLE=None, KEY="ffs_x") == []


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"TYPO": 1}, "footfall.E001"),
        ({"KEY": 7}, "footfall.E001"),
        ({"DELIVERY": "pigeon"}, "footfall.E001"),
        ({"URL": "footfall.example"}, "footfall.E002"),
        ({"IS_ENROLLED": "no.such.function"}, "footfall.E003"),
        ({"NODE_FIELDS": 7}, "footfall.E003"),
        ({"TRACKERS": ["no.such.Tracker"]}, "footfall.E004"),
        ({"TRACKERS": ["json.JSONDecoder"]}, "footfall.E004"),
        ({"TRACKERS": [Unfinished]}, "footfall.E004"),
        ({"BROWSER_TYPES": ["nonsense"]}, "footfall.E006"),
        ({"DATABASE": "nonsense"}, "footfall.E007"),
        ({"THROTTLE": "often"}, "footfall.E008"),
        ({"OUTBOX": Path(__file__) / "outbox"}, "footfall.E009"),
        ({"KEY": "ffp_abc"}, "footfall.W001"),
        ({"URL": "http://footfall.example", "KEY": "ffs_abc"}, "footfall.W002"),
        ({"IS_ENROLLED": None}, "footfall.W003"),
        ({"TRACKERS": ["tests.lms.senders.Half"]}, "footfall.W004"),
    ],
    ids=str,
)
def test_what_is_wrong_is_found(telling: dict[str, Any], options: dict[str, Any], expected: str) -> None:
    assert expected in ids(telling, **options)


def test_a_value_is_never_repeated(telling: dict[str, Any]) -> None:
    with override_settings(FOOTFALL=telling | {"KEY": ["ffs_secret"]}):
        assert "ffs_secret" not in str(run_checks())
