"""docs/browser.md and the package's README say what the tracker does."""

import re

import pytest

from .conftest import Keyed
from .page import BROWSER, PAGE, README, at, example, table
from .site import mixed
from .visits import Person, Tab

_MAP = '<script type="importmap">{"imports": {"footfall-tracker": "/footfall.js"}}</script>'
_TYPES = (BROWSER / "footfall.d.ts").read_text()


def stored(footfall: Keyed, tab: Tab, number: int) -> list[tuple[str, str | None]]:
    """The eid and edata's type of what came from this tab's device, which passed without a remark."""
    did = tab.run("localStorage['footfall.did']")
    rows = footfall.served.wait_for(
        f"SELECT eid, edata_type, warnings FROM events WHERE did = '{did}' ORDER BY ets, eid",
        lambda rows: len(rows) >= number,
    )
    assert not any(row["warnings"] for row in rows)
    return [(row["eid"], row["edata_type"]) for row in rows]


def test_the_script_tag(someone: Person, footfall: Keyed) -> None:
    html = at(footfall.url, footfall.keys["academy"], example("html", '<script type="module">'))
    tab = someone.open(mixed(f"<button id=play>Play</button>{html}"))
    tab.page.click("#play")
    tab.page.goto(someone.origin + "/elsewhere")
    assert {*stored(footfall, tab, 3)} == {("IMPRESSION", "view"), ("START", "session"), ("INTERACT", "CLICK")}


@pytest.mark.parametrize("page", [PAGE, README], ids=["manual", "npm"])
def test_with_a_bundler(someone: Person, footfall: Keyed, page: str) -> None:
    code = at(footfall.url, footfall.keys["academy"], example("js", "import { createTracker }", page=page))
    tab = someone.open(mixed(f'{_MAP}<script type="module">{code}\ntracker.heartbeat();</script>'))
    assert ("HEARTBEAT", None) in stored(footfall, tab, 1 if page == PAGE else 3)


def test_the_events(someone: Person, footfall: Keyed) -> None:
    tab = someone.open(endpoint=footfall.url, key=footfall.keys["academy"])
    tab.run("() => {" + example("js", "tracker.set") + "}")
    assert {*stored(footfall, tab, 7)} == {
        ("IMPRESSION", "view"),
        ("START", "player"),
        ("INTERACT", "TOUCH"),
        ("ASSESS", None),
        ("END", "player"),
        ("SEARCH", None),
        ("LOG", "api_call"),
    }


def test_in_the_place_of_the_sdk(someone: Person, footfall: Keyed) -> None:
    html = at(footfall.url, "", example("html", '<script type="module" src'))
    tab = someone.open(mixed(html))
    assert tab.run("[$t === Telemetry, $t.isInitialized()]") == [True, False]
    methods = re.findall(r"`(\w+)`", PAGE.partition("All methods of")[2].partition("TelemetryEvent")[0])
    assert [name for name in methods if not tab.run("(name) => typeof $t[name] === 'function'", name)] == []


def test_every_setting_is_listed() -> None:
    assert {name for (name, *_) in table("`createTracker`")} == _fields("Config") | _fields("Surroundings")
    listed = {name for names in table("`initialize`") for name in names}
    assert listed == _fields("TelemetryConfig")


def _fields(interface: str) -> set[str]:
    body = re.search(rf"export interface {interface} .*?\n\}}", _TYPES, re.DOTALL)
    assert body
    return {*re.findall(r"^  (\w+)\??[:(]", body[0], re.MULTILINE)}
