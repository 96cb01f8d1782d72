"""The example's school inside the tests' process, with a database of its own."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.test.utils import setup_test_environment, teardown_test_environment

from tests.lms.school import LMS, School
from tests.tracker.office import Office, office


@pytest.fixture(scope="session", autouse=True)
def _project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Django is set up once in a process, and stays."""
    data = tmp_path_factory.mktemp("lms")
    if not apps.ready:
        sys.path.insert(0, str(LMS))
        os.environ["DJANGO_SETTINGS_MODULE"] = "school.settings"
        os.environ["LMS_DATA"] = str(data)
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # a browser that another test drives has a loop in this thread
        django.setup()
    setup_test_environment()
    call_command("migrate", verbosity=0)
    yield
    teardown_test_environment()
    connections.close_all()


@pytest.fixture
def school() -> Iterator[School]:
    """One course with one unit, and one student who takes it."""
    made = School()
    yield made
    made.remove()


@pytest.fixture
def there() -> Iterator[Office]:
    """A server that takes every event."""
    with office() as found:
        yield found


@pytest.fixture(autouse=True)
def telling(there: Office, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """What FOOTFALL says in this test: events go to `there`, by an outbox in `tmp_path`."""
    cache.clear()
    chosen = settings.FOOTFALL | {"URL": there.url, "OUTBOX": tmp_path / "outbox", "BATCH_SECONDS": 0.01}
    with override_settings(FOOTFALL=chosen):
        yield chosen
