"""Sightings of one plan, gathered into flows."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from msgspec import Struct

from footfall.plans.correlation import Key
from footfall.plans.flow import Sighting, idle_ms
from footfall.plans.grammar import START, Grammar, State, grammar_of
from footfall.plans.model import Plan


class Flow(Struct):
    """The sightings of one flow, by time. `id` is the correlation id, or names the device and session."""

    id: str
    sightings: list[Sighting]

    @property
    def began_at(self) -> float:
        """Time of the first step."""
        return self.sightings[0].ets

    @property
    def last_at(self) -> float:
        """Time of the last step."""
        return self.sightings[-1].ets


class Gathered(Struct):
    """Flows by the time they began, and sightings that nothing ties to a flow."""

    flows: list[Flow]
    loose: list[Sighting]


def gather(plan: Plan, sightings: Iterable[Sighting]) -> Gathered:
    """The flows that some sightings, in any order, belong to.

    Those with an id belong to the flow of that id. One with a weak key belongs to the flow that is open at its time in
    its session: the last that began before it, unless that has been idle for too long. Otherwise the weak ones of a
    session are flows of their own; a new one begins where the last has ended or been idle for too long.
    """
    strong: dict[str, list[Sighting]] = defaultdict(list)
    weak: list[Sighting] = []
    loose: list[Sighting] = []
    for one in sorted(sightings, key=lambda one: (one.ets, one.index)):
        if one.key.id:
            strong[one.key.id].append(one)
        else:
            (loose if one.key.loose else weak).append(one)
    flows = [Flow(name, found) for name, found in strong.items()]
    left = _join(plan, flows, weak)
    flows += _sessions(plan, left)
    return Gathered(sorted(flows, key=lambda flow: flow.began_at), loose)


def _join(plan: Plan, flows: list[Flow], weak: list[Sighting]) -> list[Sighting]:
    idle = idle_ms(plan)
    by_session: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    for flow in flows:
        for session in {(one.key.did, one.key.sid) for one in flow.sightings}:
            by_session[session].append(flow)
    left = []
    for one in weak:
        begun = [flow for flow in by_session[one.key.did, one.key.sid] if flow.began_at <= one.ets]
        latest = max(begun, key=lambda flow: flow.began_at, default=None)
        if latest is None or (idle is not None and one.ets - latest.last_at > idle):
            left.append(one)
        else:
            latest.sightings.append(one)
            latest.sightings.sort(key=lambda one: (one.ets, one.index))
    return left


def _sessions(plan: Plan, weak: list[Sighting]) -> list[Flow]:
    grammar = grammar_of(plan.order, tuple(step.step for step in plan.steps))
    idle = idle_ms(plan)
    open_flows: dict[Key, tuple[Flow, State | None]] = {}
    counts: Counter[Key] = Counter()
    found: list[Flow] = []
    for one in weak:
        flow, state = open_flows.get(one.key, (None, None))
        silent = flow is not None and idle is not None and one.ets - flow.last_at > idle
        if flow is None or silent or _is_over(grammar, state, one.step):
            counts[one.key] += 1
            flow, state = Flow(_name(one.key, counts[one.key]), []), START
            found.append(flow)
        flow.sightings.append(one)
        open_flows[one.key] = flow, grammar.next(state, one.step) if state else None
    return found


def _is_over(grammar: Grammar, state: State | None, step: str) -> bool:
    """Whether a flow has ended and cannot go on with a step that another can begin with."""
    return (
        state is not None
        and grammar.is_end(state)
        and grammar.next(state, step) is None
        and grammar.next(START, step) is not None
    )


def _name(key: Key, number: int) -> str:
    return f"session:{key.did}/{key.sid}" + (f"#{number}" if number > 1 else "")
