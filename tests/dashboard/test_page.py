"""The page in a real browser, used as a person would."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from footfall.schema.batch import open_body
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from tests.dashboard.browser import chromium, visit
from tests.dashboard.conftest import Place
from tests.dashboard.server import serving
from tests.dashboard.traffic import rejected, row

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def address(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def brush(page: Page, start: float, end: float) -> None:
    """Drag over the chart between two places, given as parts of its width."""
    box = page.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * start, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * (start + end) / 2, box["y"] + 90)
    page.mouse.move(box["x"] + box["width"] * end, box["y"] + 90)
    page.mouse.up()


def painted(page: Page) -> str:
    """The chart as it is drawn."""
    return str(page.locator(".uplot canvas").evaluate("canvas => canvas.toDataURL()"))


def test_first_sight(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, watch):
        expect(page.get_by_role("heading", name="Events by type per hour")).to_be_visible()
        expect(page.locator(".legend li")).to_have_count(9)
        expect(page.locator(".legend li").first).to_contain_text("INTERACT")
        expect(page.locator(".row").first).to_be_visible()
        expect(page.locator(".groups > li").first).to_contain_text("missing_field")
        expect(page.locator(".tile.stored")).to_contain_text(re.compile(r"[\d,]{4,}.*%"))
        assert watch.wire_bytes() < 150_000
        blank = page.locator(".uplot canvas").evaluate(
            "c => !c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v)"
        )
        assert not blank


def test_tiles_agree_with_the_api(browser: Browser, origin: str) -> None:
    with visit(browser, f"{origin}/?range=14d") as (page, watch):
        expect(page.locator(".tile.rejected .tile-value")).to_have_text(re.compile(r"\d"))
        asked = next(request.url for request in watch.requests if "/api/totals" in request.url)
        totals = httpx.get(asked).json()
        for fate in ("stored", "duplicate", "rejected"):
            expect(page.locator(f".tile.{fate} .tile-value")).to_have_text(f"{totals['fates'][fate]['now']:,}")
        page.locator(".tile.rejected").click()
        assert address(page)["fate"] == ["rejected"]
        expect(page.locator(".legend .n").first).to_have_text(
            str(max(httpx.get(asked.replace("stored", "rejected")).json()["types"], key=lambda t: t["now"])["now"])
        )


def test_legend_shows_only_one_or_hides_one(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, _):
        interact = page.locator(".legend li", has_text="INTERACT")
        expect(interact).to_be_visible()
        everything = painted(page)
        interact.get_by_role("button", name="INTERACT").click()
        assert address(page)["only"] == ["INTERACT"]
        expect(page.locator(".legend li.off")).to_have_count(8)
        assert painted(page) != everything
        interact.get_by_role("button", name="INTERACT").click()
        expect(page.locator(".legend li.off")).to_have_count(0)
        page.get_by_role("checkbox", name="Show IMPRESSION").click()
        assert address(page)["hide"] == ["IMPRESSION"]
        expect(page.locator(".legend li.off")).to_have_text(re.compile("IMPRESSION"))
        page.reload()
        expect(page.get_by_role("checkbox", name="Show IMPRESSION")).not_to_be_checked()
        page.get_by_role("button", name="Show all 9 types").click()
        expect(page.locator(".legend li.off")).to_have_count(0)
        assert painted(page) == everything


def test_brush_zooms_and_back_returns(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, _):
        expect(page.locator(".legend li")).to_have_count(9)
        brush(page, 0.2, 0.5)
        expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()
        since, until = (datetime.fromisoformat(address(page)[name][0]) for name in ("since", "until"))
        assert timedelta(hours=45) < until - since < timedelta(hours=56)
        zoomed = page.locator(".series .note").inner_text()
        page.reload()
        expect(page.locator(".series .note")).to_have_text(zoomed)
        page.go_back()
        expect(page.get_by_role("button", name="Reset zoom")).to_have_count(0)
        page.go_forward()
        expect(page.locator(".series .note")).to_have_text(zoomed)
        page.get_by_role("button", name="Reset zoom").click()
        assert "since" not in address(page)


def test_crosshair_shows_values_by_mouse_and_keyboard(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, _):
        expect(page.locator(".legend li")).to_have_count(9)
        page.locator(".u-over").hover(position={"x": 400, "y": 100})
        expect(page.locator(".values-row").first).to_be_visible()
        head = page.locator(".values-head b").inner_text()
        parts = [int(text.replace(",", "")) for text in page.locator(".values-row b").all_inner_texts()]
        assert int(head.replace(",", "")) == sum(parts)
        page.mouse.move(5, 5)
        expect(page.locator(".values")).to_have_count(0)
        page.locator(".plot").focus()
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".values-head span")).to_be_visible()
        before = page.locator(".values-head span").inner_text()
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".values-head span")).not_to_have_text(before)
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Reset zoom")).to_be_visible()


def test_any_range(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, _):
        page.get_by_role("button", name="24 h").click()
        assert address(page)["range"] == ["24h"]
        page.get_by_role("button", name="Custom").click()
        page.get_by_label("From").fill("2030-01-02T00:00")
        page.get_by_label("To", exact=True).fill("2030-01-01T00:00")
        expect(page.get_by_role("alert")).to_have_text("From must be before to.")
        expect(page.get_by_role("button", name="Show", exact=True)).to_be_disabled()
        page.get_by_label("From").fill("2029-12-31T00:00")
        page.get_by_role("button", name="Show", exact=True).click()
        assert address(page)["since"] == ["2029-12-31T00:00Z"]
        expect(page.get_by_text("No stored events in this range.")).to_be_visible()
        page.get_by_role("button", name="Go to the newest event").click()
        expect(page.locator(".nothing")).to_have_count(0)
        expect(page.locator(".legend li").first).to_contain_text("INTERACT")


def test_an_address_of_nonsense_shows_the_page(browser: Browser, origin: str) -> None:
    query = "?range=9y&fate=lost&step=eon&since=never&until=-1&hide=&only=%00&channel=%3Cb%3E&zone=x"
    with visit(browser, f"{origin}/{query}") as (page, _):
        expect(page.get_by_role("button", name="7 d")).to_have_attribute("aria-pressed", "true")
        expect(page.locator(".bar select")).to_have_value("<b>")


def test_channel_narrows_everything(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, watch):
        page.get_by_label("Channel").select_option("lms")
        expect(page.locator(".row .where").first).to_have_text("lms")
        assert set(page.locator(".row .where").all_inner_texts()) == {"lms"}
        asked = [request.url for request in watch.requests if "channel=lms" in request.url]
        assert {urlsplit(url).path for url in asked} >= {"/api/series", "/api/totals", "/api/feed", "/api/failed"}


def test_event_opens_with_its_whole_json(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, _):
        page.get_by_label("Fate").select_option("rejected")
        expect(page.locator(".row .fate").first).to_have_text("rejected")
        mid = page.locator(".row .mid").first.inner_text()
        page.locator(".row").first.click()
        drawer = page.get_by_role("dialog")
        expect(drawer.locator(".facts")).to_contain_text(mid)
        shown = json.loads(drawer.locator("pre.json").inner_text())
        assert shown["mid"] == mid
        assert drawer.locator(".j-key").count() > 5
        expect(drawer.locator(".findings a")).to_have_attribute("href", re.compile(r"^/docs/reasons#\w+$"))
        expect(drawer.locator(".findings")).to_contain_text("$.")
        opened = page.url
        page.reload()
        expect(drawer.locator(".facts")).to_contain_text(mid)
        page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)
        expect(page).not_to_have_url(re.compile("event="))
        page.go_back()
        expect(drawer.locator(".facts")).to_contain_text(mid)
        assert page.url == opened
        page.get_by_role("button", name="Close").click()
        expect(drawer).to_have_count(0)


def test_failed_group_leads_to_sample_feed_and_docs(browser: Browser, origin: str) -> None:
    with visit(browser, origin) as (page, _):
        group = page.locator(".groups > li", has_text="wrong_type")
        expect(group).to_contain_text("A field has the wrong JSON type.")
        expect(group).to_contain_text("$.edata.props")
        group.get_by_role("button", name="Newest sample").click()
        expect(page.get_by_role("dialog").locator(".findings")).to_contain_text("props must be an array")
        page.keyboard.press("Escape")
        group.get_by_role("button", name="Show in feed").click()
        expect(page.locator(".row .subject").first).to_have_text("wrong_type")
        assert set(page.locator(".row .subject").all_inner_texts()) == {"wrong_type"}
        page.get_by_role("button", name="Remove filter: reason wrong_type").click()
        assert "reason" not in address(page)
        group.get_by_role("link", name="wrong_type").click()
        expect(page.locator("#wrong_type")).to_be_in_viewport()


def test_dark_mode_follows_the_system_and_the_button(browser: Browser, origin: str) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, origin, color_scheme="dark") as (page, _):
        expect(page.locator(".legend li")).to_have_count(9)
        assert page.evaluate(background) == "rgb(13, 16, 21)"
        dark = painted(page)
        page.get_by_role("button", name="Light theme").click()
        assert page.evaluate(background) == "rgb(245, 246, 248)"
        assert painted(page) != dark
        page.reload()
        expect(page.get_by_role("button", name="Dark theme")).to_be_visible()
        page.get_by_role("button", name="Dark theme").click()
        page.emulate_media(color_scheme="light")
        expect(page.get_by_role("button", name="Dark theme")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_narrow_screens_have_no_sideways_scrolling(browser: Browser, origin: str, theme: Any) -> None:
    size = {"width": 375, "height": 812}
    with visit(browser, origin, viewport=size, color_scheme=theme, has_touch=True) as (page, _):
        expect(page.locator(".row").first).to_be_visible()
        expect(page.locator(".groups > li").first).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
        page.locator(".row").first.click()
        expect(page.locator("pre.json")).to_be_visible()
        assert page.get_by_role("dialog").evaluate("d => d.scrollWidth") <= 375


def test_text_is_readable_in_both_themes(browser: Browser, origin: str) -> None:
    for theme in ("light", "dark"):
        with visit(browser, origin, color_scheme=theme) as (page, _):
            expect(page.locator(".groups > li").first).to_be_visible()
            poor = page.evaluate(CONTRAST)
            assert poor == [], theme


CONTRAST = """() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (c) => c.startsWith("color(srgb") ? c.match(/[\\d.]+/g).map((v, i) => i < 3 ? v * 255 : +v)
    : c.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0.85) return c; } return [255, 255, 255]; };
  const poor = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
    if (e.closest(".unseen, .skip, .born, :disabled")) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.push(`${e.className || e.tagName}: ${e.textContent.slice(0, 30)}`);
  }
  return [...new Set(poor)];
}"""


class TestLive:
    """What happens while the page is open."""

    @pytest.fixture
    def live(self, fresh: Place) -> Iterator[str]:
        with serving(fresh.app) as url:
            yield url

    def test_a_new_house_shows_the_snippet_and_then_the_event(self, browser: Browser, fresh: Place, live: str) -> None:
        with visit(browser, live, permissions=["clipboard-read", "clipboard-write"]) as (page, _):
            expect(page.get_by_role("heading", name="Waiting for the first event")).to_be_visible()
            snippet = page.locator(".snippet pre").inner_text()
            page.get_by_role("button", name="Copy").click()
            expect(page.get_by_role("button", name="Copied")).to_be_visible()
            assert page.evaluate("navigator.clipboard.readText()") == snippet
            assert snippet.startswith(f"curl {live}/v1/telemetry ")
            check_snippet(snippet)
            fresh.add([row(datetime.now(UTC), 1)])
            expect(page.locator(".row")).to_have_count(1)
            expect(page.locator(".legend li")).to_contain_text("IMPRESSION")

    def test_new_events_appear_and_pause_holds_them(self, browser: Browser, fresh: Place, live: str) -> None:
        fresh.add([row(datetime.now(UTC), 1)])
        with visit(browser, live) as (page, _):
            expect(page.locator(".row")).to_have_count(1)
            fresh.add([row(datetime.now(UTC), 2, eid="START")])
            expect(page.locator(".row .type").first).to_have_text("START")
            expect(page.locator(".tile.stored .tile-value")).to_have_text("2")
            page.get_by_role("button", name="Pause").click()
            fresh.add([row(datetime.now(UTC), 3, eid="END")])
            expect(page.get_by_role("button", name="Resume")).to_contain_text("1")
            expect(page.locator(".row")).to_have_count(2)
            page.get_by_role("button", name="Resume").click()
            expect(page.locator(".row .type").first).to_have_text("END")

    def test_hostile_values_are_text(self, browser: Browser, fresh: Place, live: str) -> None:
        now = datetime.now(UTC)
        evil = {"mid": EVIL, "channel": EVIL, "event_type": EVIL, "edata_pageid": EVIL, "agent_family": EVIL}
        body = {EVIL: EVIL, "script": "</script><script>alert(2)</script>", "deep": [[{"a": None, "b": 1e400}]]}
        bad = rejected(now, 2, ("END", "wrong_type", f"$.{EVIL}", EVIL, EVIL), mid="javascript:alert(3)")
        fresh.add([row(now, 1, **evil, body=body), bad])
        with visit(browser, live) as (page, _):
            expect(page.locator(".row .mid", has_text=EVIL)).to_be_visible()
            expect(page.locator(".legend .name")).to_have_text(EVIL)
            expect(page.locator(".place-name code")).to_have_text(f"$.{EVIL}")
            page.locator(".u-over").hover()
            page.locator(".row", has_text=EVIL).first.click()
            expect(page.get_by_role("dialog").locator("pre.json")).to_contain_text("</script><script>alert(2)")
            expect(page.get_by_role("heading", name=EVIL)).to_be_visible()
            page.keyboard.press("Escape")
            page.get_by_label("Channel").select_option(EVIL)
            page.locator(".legend .name").click()
            page.reload()
            expect(page.locator(".row .mid")).to_have_text(EVIL)
            assert page.locator("img[src=x]").count() == 0

    def test_search_and_filters_narrow_the_feed(self, browser: Browser, fresh: Place, live: str) -> None:
        now = datetime.now(UTC)
        fresh.add([row(now, number, page=f"page-{number}") for number in range(5)])
        with visit(browser, live) as (page, _):
            expect(page.locator(".row")).to_have_count(5)
            page.get_by_label("Search mid or content").fill("page-3")
            expect(page.locator(".row")).to_have_count(1)
            assert address(page)["q"] == ["page-3"]
            page.get_by_label("Search mid or content").fill("nowhere")
            expect(page.get_by_text("No event fits this filter")).to_be_visible()
            page.get_by_role("button", name="Clear").click()
            expect(page.locator(".row")).to_have_count(5)


def check_snippet(snippet: str) -> None:
    """The command sends one event that is accepted without remark."""
    printed = subprocess.run(
        ["sh", "-c", snippet.replace("curl", "printf '%s\\n'", 1)], capture_output=True, check=True
    )
    arguments = printed.stdout.decode().split("\n")
    assert shlex.split(snippet)[0] == "curl"
    (text,) = open_body(arguments[arguments.index("-d") + 1].encode()).texts()
    verdict = judge(text, Profile.SUNBIRD)
    assert verdict.event is not None
    assert verdict.findings == ()


def test_a_lost_server_is_said_and_forgotten_when_it_is_back(browser: Browser, fortnights: Place) -> None:
    with serving(fortnights.app) as url, visit(browser, url) as (page, watch):
        expect(page.locator(".row").first).to_be_visible()
        page.context.set_offline(True)
        expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
        expect(page.locator(".row").first).to_be_visible()
        page.context.set_offline(False)
        expect(page.get_by_role("alert")).to_have_count(0)
        watch.complaints = [text for text in watch.complaints if "ERR_INTERNET_DISCONNECTED" not in text]
