"""The example's school with Celery, as a process of its own: `celery -A tests.lms.worker worker`.

Its broker is a folder, CELERY_FOLDER.
"""

import os
import sys
from pathlib import Path

from celery import Celery

from tests.lms.school import LMS


def make(folder: Path) -> Celery:
    """An application whose broker is a folder."""
    app = Celery("school", broker="filesystem://", set_as_current=False)
    app.conf.broker_transport_options = {
        "data_folder_in": str(folder),
        "data_folder_out": str(folder),
        "control_folder": str(folder / "control"),
        "polling_interval": 0.02,
    }
    app.autodiscover_tasks(["footfall.tracker.django"])
    return app


if "CELERY_FOLDER" in os.environ:
    sys.path.insert(0, str(LMS))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "school.settings")
    app = make(Path(os.environ["CELERY_FOLDER"]))
    app.set_default()
