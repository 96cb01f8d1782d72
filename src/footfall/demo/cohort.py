"""Who belongs to the platform at the moment, so that nobody comes before they have an account or after it is gone."""

import heapq
from collections.abc import Callable, Iterator
from random import Random

from footfall.demo.catalogue import ANDROID, BROWSERS, IOS, PHONES, PORTAL, TABLETS, App
from footfall.demo.event import Actor, uuid
from footfall.demo.visit import Learner, Visit

_LIKES_TO_COME = 1.5  # above 1: the first of them come more often than the last
_SETTLED_MS = 600_000


class Cohort:
    """The people of the platform. Only those who joined while we looked may leave: others are of every run."""

    def __init__(self, people: list[Learner]) -> None:
        self.everybody = people
        self.at_portal = [learner for learner in people if learner.app is PORTAL]
        self._newcomers: list[Learner] = []
        self._joining: list[tuple[int, Learner]] = []
        self._last_seen: dict[str, int] = {}
        self._due: list[tuple[int, int, Learner, Callable[[Visit], None]]] = []
        self._count = 0

    def settle(self, begin_ms: int) -> None:
        """Let those in who joined before a moment."""
        waiting = []
        for since_ms, learner in self._joining:
            if since_ms < begin_ms:
                self.everybody.append(learner)
                self._newcomers.append(learner)
                if learner.app is PORTAL:
                    self.at_portal.append(learner)
            else:
                waiting.append((since_ms, learner))
        self._joining = waiting

    def join(self, learner: Learner, since_ms: int) -> None:
        """Somebody has an account from now on, and may be met once the moment has passed."""
        self._joining.append((since_ms, learner))

    def see(self, learner: Learner, ms: int) -> None:
        """Somebody was there until a moment."""
        self._last_seen[learner.actor.id] = max(ms, self._last_seen.get(learner.actor.id, 0))

    def lose_one(self, chance: Random, now_ms: int) -> Learner | None:
        """Somebody who has not been there for a while, and is not met again."""
        if not self._newcomers:
            return None
        learner = chance.choice(self._newcomers)
        if self._last_seen.get(learner.actor.id, 0) > now_ms - _SETTLED_MS:
            return None
        self._newcomers.remove(learner)
        self.everybody.remove(learner)
        if learner.app is PORTAL:
            self.at_portal.remove(learner)
        return learner

    def plan(self, at_ms: int, learner: Learner, act: Callable[[Visit], None]) -> None:
        """Have something happen to somebody later."""
        self._count += 1
        heapq.heappush(self._due, (at_ms, self._count, learner, act))

    def due(self, end_ms: int) -> Iterator[tuple[int, Learner, Callable[[Visit], None]]]:
        """What was planned for the time before a moment."""
        while self._due and self._due[0][0] < end_ms:
            at_ms, _, learner, act = heapq.heappop(self._due)
            yield at_ms, learner, act


def one_of(people: list[Learner], chance: Random) -> Learner:
    """One of some people, more often one of the first."""
    return people[int(len(people) * chance.random() ** _LIKES_TO_COME)]


def make_learner(draw: Random, app: App | None = None) -> Learner:
    """A new person, who uses an application or any."""
    if app is None:
        app = draw.choices((PORTAL, ANDROID, IOS), (56, 36, 8))[0]
    models = {"web": BROWSERS, "Android": PHONES, "iOS": TABLETS}
    model = draw.choice(models["web" if app is PORTAL else str(app.producer.platform)])
    actor = Actor(uuid(f"{draw.getrandbits(128):032x}"))
    ability = round(draw.uniform(0.35, 0.95), 2)
    return Learner(actor, f"{draw.getrandbits(128):032x}", app, model, f"org-{draw.randrange(12):02d}", ability)
