"""docs/django.md says what the app does, and its code runs."""

import re
from pathlib import Path
from typing import Any

from django.test import override_settings
from django.urls import include, path

from footfall.tracker.django import FootfallTracker, Tracker, checks, event_types
from footfall.tracker.django.options import Options
from tests.lms.school import Somebody, Somewhere
from tests.tracker.office import Office

PAGE = (Path(__file__).parents[2] / "docs" / "django.md").read_text()


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def block(start: str) -> str:
    (found,) = (code for code in blocks() if start in code)
    return found


def test_every_option_is_listed() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", PAGE, re.MULTILINE)
    assert [name for name, _ in listed] == [name.upper() for name in Options.__struct_fields__]
    shown = {name: text.strip("`") for name, text in listed if text.startswith("`")}
    defaults = Options()
    for name in ("url", "channel", "delivery", "database", "throttle"):
        assert shown[name.upper()] == getattr(defaults, name)
    assert (shown["BATCH_SECONDS"], shown["ON_COMMIT"]) == (str(defaults.batch_seconds), str(defaults.on_commit))


def test_every_check_is_listed() -> None:
    source = Path(checks.__file__).read_text()
    assert re.findall(r"^\| `(footfall\.\w+)`", PAGE, re.MULTILINE) == sorted(
        set(re.findall(r"footfall\.[EW]\d+", source))
    )


def test_the_five_lines_work(there: Office, telling: dict[str, Any]) -> None:
    project: dict[str, Any] = {"INSTALLED_APPS": []}
    exec(block("INSTALLED_APPS"), project)
    page: dict[str, Any] = {}
    exec(block("def unit_page"), page)

    class Request:
        user = Somebody()

    class Unit(Somewhere):
        name: str = "Introduction"

    with override_settings(FOOTFALL=project["FOOTFALL"] | telling):
        page["unit_page"](Request(), Unit())
        there.wait(lambda found: len(found.taken) == 1)
    assert there.taken[0]["edata"]["type"] == event_types.COURSE_PAGE_VIEW


def test_the_tracker_and_the_urls_are_what_they_should_be() -> None:
    own: dict[str, Any] = {}
    exec(block("class Chat"), own)
    assert issubclass(own["Chat"], Tracker)
    exec(block('"TRACKERS"'), own)
    assert own["FOOTFALL"]["TRACKERS"][0].endswith(FootfallTracker.__name__)
    urls: dict[str, Any] = {"path": path, "include": include}
    exec(block("urlpatterns"), urls)
    assert len(urls["urlpatterns"]) == 1


def test_the_readme_shows_the_same_lines() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    (shown,) = [block for block in re.findall(r"```python\n(.*?)```", readme, re.DOTALL) if "django" in block]
    assert shown in PAGE
