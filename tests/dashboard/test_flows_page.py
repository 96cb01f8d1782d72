"""The pages of flows and of the catalogue in a real browser."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from footfall.schema.batch import open_body
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from tests.dashboard.browser import chromium, visit
from tests.dashboard.conftest import Place, make_app
from tests.dashboard.server import serving
from tests.flows.events import House, signup
from tests.flows.test_orders import visit as portal_visit

from .test_flows import given_up
from .test_page import CONTRAST, EVIL, address, check_snippet

THEN = "since=2026-11-20T11:00Z&until=2026-11-20T14:00Z"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Sign-ups, of which one is hostile, and visits."""
    folder = tmp_path_factory.mktemp("flows")
    app_state = House(folder / "lake", "signup", "google-signin", "web-portal")
    for number in range(3):
        app_state.put(*signup(f"good{number}", at=number * 100, sid=f"s{number}", did=f"d{number}"))
    app_state.put(*signup("bad", at=400, sid="s7", did="d7", created=False))
    app_state.put(*given_up("shy", 500), channel="B")
    app_state.put(*given_up(EVIL, 600), channel=EVIL)
    app_state.put(*portal_visit("v1", 700))
    app_state.fold()
    with serving(make_app(folder)) as url:
        yield url


def chosen(page: Page) -> str:
    return page.locator(".plan[aria-current] .plan-name").inner_text()


def test_from_the_events_to_the_flows_and_back(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/?{THEN}") as (page, watch):
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Flows").click()
        assert address(page)["view"] == ["flows"]
        assert address(page)["since"] == ["2026-11-20T11:00Z"]
        expect(page.get_by_role("heading", name="Self sign-up")).to_be_visible()
        expect(page.locator(".funnel li")).to_have_count(13)
        expect(page.get_by_role("link", name="Flows")).to_have_attribute("aria-current", "page")
        assert watch.wire_bytes() < 150_000
        page.go_back()
        expect(page.get_by_role("heading", name=re.compile("Events by type"))).to_be_visible()
        page.get_by_role("link", name="Catalogue").click()
        expect(page.get_by_role("heading", name="Events of Sunbird Telemetry V3")).to_be_visible()


@pytest.mark.parametrize("view", ["flows", "catalogue"])
def test_a_page_alone_is_light(browser: Browser, origin: str, view: str) -> None:
    with visit(browser, f"{origin}/?view={view}&{THEN}") as (page, watch):
        expect(page.locator(".card").first).to_be_visible()
        expect(page.locator(".funnel li, .entry").first).to_be_visible()
        assert watch.wire_bytes() < 150_000


def test_outcomes_narrow_and_the_address_keeps_it(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/?view=flows&{THEN}") as (page, _):
        expect(page.locator(".examples > li")).to_have_count(6)
        expect(page.locator(".funnel li", has_text="submitted").first).to_contain_text("33.3 %")
        page.get_by_role("button", name="create failed").click()
        expect(page.locator(".examples > li")).to_have_count(1)
        assert address(page)["outcome"] == ["create_failed"]
        page.reload()
        expect(page.locator(".examples > li")).to_have_count(1)
        page.locator(".examples summary").click()
        expect(page.locator(".path li")).to_have_count(7)
        page.get_by_role("button", name="Web portal").click()
        expect(page.get_by_role("heading", name="Web portal")).to_be_visible()
        assert "outcome" not in address(page)
        expect(page.locator(".remarks .mark").first).to_have_text("P5")
        page.go_back()
        expect(page.get_by_role("heading", name="Self sign-up")).to_be_visible()


def test_from_a_flow_to_its_events(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/?view=flows&outcome=success&{THEN}") as (page, _):
        page.locator(".examples summary", has_text="good1").click()
        page.locator(".examples details[open]").get_by_role("button", name="Its events").click()
        assert address(page)["q"] == ["good1"]
        expect(page.locator(".row")).to_have_count(6)


def test_hostile_values_are_text(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/?view=flows&{THEN}") as (page, _):
        expect(page.locator(".examples summary", has_text=EVIL)).to_be_visible()
        page.locator(".examples summary", has_text=EVIL).click()
        assert page.locator("img[src=x]").count() == 0


def test_everything_works_from_the_keyboard(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/?view=flows&{THEN}") as (page, _):
        page.get_by_role("button", name="Sign-in with Google").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Sign-in with Google")).to_be_visible()
        assert chosen(page) == "Sign-in with Google"
        page.get_by_role("link", name="Catalogue").focus()
        page.keyboard.press("Enter")
        entry = page.get_by_role("button", name="IMPRESSION A page was seen.")
        entry.focus()
        page.keyboard.press("Enter")
        expect(entry).to_have_attribute("aria-expanded", "true")
        expect(page.locator(".entry-details pre.json")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator(".entry-details")).to_have_count(0)


def test_the_catalogue_is_searched(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/?view=catalogue", permissions=["clipboard-read", "clipboard-write"]) as (page, _):
        expect(page.locator(".entry").first).to_contain_text("START")
        page.get_by_label("Search name or meaning").fill("google account")
        expect(page.locator(".group")).to_have_count(1)
        page.get_by_role("button", name="Steps").click()
        assert (address(page)["find"], address(page)["kind"]) == (["google account"], ["step"])
        page.locator(".entry", has_text="user_exists").click()
        expect(page.locator(".entry-details")).to_contain_text("edata.message")
        page.get_by_role("button", name="Copy JSON").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        sample = page.evaluate("navigator.clipboard.readText()")
        assert judge(sample.encode(), Profile.SUNBIRD).findings == ()
        page.reload()
        expect(page.locator(".entry-details")).to_contain_text("user exists")
        page.get_by_label("Search name or meaning").fill("nothing like this")
        page.get_by_role("button", name="Show all").click()
        expect(page.locator(".group")).to_have_count(9)


@pytest.mark.parametrize("view", ["flows", "catalogue&entry=step:signup:submitted"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_readable_in_both_themes_on_any_screen(browser: Browser, origin: str, view: str, theme: Any) -> None:
    with visit(browser, f"{origin}/?view={view}&{THEN}", color_scheme=theme) as (page, _):
        expect(page.locator(".funnel li, .entry").first).to_be_visible()
        assert page.evaluate(CONTRAST) == []
        page.set_viewport_size({"width": 375, "height": 812})
        if "flows" in view:
            page.locator(".examples summary").first.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_a_house_without_flows_says_how_to_begin_one(browser: Browser, fresh: Place) -> None:
    app_state = House(fresh.data / "lake", "signup")
    with serving(fresh.app) as url, visit(browser, f"{url}/?view=flows") as (page, _):
        expect(page.get_by_role("heading", name="No flows yet")).to_be_visible()
        snippet = page.locator(".snippet pre").inner_text()
        assert snippet.startswith(f"curl {url}/v1/telemetry ")
        check_snippet(snippet)
        value = sent_by(snippet)
        app_state.put(value)
        app_state.fold()
        expect(page.locator(".examples > li")).to_have_count(1, timeout=15_000)
        expect(page.locator(".examples .outcome")).to_have_text("unfinished")


def sent_by(snippet: str) -> Any:
    """The event that the command of an empty page sends."""
    printed = subprocess.run(
        ["sh", "-c", snippet.replace("curl", "printf '%s\\n'", 1)], capture_output=True, check=True
    )
    arguments = printed.stdout.decode().split("\n")
    assert shlex.split(snippet)[0] == "curl"
    (text,) = open_body(arguments[arguments.index("-d") + 1].encode()).texts()
    return json.loads(text)
