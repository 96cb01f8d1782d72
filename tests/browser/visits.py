"""A browser, its tabs, and a tracker on each."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from tests.serving import until

from .site import Json

_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--host-resolver-rules=MAP school.example 127.0.0.1",
]
PRODUCER = {"id": "academy.portal", "ver": "1.2", "pid": "web"}

_BEGIN = """async (config) => {
  const { createTracker } = await import("/footfall.js");
  window.fates = [];
  window.tracker = createTracker(config);
  tracker.on("fate", (fate) => fates.push(fate));
  await tracker.flush();
}"""


class Tab:
    """A page with a tracker; `complaints` are its uncaught errors."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(url)

    def begin(self, endpoint: str, **config: object) -> None:
        """Make a tracker, `tracker`, whose fates are kept in `fates`; what others left has then been tried."""
        said = {"endpoint": endpoint, "channel": "academy", "producer": PRODUCER, "age": 0.05} | config
        self.run(_BEGIN, said)

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate JavaScript."""
        return self.page.evaluate(script, argument)

    def send(self, *names: str) -> list[str]:
        """An INTERACT for each name; returns their mids."""
        return list(self.run("names => names.map((id) => tracker.interact({ type: 'CLICK', id }))", list(names)))

    def flush(self) -> bool:
        """Whether everything was sent."""
        return bool(self.run("tracker.flush()"))

    def fates(self) -> list[Json]:
        """What became of the events so far."""
        return list(self.run("fates"))

    def wait(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait while the browser goes on."""
        until(condition, timeout, check=lambda: self.page.wait_for_timeout(10))


class Person:
    """Somebody's browser, with a profile of its own."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.context = context
        self.origin = origin

    def open(self, path: str = "/", **config: Any) -> Tab:
        """A tab; with a tracker if there is an `endpoint`."""
        tab = Tab(self.context, self.origin + path)
        if config:
            tab.begin(**config)
        return tab


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium as people have it: with its cache of pages to go back to."""
    path = shutil.which("chromium")
    assert path, "install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=_ARGUMENTS, ignore_default_args=["--disable-back-forward-cache"]
        )
        yield browser
        browser.close()


@contextmanager
def person(context: BrowserContext, origin: str) -> Iterator[Person]:
    """Somebody; no page of theirs may have had an uncaught error."""
    complaints: list[str] = []
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    context.set_default_timeout(20_000)
    try:
        yield Person(context, origin)
    finally:
        try:
            context.close()
        except BrowserError:
            complaints.append("the browser did not close")
    assert complaints == []


def ids(events: list[Json]) -> list[str]:
    """The ids of the INTERACTs."""
    return [event["edata"]["id"] for event in events if event["eid"] == "INTERACT"]
