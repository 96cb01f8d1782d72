"""A page in Chromium that uses one of the packages, and what it sends."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import Request as Sent

from tests.serving import until

from .calls import Call, Json
from .evidence import Request

_START = """([config, calls, url]) => {
  if (url) config.dispatcher = beaconTo(url)
  $t.initialize(config)
  return drive(calls)
}"""


class Visit:
    """A page with an SDK on it.

    `preflights` holds the path and the status of every OPTIONS that the browser sent by itself, `console` what the
    SDK complained of.
    """

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.console: list[str] = []
        self.preflights: list[tuple[str, int]] = []
        self._answered: list[Sent] = []
        self._watch(context)
        self.page.goto(url)

    def start(self, config: Json, calls: list[Call], *, dispatch_to: str | None = None) -> None:
        """Initialise the SDK and call its methods one after the other."""
        self.page.evaluate(_START, [config, calls, dispatch_to])

    def requests(self, number: int) -> list[Request]:
        """What it has sent, once that many requests were answered."""
        until(lambda: len(self._answered) >= number, check=lambda: self.page.wait_for_timeout(10))
        return [_request(sent) for sent in self._answered]

    def _watch(self, context: BrowserContext) -> None:
        self.page.on("console", lambda message: self.console.append(message.text))
        self.page.on("requestfinished", self._finished)
        self.page.on("requestfailed", self._finished)
        network = context.new_cdp_session(self.page)
        network.on("Network.responseReceived", self._received)
        network.send("Network.enable")

    def _finished(self, sent: Sent) -> None:
        if sent.method == "POST":
            self._answered.append(sent)

    def _received(self, event: dict[str, Any]) -> None:
        if event["type"] == "Preflight":
            response = event["response"]
            self.preflights.append((urlsplit(response["url"]).path, response["status"]))


class Site:
    """A web site that includes the SDKs, looked at with an empty profile."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin

    def visit(self, sdk: str) -> Visit:
        """Open the page that includes this version."""
        return Visit(self.context, f"{self.origin}/pages/{sdk}.html")


def _request(sent: Sent) -> Request:
    response = sent.response() if sent.failure is None else None
    readable = response is not None and sent.resource_type != "ping"
    return Request(
        sent.url,
        sent.all_headers(),
        sent.post_data or "",
        response.status if response else 0,
        response.text() if readable and response else "",
    )
