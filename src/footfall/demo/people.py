"""The simulated people: who they are, and who comes when for what."""

from collections.abc import Iterator
from random import Random

from footfall.demo import backstage, learning, signup
from footfall.demo.catalogue import ANDROID, BROWSERS, IOS, PHONES, PORTAL, SERVICE, TABLETS, App, Model
from footfall.demo.event import Actor, Mids, chance, uuid
from footfall.demo.rhythm import Outage
from footfall.demo.visit import Learner, Noted, Visit

_KNOWN_AT_FIRST = 2000
_TEACHERS = 40
_LIKES_TO_COME = 1.5  # above 1: the first of them come more often than the last
_HOST = Model("Server", {"os": "Linux"})


class Population:
    """A platform's people. The same seed makes the same people, the same seed and run the same visits.

    `run` names what is simulated with these people; the ids of two runs never meet. In an `outage` they meet errors.
    """

    def __init__(self, seed: int, run: str = "", outage: Outage | None = None) -> None:
        self._chance = chance(seed, "visits", run)
        self._mids = Mids(seed, run)
        self._outage = outage
        self._owed = 0.0
        makers = chance(seed, "people")
        self._known = [_make_learner(makers) for _ in range(_KNOWN_AT_FIRST)]
        self._at_portal = [learner for learner in self._known if learner.app is PORTAL]

    def visits(self, begin_ms: int, span_ms: int, events: float) -> Iterator[list[Noted]]:
        """Visits that begin in a span of time and come to so many events, over all calls, give or take one visit.

        Each visit is a list of events in the order of time; the visits are in no order.
        """
        self._owed += events
        while self._owed > 0:
            visit = self._visit(begin_ms + int(span_ms * self._chance.random()))
            self._owed -= len(visit)
            yield visit

    def _visit(self, begin_ms: int) -> list[Noted]:
        draw = self._chance.random()
        if draw < 0.10:
            return self._sign_up(begin_ms)
        if draw < 0.16:
            return self._come_by_google(begin_ms)
        if draw < 0.18:
            return self._edit(begin_ms)
        if draw < 0.32:
            return self._serve(begin_ms)
        visit = self._begin(self._one_of(self._known), begin_ms)
        _learn(visit)
        return visit.events

    def _begin(self, learner: Learner, begin_ms: int) -> Visit:
        return Visit(self._chance, self._mids, learner, begin_ms, self._outage)

    def _one_of(self, people: list[Learner]) -> Learner:
        return people[int(len(people) * self._chance.random() ** _LIKES_TO_COME)]

    def _welcome(self, newcomer: Learner) -> None:
        self._known.append(newcomer)
        self._at_portal.append(newcomer)

    def _sign_up(self, begin_ms: int) -> list[Noted]:
        newcomer = _make_learner(self._chance, PORTAL)
        visit = self._begin(newcomer, begin_ms)
        if signup.sign_up(visit, newcomer):
            self._welcome(newcomer)
            _go_on(visit, newcomer)
        return visit.events

    def _come_by_google(self, begin_ms: int) -> list[Noted]:
        is_new = self._chance.random() < 0.3
        person = _make_learner(self._chance, PORTAL) if is_new else self._one_of(self._at_portal)
        visit = self._begin(person, begin_ms)
        if signup.sign_in_with_google(visit, person, is_new=is_new):
            if is_new:
                self._welcome(person)
            _go_on(visit, person)
        return visit.events

    def _edit(self, begin_ms: int) -> list[Noted]:
        visit = self._begin(self._at_portal[self._chance.randrange(_TEACHERS)], begin_ms)
        backstage.edit_content(visit)
        return visit.events

    def _serve(self, begin_ms: int) -> list[Noted]:
        host = f"host-{self._chance.randrange(3)}"
        visit = self._begin(Learner(Actor(host, "System"), host, SERVICE, _HOST, "platform", 1.0), begin_ms)
        backstage.serve(visit)
        return visit.events


def _go_on(visit: Visit, learner: Learner) -> None:
    """After signing in, most people stay."""
    if visit.happens(0.8):
        visit.act_as(learner.actor)
        visit.wait(1, 6)
        learning.visit_portal(visit)


def _learn(visit: Visit) -> None:
    if visit.learner.app is PORTAL:
        learning.visit_portal(visit)
    else:
        learning.visit_app(visit)


def _make_learner(draw: Random, app: App | None = None) -> Learner:
    if app is None:
        app = draw.choices((PORTAL, ANDROID, IOS), (56, 36, 8))[0]
    models = {"web": BROWSERS, "Android": PHONES, "iOS": TABLETS}
    model = draw.choice(models["web" if app is PORTAL else str(app.producer.platform)])
    actor = Actor(uuid(f"{draw.getrandbits(128):032x}"))
    ability = round(draw.uniform(0.35, 0.95), 2)
    return Learner(actor, f"{draw.getrandbits(128):032x}", app, model, f"org-{draw.randrange(12):02d}", ability)
