"""One visit of one person: a clock that moves on, and the events noted on the way."""

from random import Random
from typing import Any

from msgspec import UNSET, Raw, Struct, UnsetType

from footfall.demo.catalogue import FAULTS, OUTAGE, App, Model
from footfall.demo.endpoints import Endpoint, Noted
from footfall.demo.event import CHANNEL, Actor, Context, Correlation, Event, Mids, Thing, encode, uuid
from footfall.demo.schedule import Outage

_USUAL_HAZARD = 0.008
_OUTAGE_HAZARD = 0.6

ANONYMOUS = Actor("anonymous")


class Learner(Struct, frozen=True):
    """A person: a pseudonym, a device, and how likely an answer is right."""

    actor: Actor
    did: str
    app: App
    model: Model
    org: str
    ability: float

    @property
    def thing(self) -> Raw:
        """The person as the object of an event."""
        return Thing(self.actor.id, "User").raw()


class _Open(Struct, frozen=True):
    type: str
    mode: str | None
    since: int
    thing: Raw | UnsetType


class Visit:
    """What one person does at one go. `now` is epoch milliseconds; `events` are in the order of time.

    `intended` tells what is to become of flows and sessions, by their ids: the outcome that a tracking plan gives them
    once nothing more will come.
    """

    def __init__(self, chance: Random, mids: Mids, learner: Learner, begin_ms: int, outage: Outage | None) -> None:
        self.chance = chance
        self.learner = learner
        self.now = begin_ms
        self.events: list[Noted] = []
        self.pages = 0
        self.interactions = 0
        self.app = learner.app
        self.intended: dict[str, str] = {}
        self._mids = mids
        self._outage = outage
        self._open: list[_Open] = []
        self._places: dict[tuple[str, tuple[Correlation, ...]], Raw] = {}
        self.act_as(learner.actor)
        self.begin_session()

    def begin_session(self) -> None:
        """From here on it is another session, in which nothing has begun yet."""
        self.sid = uuid(self.fresh())
        self._open.clear()
        self._places.clear()
        self.enter("home")

    def intend(self, name: str, outcome: str) -> None:
        """Say what is to become of a flow or a session."""
        self.intended[name] = outcome

    def fresh(self) -> str:
        """A new id of 32 hexadecimal digits."""
        return f"{self.chance.getrandbits(128):032x}"

    def happens(self, probability: float) -> bool:
        """Decide by chance."""
        return self.chance.random() < probability

    def act_as(self, actor: Actor) -> None:
        """From here on it is this actor who does things."""
        self._actor = Raw(encode(actor))

    def use_app(self, app: App) -> None:
        """From here on the events come from this application."""
        self.app = app
        self._places.clear()

    def enter(self, env: str, *cdata: Correlation) -> None:
        """Move to another part of the product; the events that follow belong to `cdata`."""
        place = self._places.get((env, cdata))
        if place is None:
            place = self._places[env, cdata] = Raw(encode(self._context(env, cdata)))
        self._place = place

    def _context(self, env: str, cdata: tuple[Correlation, ...]) -> Context:
        always = (Correlation("UserSession", self.sid), Correlation("Device", self.learner.model.label))
        rollup = {"l1": self.learner.org}
        return Context(CHANNEL, env, self.app.producer, self.sid, self.learner.did, cdata + always, rollup)

    def wait(self, least: float, most: float) -> float:
        """Let time pass, more often little than much; returns the seconds."""
        share = self.chance.random()
        seconds = least + (most - least) * share * share
        self.now += int(seconds * 1000)
        return round(seconds, 2)

    def note(self, eid: str, edata: dict[str, Any], thing: Raw | UnsetType = UNSET) -> None:
        """Send an event about a thing."""
        event = Event(eid, self.now, self.app.ver, self._mint(eid), self._actor, self._place, thing, edata)
        self.send(encode(event))

    def send(self, text: bytes, way: Endpoint = Endpoint.TELEMETRY) -> None:
        """Send something that is JSON already."""
        self.events.append(Noted(self.now, text, way))
        self.now += 9

    def mint(self) -> str:
        """An id of 32 hexadecimal digits that nothing else in this run has."""
        return self._mids.next()

    def _mint(self, eid: str) -> str:
        digits = self._mids.next()
        match self.app.mids:
            case "sdk":
                return f"{eid}:{digits}"
            case "uuid":
                return uuid(digits)
            case _:
                return f"{self.now}.{uuid(digits)}"

    def see(self, pageid: str, uri: str, kind: str = "view", thing: Raw | UnsetType = UNSET, **more: Any) -> bool:
        """Look at a page; returns whether it came up without an error."""
        load = round(0.2 + 2 * self.chance.random() ** 3, 3)
        edata = {"type": kind, "pageid": pageid, "uri": uri, "duration": load}
        self.note("IMPRESSION", edata | more if more else edata, thing)
        self.pages += 1
        return not self.stumble(pageid)

    def use(self, name: str, pageid: str, kind: str = "CLICK", thing: Raw | UnsetType = UNSET, **more: Any) -> None:
        """Use something on a page."""
        edata: dict[str, Any] = {"type": kind, "id": name, "pageid": pageid}
        self.note("INTERACT", edata | more if more else edata, thing)
        self.interactions += 1

    def log(self, kind: str, level: str, message: str, pageid: str) -> None:
        """Log that something happened behind a page."""
        self.note("LOG", {"type": kind, "level": level, "message": message, "pageid": pageid})

    def begin(self, kind: str, pageid: str, mode: str | None = None, thing: Raw | UnsetType = UNSET) -> None:
        """Start an activity; `end` closes the one that was started last."""
        edata: dict[str, Any] = {"type": kind, "pageid": pageid}
        if mode is not None:
            edata["mode"] = mode
        if kind in ("app", "session", "signup"):
            edata["uaspec" if "agent" in self.learner.model.spec else "dspec"] = self.learner.model.spec
        self._open.append(_Open(kind, mode, self.now, thing))
        self.note("START", edata, thing)

    def end(self, pageid: str, summary: list[dict[str, Any]] | None = None, kind: str | None = None) -> None:
        """End the activity that was started last, under its own type or another."""
        opened = self._open.pop()
        edata: dict[str, Any] = {"type": kind or opened.type, "pageid": pageid}
        if opened.mode is not None:
            edata["mode"] = opened.mode
        edata["duration"] = round((self.now - opened.since) / 1000, 2)
        if summary is not None:
            edata["summary"] = summary
        self.note("END", edata, opened.thing)

    def stumble(self, pageid: str) -> bool:
        """Meet an error on a page, by chance: seldom, and often in an outage."""
        out = self._outage is not None and self._outage.covers(self.now)
        if not self.happens(_OUTAGE_HAZARD if out else _USUAL_HAZARD):
            return False
        fault = OUTAGE if out else self.chance.choice(FAULTS)
        edata = {"err": fault.err, "errtype": fault.errtype, "stacktrace": fault.stacktrace, "pageid": pageid}
        self.wait(0.1, 3)
        self.note("ERROR", edata)
        return True
