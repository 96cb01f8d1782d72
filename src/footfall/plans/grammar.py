"""The order of a flow's steps: names, `|` for a choice, `?`, `*`, `+` and parentheses.

opened? viewed (failed | received (existing | created))? returned
"""

import re
from collections import deque
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache

from footfall.plans.automaton import NOTHING, Automaton, Part, TooLargeError, positions
from footfall.plans.errors import OrderError

State = int
START: State = 1

_LONGEST = 20_000
_DEEPEST = 50
_MOST_STATES = 20_000
_TOKEN = re.compile(r"[ \t\r\n]+|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>[|?*+()])")


class Grammar:
    """An order that can be followed step by step. States are comparable, hashable and mean nothing outside it.

    Raises OrderError, with a column, for an expression that cannot be read or names an unknown step.
    """

    def __init__(self, order: str, steps: Iterable[str]) -> None:
        self.order = order
        self.steps = tuple(steps)
        self.automaton = _Reader(order, self.steps).read()
        self._moves: dict[tuple[State, str], State] = {}
        self._distances: dict[int, dict[int, int]] = {}

    def start(self) -> State:
        """The state before any step."""
        return START

    def next(self, state: State, step: str) -> State | None:
        """The state after a step, None where the step may not come."""
        key = (state, step)
        found = self._moves.get(key)
        if found is None:
            found = self.automaton.move(state, step)
            if len(self._moves) < _MOST_STATES:
                self._moves[key] = found
        return found or None

    def expected(self, state: State) -> list[str]:
        """Names of the steps that may come next, in the order of the expression."""
        symbols = self.automaton.symbols
        return list(dict.fromkeys(symbols[at] for at in positions(self.automaton.after(state))))

    def is_end(self, state: State) -> bool:
        """Whether a flow may end here."""
        return bool(state & self.automaton.ends)

    def shortest_end(self, state: State) -> list[str]:
        """The fewest steps from here to an end; empty where this is one."""
        path = self.way(state, self.automaton.ends)
        return [self.automaton.symbols[position] for position in path]

    def way(self, state: State, goal: State, *, at_once: bool = True) -> list[int]:
        """Positions on the shortest way from a state to a position of a goal, which is the last of them.

        Empty where the state is at the goal already, unless it is to be reached (again) from there.
        """
        if at_once and state & goal:
            return []
        came_from: dict[int, int] = {}
        queue = deque((at, -1) for at in positions(state))
        while queue:
            at, number = queue.popleft()
            for position in positions(self.automaton.follow[at]):
                if position in came_from:
                    continue
                came_from[position] = number
                if goal >> position & 1:
                    return _trace(came_from, position)
                queue.append((position, position))
        return []

    def distances(self, position: int) -> dict[int, int]:
        """How many steps it takes at least from one position to each other (and back to itself)."""
        found = self._distances.get(position)
        if found is None:
            found = self._distances[position] = {}
            state, steps = 1 << position, 0
            seen = 0
            while state:
                steps += 1
                state = self.automaton.after(state) & ~seen
                seen |= state
                found.update(dict.fromkeys(positions(state), steps))
        return found

    def can_skip(self, step: str) -> bool:
        """Whether a flow can reach an end without a step."""
        blocked = self.automaton.of_symbol.get(step, 0)
        seen = state = START
        while state:
            if state & self.automaton.ends:
                return True
            state = self.automaton.after(state) & ~blocked & ~seen
            seen |= state
        return False

    def can_repeat(self, step: str) -> bool:
        """Whether a step may come more than once in a flow."""
        mine = self.automaton.of_symbol.get(step, 0)
        return bool(self._reachable(mine) & mine)

    def is_mentioned(self, step: str) -> bool:
        """Whether the order speaks of a step at all."""
        return step in self.automaton.of_symbol

    def can_end_with(self, step: str) -> bool:
        """Whether a step can be the last of a flow."""
        return bool(self.automaton.of_symbol.get(step, 0) & self.automaton.ends)

    def _reachable(self, state: State) -> State:
        seen = 0
        while state:
            state = self.automaton.after(state) & ~seen
            seen |= state
        return seen


@lru_cache(maxsize=256)
def grammar_of(order: str, steps: tuple[str, ...]) -> Grammar:
    """A grammar that is kept for the next caller with the same order; raises OrderError."""
    return Grammar(order, steps)


