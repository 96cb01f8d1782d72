"""The demo's people: history first, when there is none yet, then live traffic until the end."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from rich.console import Console
from rich.progress import Progress

from footfall.demo.portal import DemoPortal
from footfall.demo.sender import Sent, run_live, send_history
from footfall.errors import TerminalError, TransientError
from footfall.settings import Settings

_log = structlog.get_logger()
_HISTORY_EVENTS = 600_000
_MARK = "demo-history"


@contextmanager
def portal(settings: Settings, *, is_wanted: bool) -> Iterator[DemoPortal | None]:
    """The portal, if it is wanted; it ends with the block. Raises TerminalError where it cannot be had."""
    if not is_wanted:
        yield None
        return
    if not settings.is_loopback:
        raise TerminalError("the portal of the demo is for this machine only: leave FOOTFALL_HOST at 127.0.0.1")
    demo_portal = DemoPortal(settings.data / "portal", settings.port, _tell_of_end)
    try:
        yield demo_portal
    finally:
        demo_portal.stop()


def start(
    url: str, settings: Settings, seed: int, rate: float, stop: threading.Event, demo_portal: DemoPortal | None = None
) -> None:
    """Announce the address, and send in a thread: history if the lake is empty, then live traffic until `stop`."""
    sys.stdout.write(f"footfall demo is at {url}\n")
    if demo_portal is not None:
        demo_portal.start(url)
        sys.stdout.write(f"the portal is at    {demo_portal.url}\nits mail arrives at {demo_portal.inbox_url}\n")
    sys.stdout.flush()
    mark = settings.data / _MARK
    threading.Thread(target=_send, args=(url, mark, seed, rate, stop), name="demo", daemon=True).start()


def _tell_of_end(name: str, code: int) -> None:
    _log.error("process died", process=name, code=code)


def _send(url: str, mark: Path, seed: int, rate: float, stop: threading.Event) -> None:
    try:
        if not mark.exists():
            _fill(url, seed, stop)
            if not stop.is_set():
                mark.touch()
        run_live(url, None, seed, stop, rate=rate)
    except (TerminalError, TransientError) as error:
        _log.error("demo traffic ended", error=str(error))


def _fill(url: str, seed: int, stop: threading.Event) -> None:
    console = Console(stderr=True)
    with Progress(console=console, disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task("Two weeks of simulated history", total=_HISTORY_EVENTS)

        def show(sent: Sent) -> None:
            progress.update(task, completed=sent.events)

        total = send_history(
            url, None, seed, until_ms=int(time.time() * 1000), target_events=_HISTORY_EVENTS, stop=stop, progress=show
        )
    console.print(f"{total.events} events of history sent; live traffic goes on until Ctrl-C.")
