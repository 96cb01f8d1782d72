"""Regular expressions over any alphabet, as automata whose states are sets of positions kept in one integer.

An expression is made with `symbol`, `chain`, `either` and `loop`; orders of steps and patterns of texts are both made
of these. Following one symbol costs time in the number of positions, never more.
"""

from collections.abc import Iterator

from msgspec import Struct

MOST_POSITIONS = 2_000


class TooLargeError(ValueError):
    """More positions than anybody needs."""


class Part(Struct, frozen=True):
    """A stretch of an expression: whether nothing at all fits, and the positions it may begin and end with."""

    empty: bool
    first: int
    last: int


NOTHING = Part(True, 0, 0)


class Automaton:
    """The positions of an expression (bit 0 is the beginning) and which may follow which."""

    def __init__(self) -> None:
        self.symbols: list[str] = [""]
        self.follow: list[int] = [0]
        self.of_symbol: dict[str, int] = {}
        self.ends = 0

    def symbol(self, name: str) -> Part:
        """One position for a symbol; raises TooLargeError past 2,000."""
        if len(self.symbols) > MOST_POSITIONS:
            raise TooLargeError
        bit = 1 << len(self.symbols)
        self.symbols.append(name)
        self.follow.append(0)
        self.of_symbol[name] = self.of_symbol.get(name, 0) | bit
        return Part(False, bit, bit)

    def chain(self, before: Part, after: Part) -> Part:
        """One after the other."""
        self._join(before.last, after.first)
        return Part(
            before.empty and after.empty,
            before.first | after.first if before.empty else before.first,
            before.last | after.last if after.empty else after.last,
        )

    def either(self, one: Part, other: Part) -> Part:
        """One or the other."""
        return Part(one.empty or other.empty, one.first | other.first, one.last | other.last)

    def loop(self, part: Part) -> Part:
        """Once or more."""
        self._join(part.last, part.first)
        return part

    def close(self, whole: Part) -> None:
        """Say which part is the whole expression."""
        self.follow[0] = whole.first
        self.ends = whole.last | (1 if whole.empty else 0)

    def after(self, state: int) -> int:
        """Every position that may come after a state."""
        reached = 0
        for position in positions(state):
            reached |= self.follow[position]
        return reached

    def move(self, state: int, name: str) -> int:
        """The state after a symbol; 0 where it does not fit."""
        mask = self.of_symbol.get(name, 0)
        return self.after(state) & mask if mask else 0

    def _join(self, last: int, first: int) -> None:
        for position in positions(last):
            self.follow[position] |= first


def positions(state: int) -> Iterator[int]:
    """The positions in a state, ascending."""
    while state:
        lowest = state & -state
        yield lowest.bit_length() - 1
        state ^= lowest
