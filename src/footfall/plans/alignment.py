"""What happened, laid along the order that a plan wants, with as few steps missing or misplaced as there can be."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from footfall.plans.automaton import positions
from footfall.plans.grammar import START, Grammar, State

_MOST_WORK = 20_000
_NEXT, _DROPPED, _LEAPT = range(3)


class Alignment(Struct, frozen=True):
    """`skipped[i]` are the steps missing before the i-th that happened, `rest` those from the last one to an end.

    `misplaced` maps the number of a step that does not fit to what was expected in its place.
    """

    skipped: list[list[str]]
    misplaced: dict[int, list[str]]
    rest: list[str]


class _Way(NamedTuple):
    """The cheapest way to a position: its cost, its choices as digits (to settle ties), and where it came from."""

    cost: int
    choices: int
    choice: int
    at: int
    before: "_Way | None"

    @property
    def rank(self) -> tuple[int, int]:
        return self.cost, self.choices


def align(grammar: Grammar, steps: Sequence[str]) -> Alignment:
    """Lay steps along an order: in linear time where they fit; without looking ahead where very many do not."""
    state: State | None = START
    for step in steps:
        state = grammar.next(state, step) if state else None
    if state:
        return Alignment([[] for _ in steps], {}, grammar.shortest_end(state))
    if len(steps) * len(grammar.automaton.symbols) > _MOST_WORK:
        return _replay(grammar, steps, [(_NEXT, [])] * len(steps))
    return _replay(grammar, steps, _choices(grammar, _cheapest(grammar, steps)))


def _cheapest(grammar: Grammar, steps: Sequence[str]) -> _Way:
    ways = {0: _Way(0, 0, _NEXT, 0, None)}
    for step in steps:
        reached = {at: _Way(way.cost + 1, way.choices * 3 + _DROPPED, _DROPPED, at, way) for at, way in ways.items()}
        for position in positions(grammar.automaton.of_symbol.get(step, 0)):
            best = min(
                (taken for way in ways.values() if (taken := _taken(grammar, way, position))), default=None, key=_rank
            )
            if best is not None and (position not in reached or best.rank < reached[position].rank):
                reached[position] = best
        ways = reached
    return min(ways.values(), key=lambda way: (way.cost + len(grammar.shortest_end(1 << way.at)), way.choices))


def _rank(way: _Way) -> tuple[int, int]:
    return way.rank


def _taken(grammar: Grammar, way: _Way, position: int) -> _Way | None:
    distance = grammar.distances(way.at).get(position)
    if distance is None:
        return None
    choice = _NEXT if distance == 1 else _LEAPT
    return _Way(way.cost + distance - 1, way.choices * 3 + choice, choice, position, way)


def _choices(grammar: Grammar, way: _Way) -> list[tuple[int, list[str]]]:
    found: list[tuple[int, list[str]]] = []
    while way.before is not None:
        leapt = grammar.way(1 << way.before.at, 1 << way.at, at_once=False) if way.choice == _LEAPT else []
        found.append((way.choice, [grammar.automaton.symbols[position] for position in leapt[:-1]]))
        way = way.before
    return found[::-1]


def _replay(grammar: Grammar, steps: Sequence[str], choices: list[tuple[int, list[str]]]) -> Alignment:
    state = START
    skipped: list[list[str]] = []
    misplaced: dict[int, list[str]] = {}
    for number, (step, (choice, leapt)) in enumerate(zip(steps, choices, strict=True)):
        for name in leapt:
            state = grammar.next(state, name) or state
        after = None if choice == _DROPPED else grammar.next(state, step)
        if after is None:
            misplaced[number] = grammar.expected(state)
        state = after or state
        skipped.append(leapt)
    return Alignment(skipped, misplaced, grammar.shortest_end(state))
