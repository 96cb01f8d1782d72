"""What the portal itself tells footfall: steps of flows, under the flow's id, with the visit's session and device."""

import threading
import time
from pathlib import Path
from typing import Any

from msgspec import Struct

from footfall.tracker import Content, Producer, Tracker
from footfall.tracker.calls import Call
from portal import __version__
from portal.settings import Settings

PRODUCER = Producer("academy.portal", __version__, "portal")


class Step(Struct, frozen=True):
    """A step of a flow: `cdata` is the type under which it belongs to the flow; `named` are others, with their ids."""

    eid: str
    env: str
    cdata: str
    edata: dict[str, Any]
    named: tuple[tuple[str, str], ...] = ()


class Trail(Struct, frozen=True):
    """Where a step belongs."""

    flow: str
    sid: str
    did: str


class Voice:
    """Tells steps; what footfall cannot take now waits in a folder."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._tracker: Tracker | None = None
        if settings.footfall:
            self._tracker = Tracker(
                settings.footfall,
                settings.channel,
                PRODUCER,
                key=settings.footfall_key,
                outbox=folder / "outbox",
                batch_age=0.5,
            )

    def tell(self, step: Step, trail: Trail, about: str = "") -> None:
        """Tell a step; `about` is the account that it is about."""
        if self._tracker is None:
            return
        content = Content(about, type="User") if about else None
        call = Call(step.eid, dict(step.edata), content, ets=self._now())
        cdata = (*step.named, (step.cdata, trail.flow))
        self._tracker.send(call, env=step.env, sid=trail.sid, did=trail.did, cdata=cdata)

    def close(self) -> None:
        """Send for a moment more, then end."""
        if self._tracker is not None:
            self._tracker.close()

    def _now(self) -> int:
        """Milliseconds, never the same twice: the steps of a flow are judged in the order of their times."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1_000_000)
            return self._last
