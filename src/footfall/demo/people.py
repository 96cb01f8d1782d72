"""The simulated people: who they are, and who comes when for what."""

from collections.abc import Iterator
from functools import partial

from footfall.demo import accounts, classroom, google, learning, service_events, signup
from footfall.demo.catalogue import PORTAL, SERVICES, Model
from footfall.demo.classroom import Enrolment
from footfall.demo.cohort import Cohort, make_learner, one_of
from footfall.demo.event import Actor, Mids, chance
from footfall.demo.hosts import Hosts
from footfall.demo.schedule import DAY_MS, HOUR_MS, Outage
from footfall.demo.visit import Learner, Visit

_KNOWN_AT_FIRST = 2000
_TEACHERS = 40
_ON_THE_LIST = 20
_HOST = Model("Server", {"os": "Linux"})


class Population:
    """A platform's people. The same seed makes the same people, the same seed and run the same visits.

    `run` names what is simulated with these people; the ids of two runs never meet. In an `outage` they meet errors.
    The platform's hosts are ready from `since_ms` on, or have been all along; at `list_ms` a list of 20 people is
    imported. Times are epoch milliseconds.
    """

    def __init__(
        self,
        seed: int,
        run: str = "",
        outage: Outage | None = None,
        *,
        since_ms: int | None = None,
        list_ms: int | None = None,
    ) -> None:
        self._chance = chance(seed, "visits", run)
        self._mids = Mids(seed, run)
        self._outage = outage
        self._hosts = Hosts(since_ms, outage)
        self._list_ms = list_ms
        self._owed = 0.0
        makers = chance(seed, "people")
        self._circle = Cohort([make_learner(makers) for _ in range(_KNOWN_AT_FIRST)])
        self._teachers = self._circle.at_portal[:_TEACHERS]
        self._class: list[Enrolment] = []

    def visits(self, begin_ms: int, span_ms: int, events: float) -> Iterator[Visit]:
        """Visits that begin in a span of time and come to so many events, over all calls, give or take one visit.

        The events of a visit are in the order of time; the visits are in no order. Each span begins where the last one
        ended.
        """
        self._circle.settle(begin_ms)
        self._owed += events
        for visit in self._appointed(begin_ms, begin_ms + span_ms):
            self._owed -= len(visit.events)
            yield visit
        while self._owed > 0:
            visit = self._visit(begin_ms + int(span_ms * self._chance.random()))
            self._owed -= len(visit.events)
            self._circle.see(visit.learner, visit.now)
            yield visit

    def _appointed(self, begin_ms: int, end_ms: int) -> Iterator[Visit]:
        """What happens at its time, whoever else is there."""
        for change in self._hosts.changes(begin_ms, end_ms):
            visit = self._at_host(change.host, change.at_ms)
            service_events.change(visit, change.state)
            yield visit
        if self._list_ms is not None and begin_ms <= self._list_ms < end_ms:
            yield from self._import_list(self._list_ms)
        for at_ms, learner, act in self._circle.due(end_ms):
            visit = self._begin(learner, at_ms)
            act(visit)
            yield visit

    def _import_list(self, at_ms: int) -> Iterator[Visit]:
        for number in range(_ON_THE_LIST):
            visit = self._begin(make_learner(self._chance), at_ms + 40 * number)
            accounts.enlist(visit)
            self._circle.join(visit.learner, visit.now)
            yield visit

    def _visit(self, begin_ms: int) -> Visit:
        draw = self._chance.random()
        return next(come for share, come in _OCCASIONS if draw < share)(self, begin_ms)

    def _begin(self, learner: Learner, begin_ms: int) -> Visit:
        return Visit(self._chance, self._mids, learner, begin_ms, self._outage)

    def _anybody(self) -> Learner:
        return one_of(self._circle.everybody, self._chance)

    def _sign_up(self, begin_ms: int) -> Visit:
        visit = self._begin(make_learner(self._chance, PORTAL), begin_ms)
        outcome = signup.sign_up(visit, visit.learner)
        if outcome == signup.SUCCESS:
            visit.begin_session()
            accounts.tell(visit, "register", changed=["email", "password", "displayName"])
            self._welcome(visit)
        elif outcome == signup.CREATE_FAILED:
            accounts.fail(visit, "register", "create_error", is_known=False)
        return visit

    def _come_by_google(self, begin_ms: int) -> Visit:
        is_new = self._chance.random() < 0.3
        person = make_learner(self._chance, PORTAL) if is_new else one_of(self._circle.at_portal, self._chance)
        visit = self._begin(person, begin_ms)
        outcome = google.sign_in(visit, person, is_new=is_new)
        if outcome == google.CREATED:
            visit.begin_session()
            accounts.tell(visit, "register", provider="google", changed=["email", "displayName"])
            self._welcome(visit)
        elif outcome == google.EXISTING:
            visit.begin_session()
            accounts.tell(visit, "login", provider="google")
            _go_on(visit)
        elif outcome == google.CREATE_FAILED:
            accounts.fail(visit, "register", outcome, is_known=False, provider="google")
        elif outcome != google.ABANDONED:
            accounts.fail(visit, "login", outcome, is_known=False, provider="google")
        return visit

    def _welcome(self, visit: Visit) -> None:
        _go_on(visit)
        self._circle.join(visit.learner, visit.now)

    def _edit(self, begin_ms: int) -> Visit:
        visit = self._begin(self._chance.choice(self._teachers), begin_ms)
        service_events.edit_content(visit, self._hosts)
        return visit

    def _serve(self, begin_ms: int) -> Visit:
        up = self._hosts.up(begin_ms)
        if not up:
            return self._come_to_learn(begin_ms)
        visit = self._at_host(self._chance.choice(up), begin_ms)
        service_events.serve(visit)
        return visit

    def _at_host(self, host: int, at_ms: int) -> Visit:
        name = f"host-{host}"
        return self._begin(Learner(Actor(name, "System"), name, SERVICES[host], _HOST, "platform", 1.0), at_ms)

    def _come_to_learn(self, begin_ms: int) -> Visit:
        visit = self._begin(self._anybody(), begin_ms)
        if visit.learner.app is PORTAL:
            learning.visit_portal(visit)
        else:
            learning.visit_app(visit)
        return visit

    def _come_to_class(self, begin_ms: int) -> Visit:
        """Most take a course of the LMS; a few have other business there."""
        draw = self._chance.random()
        if draw < 0.12:
            visit = self._begin(self._anybody(), begin_ms)
            (classroom.ask_for_training if draw < 0.03 else classroom.read_again)(visit)
        elif draw < 0.18:
            visit = self._begin(self._chance.choice(self._teachers), begin_ms)
            classroom.run_course(visit)
        else:
            visit = self._take_course(begin_ms)
        return visit

    def _take_course(self, begin_ms: int) -> Visit:
        back = [enrolment for enrolment in self._class if enrolment.last_ms < begin_ms]
        if back and self._chance.random() < 0.7:
            enrolment = self._chance.choice(back)
            visit = self._begin(enrolment.student, begin_ms)
            classroom.attend(visit, enrolment)
        else:
            visit = self._begin(self._anybody(), begin_ms)
            enrolment = classroom.enrol(visit, is_new=visit.happens(0.5))
            self._class.append(enrolment)
        enrolment.last_ms = visit.now
        self._class = [enrolment for enrolment in self._class if not enrolment.is_over]
        return visit

    def _keep_books(self, begin_ms: int) -> Visit:
        if self._chance.random() < 0.3:
            visit = self._begin(make_learner(self._chance), begin_ms)
            accounts.create(visit)
            self._circle.join(visit.learner, visit.now)
        else:
            visit = self._begin(self._anybody(), begin_ms)
            accounts.keep_books(visit)
        return visit

    def _leave(self, begin_ms: int) -> Visit:
        """Somebody leaves for good or, more often, in a way that can be undone."""
        person = self._circle.lose_one(self._chance, begin_ms)
        if person is None:
            return self._come_to_learn(begin_ms)
        self._class = [enrolment for enrolment in self._class if enrolment.student is not person]
        visit = self._begin(person, begin_ms)
        operation = "delete" if visit.happens(0.3) else "deactivate"
        accounts.leave(visit, operation)
        if operation == "deactivate":
            self._plan_after(visit)
        return visit

    def _plan_after(self, visit: Visit) -> None:
        span_ms = HOUR_MS if visit.happens(0.3) else 5 * DAY_MS
        at_ms = visit.now + int(span_ms * visit.chance.uniform(0.1, 1))
        if visit.happens(0.65):
            self._circle.plan(at_ms, visit.learner, partial(_come_back, self._circle))
        elif visit.happens(0.7):
            self._circle.plan(at_ms, visit.learner, accounts.purge)


def _come_back(circle: Cohort, visit: Visit) -> None:
    accounts.come_back(visit)
    circle.join(visit.learner, visit.now)


def _go_on(visit: Visit) -> None:
    """After signing in, most people stay."""
    if visit.happens(0.8):
        visit.act_as(visit.learner.actor)
        visit.wait(1, 6)
        learning.visit_portal(visit, signed_in=True)


_OCCASIONS = (
    (0.090, Population._sign_up),
    (0.150, Population._come_by_google),
    (0.170, Population._edit),
    (0.290, Population._serve),
    (0.306, Population._come_to_class),
    (0.326, Population._keep_books),
    (0.334, Population._leave),
    (1.000, Population._come_to_learn),
)
