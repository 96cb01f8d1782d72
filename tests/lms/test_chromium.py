"""The example in a real browser, against a real footfall: what somebody does with a video is in the lake, once."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from footfall.dialects.lms.shape import KEYS
from tests.dashboard.browser import chromium, visit
from tests.lms.school import LMS
from tests.serving import Served, serving, until

STORED = """
    SELECT event_type, actor_id, mid, json_extract_string(event, '$.edata.data') AS shape FROM events ORDER BY ets
"""
KINDS = """
    SELECT list(regexp_extract(event, 'course[.]video[.]([a-z_]+)', 1)) AS kinds FROM events WHERE event_type = 'video'
"""
_ADDRESS = re.compile(r"development server at (http://\S+?)/?\s")
_LOGIN = re.compile(r"Log in as (\S+) with the password: (.+)")


class Lms:
    """The example as a process of its own, started as its README says."""

    def __init__(self, data: Path, footfall: str, address: str) -> None:
        self._log = data.with_suffix(".log")
        environment = os.environ | {"LMS_DATA": str(data), "FOOTFALL_URL": footfall, "PYTHONUNBUFFERED": "1"}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(LMS / "manage.py"), "demo", address], env=environment, stdout=log, stderr=log
            )
        until(lambda: _ADDRESS.search(self.log) is not None, 30, self._require_running)
        self.url = _ADDRESS.findall(self.log)[0]
        self.name, self.password = _LOGIN.findall(self.log)[0]

    @property
    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text()

    def kill(self) -> None:
        """As the machine does when it has no memory left."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)

    def _require_running(self) -> None:
        assert self._process.poll() is None, self.log


@contextmanager
def lms(data: Path, footfall: str, address: str = "127.0.0.1:0") -> Iterator[Lms]:
    """The example on a free port."""
    found = Lms(data, footfall, address)
    try:
        yield found
    except BaseException as error:
        error.add_note(found.log[-3000:])
        raise
    finally:
        found.kill()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def log_in(page: Page, school: Lms) -> None:
    page.get_by_label("Name").fill(school.name)
    page.get_by_label("Password").fill(school.password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="How cells divide").click()


def enroll_and_open(page: Page) -> None:
    page.get_by_role("button", name="Enroll").click()
    page.get_by_role("link", name="Mitosis").click()
    told(page, "load", "received")


def told(page: Page, kind: str, state: str, number: int = 1) -> None:
    """The page says what became of its events of a kind."""
    expect(page.locator("#told li").filter(has_text=kind).filter(has_text=state)).to_have_count(number, timeout=30_000)


def press(page: Page) -> None:
    """Play, or pause: with a click, as people do."""
    page.locator("video").click()


def wait_for_videos(footfall: Served, *expected: str) -> None:
    """Wait until what happened to videos, as the lake has it, is what is expected."""
    footfall.wait_for(KINDS, lambda rows: sorted(rows[0]["kinds"] or ()) == sorted(expected), 40)


def test_what_somebody_does_with_a_video_is_in_the_lake_once(browser: Browser, tmp_path: Path) -> None:
    with (
        serving(tmp_path / "data", batch_seconds=0.2) as footfall,
        lms(tmp_path / "lms", footfall.url) as school,
        visit(browser, school.url) as (page, _),
    ):
        log_in(page, school)
        enroll_and_open(page)
        press(page)
        told(page, "play", "received")
        press(page)
        told(page, "pause", "received")
        page.locator("video").evaluate("video => { video.playbackRate = 8; video.play(); }")
        told(page, "end", "received")
        wait_for_videos(footfall, "load", "play", "pause", "play", "playback_rate_change", "pause", "end")
        rows = footfall.query(STORED)
        assert Counter(row["event_type"] for row in rows) == {
            "video": 7,
            "core.user.login": 1,
            "course.home.page_view": 2,
            "core.user.enrollment.activated": 1,
            "course.content.page_view": 1,
        }
        (person,) = {row["actor_id"] for row in rows}
        shape = json.loads(rows[-1]["shape"])
        assert shape["anon_username"] == person
        assert (shape["course_slug"], shape["course_run"], shape["unit_id"]) == ("DEMO", "SP", 1)
        assert "ada" not in str(footfall.query("SELECT event FROM events"))
        assert footfall.query("SELECT * FROM ledger WHERE fate <> 'stored'") == []
        days = {str(row["day"]) for row in footfall.query("SELECT day FROM events")}
        lines = [footfall.run("export", "--day", day, "--dialect", "lms").splitlines() for day in days]
        exported = [json.loads(line) for of_day in lines for line in of_day]
        assert [tuple(shape) for shape in exported] == [KEYS] * len(rows)


def test_outages_of_footfall_and_of_the_lms_lose_nothing_and_double_nothing(browser: Browser, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data, batch_seconds=0.2) as footfall, lms(tmp_path / "lms", footfall.url) as school:
        at, port = footfall.url, str(urlsplit(footfall.url).port)
        with visit(browser, school.url) as (page, watch):
            log_in(page, school)
            enroll_and_open(page)
            press(page)
            told(page, "play", "received")
            footfall.kill()
            press(page)
            told(page, "pause", "received")
            school.kill()  # with the pause in its outbox
            press(page)
            told(page, "play", "waits")
            press(page)
            with (
                lms(tmp_path / "lms", at, urlsplit(school.url).netloc),
                serving(data, "--port", port, batch_seconds=0.2) as again,
            ):
                told(page, "received", "received", 5)
                wait_for_videos(again, "load", "play", "pause", "play", "pause")
                assert again.query("SELECT * FROM ledger WHERE fate = 'rejected'") == []
            watch.complaints.clear()  # the browser complains of what we took away


FORGED = """async () => (await fetch("/api/tracking", {
    method: "POST", headers: {"Content-Type": "application/json"}, body: '{"tracking_event_type": "video"}'
})).status"""


def test_who_may_not_send_is_refused(browser: Browser, tmp_path: Path) -> None:
    with (
        lms(tmp_path / "lms", "http://127.0.0.1:9") as school,
        visit(browser, school.url) as (page, watch),
    ):
        log_in(page, school)
        enroll_and_open(page)
        assert page.evaluate(FORGED) == 403
        other = page.context.new_page()
        other.goto(school.url + "/courses/DEMO/SP/")
        other.get_by_role("button", name="Leave this course").click()
        press(page)
        told(page, "play", "refused (400)")
        other.get_by_role("button", name="Log out ada").click()
        press(page)
        told(page, "pause", "refused (403)")
        watch.complaints.clear()  # of the refusals