def counterexample(old: Grammar, new: Grammar) -> list[str] | None:
    """A shortest flow that the old order takes and the new one does not; None where there is none.

    Raises OverflowError where the orders are too entangled for an answer (more than 20,000 pairs of states).
    """
    start = (START, START)
    came_from: dict[tuple[State, State], tuple[tuple[State, State], str] | None] = {start: None}
    queue = deque([start])
    while queue:
        pair = queue.popleft()
        if old.is_end(pair[0]) and not new.is_end(pair[1]):
            return _word(came_from, pair)
        for step in old.expected(pair[0]):
            reached = (old.automaton.move(pair[0], step), new.automaton.move(pair[1], step))
            if reached not in came_from:
                came_from[reached] = (pair, step)
                queue.append(reached)
        if len(came_from) > _MOST_STATES:
            raise OverflowError
    return None


def _word(
    came_from: dict[tuple[State, State], tuple[tuple[State, State], str] | None], pair: tuple[State, State]
) -> list[str]:
    word = []
    while (step := came_from[pair]) is not None:
        pair = step[0]
        word.append(step[1])
    return word[::-1]


def _trace(came_from: dict[int, int], position: int) -> list[int]:
    path = [position]
    while (position := came_from[position]) >= 0:
        path.append(position)
    return path[::-1]


class _Reader:
    """Reads an expression by descending into its parentheses."""

    def __init__(self, order: str, steps: tuple[str, ...]) -> None:
        if len(order) > _LONGEST:
            raise OrderError(f"is longer than {_LONGEST} characters", 1)
        self.tokens = _tokens(order)
        self.end = len(order) + 1
        self.at = 0
        self.depth = 0
        self.steps = steps
        self.known = frozenset(steps)
        self.automaton = Automaton()

    def read(self) -> Automaton:
        if not self.tokens:
            raise OrderError("is empty", 1, hint=f"for example: {' '.join(self.steps)}")
        whole = self._choice()
        if self.at < len(self.tokens):
            raise OrderError("this ) closes nothing", self._column())
        self.automaton.close(whole)
        return self.automaton

    def _choice(self) -> Part:
        part = self._sequence()
        while self._take("|"):
            part = self.automaton.either(part, self._sequence())
        return part

    def _sequence(self) -> Part:
        part = NOTHING
        count = 0
        while self.at < len(self.tokens) and self._peek() not in ("|", ")"):
            part = self.automaton.chain(part, self._repeated())
            count += 1
        if not count:
            raise OrderError("expected a step or (", self._column())
        return part

    def _repeated(self) -> Part:
        part = self._single()
        while (sign := self._peek()) in ("?", "*", "+"):
            self.at += 1
            if sign != "?":
                part = self.automaton.loop(part)
            if sign != "+":
                part = Part(True, part.first, part.last)
        return part

    def _single(self) -> Part:
        if self._take("("):
            return self._group()
        text, column = self.tokens[self.at]
        if text in "?*+":
            raise OrderError(f"{text} stands after nothing", column)
        if text not in self.known:
            close = get_close_matches(text, self.steps, 1)
            raise OrderError(f"there is no step {text!r}", column, hint=f"did you mean {close[0]}?" if close else "")
        self.at += 1
        try:
            return self.automaton.symbol(text)
        except TooLargeError:
            raise OrderError("names more than 2,000 steps", column) from None

    def _group(self) -> Part:
        opened = self.tokens[self.at - 1][1]
        self.depth += 1
        if self.depth > _DEEPEST:
            raise OrderError(f"is nested deeper than {_DEEPEST}", opened)
        part = self._choice()
        if not self._take(")"):
            raise OrderError("this ( is never closed", opened)
        self.depth -= 1
        return part

    def _peek(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def _take(self, sign: str) -> bool:
        taken = self._peek() == sign
        self.at += taken
        return taken

    def _column(self) -> int:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else self.end


def _tokens(order: str) -> list[tuple[str, int]]:
    found = []
    at = 0
    while at < len(order):
        match = _TOKEN.match(order, at)
        if match is None:
            raise OrderError(f"{order[at]!r} has no place in an order", at + 1, hint="names, | ? * + and parentheses")
        if match.lastgroup:
            found.append((match.group(), at + 1))
        at = match.end()
    return found
