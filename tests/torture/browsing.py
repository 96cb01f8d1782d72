"""The browser tracker when everything happens at once: the server is killed, tabs are closed, the network goes away.

Every event is noted in localStorage as soon as the task that made it has ended, ENDs of pages that go included; a
process that is killed within that task has made nothing. What was noted must be in the lake at the end, each once.
"""

import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct
from playwright.sync_api import BrowserContext

from tests.browser.site import pages
from tests.browser.visits import Tab, launched
from tests.serving import Served, serving, until

TABS = 4
_SETTLE_SECONDS = 120.0

_MAKE = """async ([endpoint, name, pace]) => {
  const { createTracker } = await import("/footfall.js");
  const onEvent = async ({ mid }) => {
    // After what the tracker does at the end of the task.
    await null;
    await null;
    localStorage.setItem("made " + mid, "");
  };
  const how = { batch: 25, age: 1, maxEvents: 1e6, onEvent };
  const tracker = createTracker({ endpoint, channel: "dev", producer: "torture", ...how });
  tracker.session();
  const play = tracker.play(name);
  const extra = { padding: "x".repeat(300) };
  let n = 0;
  setInterval(() => {
    for (let i = 0; i < 5; i++) play.interact({ type: "CLICK", id: `${name}-${n++}`, extra });
  }, pace);
}"""
_MADE = "Object.keys(localStorage).filter((name) => name.startsWith('made ')).map((name) => name.slice(5))"


class Outcome(Struct, frozen=True):
    """What was left: `lost` are mids that were made and are not in the lake, `doubled` how many are there again."""

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
            f"{self.made} events made, {len(self.lost)} lost, {self.doubled} doubled; "
            f"the server killed {self.kills} times, {self.closed} tabs closed, {self.outages} times offline, "
            f"{self.resent} resent; {self.seconds:.0f} s"
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
        self._tabs = [self._open(str(number)) for number in range(TABS)]

    @property
    def made(self) -> list[str]:
        """The mids of all events so far."""
        return list(self._tabs[-1].run(_MADE))

    def close_one(self) -> None:
        """A tab is closed, whatever it is doing, and another is opened."""
        tab = self._tabs.pop(self._chance.randrange(len(self._tabs)))
        if self._chance.random() < 0.5:
            with self._network():
                tab.page.goto(self._site + "/elsewhere")
        tab.page.close()
        self.closed += 1
        self._tabs.append(self._open(str(TABS + self.closed)))

    def switch_network(self, *, on: bool) -> None:
        """Without it nobody is reached."""
        self.outages += not on
        self._is_offline = not on
        self._context.set_offline(not on)

    def calm(self) -> list[str]:
        """Make no more, and send what waits; returns the mids of all events."""
        for tab in self._tabs:
            tab.page.close()
        last = Tab(self._context, self._site)
        last.begin(self._endpoint, channel="dev", producer="torture")
        last.wait(last.flush, _SETTLE_SECONDS)
        return list(last.run(_MADE))

    def _open(self, name: str) -> Tab:
        with self._network():
            tab = Tab(self._context, self._site)
            tab.run(_MAKE, [self._endpoint, f"tab-{name}", self._chance.randrange(100, 300)])
            return tab

    @contextmanager
    def _network(self) -> Iterator[None]:
        """There must be something to open while the network is away."""
        self._context.set_offline(False)
        yield
        self._context.set_offline(self._is_offline)


def browse(folder: Path, events: int, kills: int, *, seed: int = 1) -> Outcome:
    """Let tabs make at least so many events while the server is killed so many times, and compare."""
    began = time.monotonic()
    port = _free_port()
    with ExitStack() as stack:
        site = f"http://127.0.0.1:{stack.enter_context(pages())}"
        context = stack.enter_context(stack.enter_context(launched()).new_context())
        storm = Storm(context, site, f"http://127.0.0.1:{port}", random.Random(seed))
        for number in range(1, kills + 1):
            with serving(folder, "--port", str(port), batch_seconds=0.3) as served:
                _trouble(storm, served, number * events // (kills + 1))
                served.kill()
        with serving(folder, "--port", str(port), batch_seconds=0.3) as served:
            _trouble(storm, served, events)
            made = storm.calm()
            return _compare(served, made, storm, kills, began)


def _trouble(storm: Storm, served: Served, target: int) -> None:
    """Close tabs and lose the network until so many events were made and some of this time's have arrived."""
    before = _stored(served)
    while True:
        storm.close_one()
        storm.switch_network(on=False)
        _progress(storm)
        storm.close_one()
        storm.switch_network(on=True)
        _progress(storm)
        if len(storm.made) >= target and _stored(served) > before:
            return


def _progress(storm: Storm) -> None:
    enough = len(storm.made) + 60
    until(lambda: len(storm.made) >= enough, 30)


def _stored(served: Served) -> int:
    return int(served.query("SELECT count(*) AS n FROM events")[0]["n"])


def _compare(served: Served, made: list[str], storm: Storm, kills: int, began: float) -> Outcome:
    until(lambda: bool(served.run_json("audit", code=0)["pending"]["events"] == 0), _SETTLE_SECONDS)
    rows = served.query("SELECT mid, count(*) AS n FROM events WHERE derived_from IS NULL GROUP BY mid")
    resent = served.query("SELECT count(*) AS n FROM ledger WHERE fate = 'duplicate'")[0]["n"]
    stored = {row["mid"] for row in rows}
    doubled = sum(row["n"] - 1 for row in rows)
    lost = [mid for mid in made if mid not in stored]
    return Outcome(
        len(made), lost, doubled, resent, kills, storm.closed, storm.outages, round(time.monotonic() - began, 1)
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
