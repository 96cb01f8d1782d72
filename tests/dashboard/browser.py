"""Chromium, watched: every request and every complaint of the console is kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Dialog, Page, Request, Response, sync_playwright

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


class Watch:
    """What a page asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        self.requests: list[Request] = []
        self.responses: list[Response] = []
        page.on("console", lambda m: self.complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self.requests.append(request))
        page.on("response", lambda response: self.responses.append(response))
        page.on("dialog", self._dismiss)

    def _dismiss(self, dialog: Dialog) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def check(self, origin: str) -> None:
        """Nothing was complained about, and nothing was asked of anybody else."""
        assert self.complaints == []
        foreign = [request.url for request in self.requests if not request.url.startswith((origin, "data:"))]
        assert foreign == []

    def wire_bytes(self) -> int:
        """What all responses weighed on the wire, heads and bodies."""
        sizes = [response.request.sizes() for response in self.responses]
        return sum(size["responseHeadersSize"] + size["responseBodySize"] for size in sizes)


@contextmanager
def chromium() -> Iterator[Browser]:
    """One browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser: Browser, url: str, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """A page in a context of its own; checked for complaints at the end."""
    defaults: dict[str, Any] = {"viewport": {"width": 1440, "height": 1000}, "locale": "en-GB", "timezone_id": "UTC"}
    context = browser.new_context(**(defaults | options))
    context.set_default_timeout(10_000)
    page = context.new_page()
    watch = Watch(page)
    try:
        page.goto(url)
        yield page, watch
        watch.check("/".join(url.split("/")[:3]))
    finally:
        context.close()
