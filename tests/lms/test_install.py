"""What has to be installed: Django and msgspec; DRF for the API only, Celery for Celery only, nothing of the server."""

import subprocess
import sys
from pathlib import Path

_PROJECT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in {"rest_framework", "celery", "kombu", "yaml", "duckdb", "pyarrow", "deltalake", "sqlalchemy",
                   "jsonschema_rs", "xxhash", "litestar", "uvicorn", "zstandard", "structlog", "typer"}:
            raise ModuleNotFoundError(name, name=top)

sys.meta_path.insert(0, Missing())

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command

settings.configure(
    SECRET_KEY="x",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "footfall.tracker.django"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    FOOTFALL={"URL": "http://127.0.0.1:9", "OUTBOX": sys.argv[1]},
)
django.setup()
call_command("check")
call_command("migrate", verbosity=0)

from footfall.tracker.django import Tracker, event_types

ada = get_user_model().objects.create_user("ada", "ada@school.example")
print(Tracker.track(event_types.USER_LOGIN, ada, {}))
call_command("footfall_status")
"""


def test_a_project_without_drf_celery_and_the_server_tracks(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", _PROJECT, str(tmp_path / "outbox")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "footfall.W005" in done.stderr
    lines = done.stdout.split("\n")
    assert "True" in lines
    assert "footfall.tracker.django.tracker.FootfallTracker: 1 waiting, 0 aside" in lines
