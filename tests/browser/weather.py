"""Everything that happens to a page's events at once: the server is killed, tabs are closed, the network goes away.

Every event is noted in localStorage, which is written at once, before its page does anything else. At the end, what
was noted must be in the lake, each once.
"""

import random
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.serving import Served, serving, until

from .site import pages
from .visits import ARGUMENTS, PRODUCER, Tab

TABS = 4
_SETTLE_SECONDS = 90.0
_BATCH = 25

_MAKE = (
    """async ([endpoint, name, pace]) => {
  const { createTracker } = await import("/footfall.js");
  window.tracker = createTracker({ endpoint, channel: "dev", producer: "torture", batch: %d, age: 1, maxEvents: 1e6 });
  tracker.session();
  const extra = { padding: "x".repeat(300) };
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < 5; i++) localStorage.setItem("made " + tracker.interact({ type: "CLICK", id: `${name}-${n++}`, extra }), "");
  }, pace);
}"""
    % _BATCH
)
_MADE = "Object.keys(localStorage).filter((name) => name.startsWith('made ')).map((name) => name.slice(5))"


class Outcome(Struct, frozen=True):
    """What was left: `lost` are mids that were made and are not in the lake, `doubled` those that are twice."""

    made: int
    lost: list[str]
    doubled: int
    resent: int
    kills: int
    closed: int
    outages: int
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Whether every event is there once."""
        return not self.lost and not self.doubled and self.made > 0

    def __str__(self) -> str:
        return (
            f"{self.made} events made, {len(self.lost)} lost, {self.doubled} doubled; {self.kills} kills of the server, "
            f"{self.closed} tabs closed, {self.outages} times offline, {self.resent} resends, {self.seconds:.0f} s"
        )


class Storm:
    """Tabs that make events, and what happens to them."""

    def __init__(self, context: BrowserContext, site: str, endpoint: str, chance: random.Random) -> None:
        self.closed = self.outages = 0
        self._is_offline = False
        self._context = context
        self._site = site
        self._endpoint = endpoint
        self._chance = chance
        self._tabs = [self._open() for _ in range(TABS)]

    @property
    def made(self) -> list[str]:
        """The mids of all events so far."""
        return list(self._tabs[-1].run(_MADE))

    def close_one(self) -> None:
        """A tab is closed, whatever it is doing, and another is opened."""
        tab = self._tabs.pop(self._chance.randrange(len(self._tabs)))
        if self._chance.random() < 0.5:
            tab.page.close()
        else:
            tab.page.goto("about:blank")
            tab.page.close()
        self.closed += 1
        self._tabs.append(self._open())

    def lose_network(self) -> None:
        """Nobody is reached until `regain_network`."""
        self.outages += 1
        self._is_offline = True
        self._context.set_offline(True)

    def regain_network(self) -> None:
        """The network is back."""
        self._is_offline = False
        self._context.set_offline(False)

    def calm(self) -> list[str]:
        """Make no more; returns the mids of all events that were made."""
        for tab in self._tabs:
            tab.page.close()
        last = Tab(self._context, self._site)
        made = list(last.run(_MADE))
        last.begin(self._endpoint, channel="dev", producer="torture")
        last.wait(lambda: bool(last.flush()), _SETTLE_SECONDS)
        last.page.close()
        return made

    def _open(self) -> Tab:
        # There must be something to open when the network is away.
        self._context.set_offline(False)
        tab = Tab(self._context, self._site)
        tab.run(_MAKE, [self._endpoint, f"tab{self.closed}-{id(tab)}", self._chance.randrange(40, 120)])
        self._context.set_offline(self._is_offline)
        return tab


def weather(
    browser: Browser, folder: Path, events: int, kills: int, *, host: str = "127.0.0.1", seed: int = 1
) -> Outcome:
    """Let tabs make at least so many events while the server is killed so many times, and compare."""
    began = time.monotonic()
    chance = random.Random(seed)
    port = _free_port()
    with ExitStack() as stack:
        site = f"http://{host}:{stack.enter_context(pages())}"
        context = stack.enter_context(browser.new_context())
        storm = Storm(context, site, f"http://127.0.0.1:{port}", chance)
        for number in range(kills):
            with _served(folder, port) as served:
                _trouble(storm, served, (number + 1) * events // (kills + 1))
                served.kill()
        with _served(folder, port) as served:
            _trouble(storm, served, events)
            made = storm.calm()
            return _compare(served, made, kills, storm, time.monotonic() - began)


def _trouble(storm: Storm, served: Served, target: int) -> None:
    """Close tabs and lose the network until so many events were made and some of this time's have arrived."""
    before = _stored(served)
    while True:
        storm.close_one()
        storm.lose_network()
        _progress(storm)
        storm.close_one()
        storm.regain_network()
        _progress(storm)
        if len(storm.made) >= target and _stored(served) > before:
            return


def _progress(storm: Storm) -> None:
    enough = len(storm.made) + 100
    until(lambda: len(storm.made) >= enough, 30)


def _stored(served: Served) -> int:
    return int(served.query("SELECT count(*) AS n FROM events")[0]["n"])


def _compare(served: Served, made: list[str], kills: int, storm: Storm, seconds: float) -> Outcome:
    until(lambda: bool(served.run_json("audit", code=0)["pending"]["events"] == 0), _SETTLE_SECONDS)
    rows = served.query("SELECT mid, count(*) AS n FROM events WHERE derived_from IS NULL GROUP BY mid")
    resent = served.query("SELECT count(*) AS n FROM ledger WHERE fate = 'duplicate'")[0]["n"]
    stored = {row["mid"] for row in rows}
    doubled = sum(row["n"] - 1 for row in rows)
    lost = [mid for mid in made if mid not in stored]
    return Outcome(len(made), lost, doubled, resent, kills, storm.closed, storm.outages, seconds)


@contextmanager
def _served(folder: Path, port: int) -> Iterator[Served]:
    with serving(folder, "--port", str(port), batch_seconds=0.3) as served:
        yield served


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of the storm's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        yield browser
        browser.close()
