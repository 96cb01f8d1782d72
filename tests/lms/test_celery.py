"""Sending by Celery: by a worker that is a process of its own, through outages of footfall and of the broker."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from celery import Celery
from django.test import override_settings

from footfall.errors import TerminalError, TransientError
from footfall.tracker.django import Tracker, event_types, tasks
from footfall.tracker.django.event import Event, write
from footfall.tracker.django.tracker import FootfallTracker
from tests.lms.school import Somebody
from tests.lms.worker import make
from tests.tracker.office import TAKEN, Json, Office, Reply, office

ROOT = Path(__file__).parents[2]
LOGIN: Json = {"event_type": event_types.USER_LOGIN, "anon_username": "a-1", "event_data": {}}


@pytest.fixture
def school_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Celery]:
    """The application of this process; its broker is a folder."""
    folder = tmp_path / "broker"
    folder.mkdir()
    app = make(folder)
    app.set_default()
    monkeypatch.setattr(tasks, "_broker", tasks._Broker())
    yield app
    app.close()


@pytest.fixture(autouse=True)
def _by_celery(telling: dict[str, Any]) -> Iterator[None]:
    with override_settings(FOOTFALL=telling | {"DELIVERY": "celery"}):
        yield


@contextmanager
def worker(tmp_path: Path, url: str) -> Iterator[None]:
    environment = os.environ | {
        "CELERY_FOLDER": str(tmp_path / "broker"),
        "FOOTFALL_URL": url,
        "LMS_DATA": str(tmp_path / "worker"),
    }
    command = [sys.executable, "-m", "celery", "-A", "tests.lms.worker", "worker", "--pool=solo"]
    with (
        (tmp_path / "worker.log").open("wb") as log,
        subprocess.Popen(
            [*command, "--without-gossip", "--without-mingle", "--without-heartbeat"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            yield
        except BaseException as error:
            error.add_note((tmp_path / "worker.log").read_text()[-4000:])
            raise
        finally:
            process.terminate()
            process.wait(30)


def log_in(number: int) -> bool:
    return all(Tracker.track(event_types.USER_LOGIN, Somebody(pk=pk)) for pk in range(number))


def test_a_worker_sends_through_an_outage_everything_once(school_app: Celery, tmp_path: Path) -> None:
    answers: list[Reply] = [(503, {}, {}), (401, {}, {}), (503, {}, {})]
    with office(lambda _: answers.pop() if answers else TAKEN) as there:
        assert log_in(5)
        assert not (tmp_path / "outbox").exists()
        with worker(tmp_path, there.url):
            there.wait(lambda found: len(found.taken) == 5, 40)
        mids = [event["mid"] for event in there.taken]
        assert len(set(mids)) == 5
        assert len(there.batches) == 8


def test_without_a_broker_events_wait_in_the_outbox(there: Office, school_app: Celery) -> None:
    school_app.conf.update(broker_url="amqp://127.0.0.1:9//")
    began = monotonic()
    assert log_in(2)
    assert monotonic() - began < 1.5
    there.wait(lambda found: len(found.taken) == 2)


def test_tasks_that_are_run_in_place_hold_nobody_up(there: Office, school_app: Celery) -> None:
    school_app.conf.task_always_eager = True
    assert log_in(2)
    there.wait(lambda found: len(found.taken) == 2)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ((503, {}, {}), TransientError),
        ((429, {}, {"Retry-After": "3"}), TransientError),
        ((401, {"result": {"code": "key_unknown"}}, {}), TransientError),
        ((400, {"result": {"code": "malformed_json"}}, {}), TerminalError),
        ((413, {}, {}), TerminalError),
        ((200, {"result": {"errors": [{"index": 0, "code": "channel_forbidden"}]}}, {}), TerminalError),
    ],
)
def test_a_task_fails_as_footfall_does(telling: dict[str, Any], reply: Reply, error: type[Exception]) -> None:
    with office(lambda _: reply) as there, override_settings(FOOTFALL=telling | {"URL": there.url}):
        with pytest.raises(error) as raised:
            FootfallTracker().send(event())
        assert "a-1" not in str(raised.value)


def test_an_unreachable_footfall_is_an_outage(telling: dict[str, Any]) -> None:
    with override_settings(FOOTFALL=telling | {"URL": "http://127.0.0.1:9"}), pytest.raises(TransientError):
        FootfallTracker().send(event())


def test_a_task_is_tried_for_ever_and_lost_with_no_worker() -> None:
    task: Any = tasks.send
    assert (task.max_retries, task.acks_late, task.reject_on_worker_lost) == (None, True, True)


def event() -> Event:
    return write(LOGIN, "dev")
