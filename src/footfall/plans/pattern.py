"""Patterns that take linear time whatever the text: the common part of Python's and JavaScript's, matched as a whole.

Characters, `.`, classes such as `[a-z]`, `\\d`, `\\w`, `\\s`, groups, `|`, `?`, `*`, `+`, `{2}`, `{2,5}`. There are no
anchors, look-arounds, back-references or lazy repeats.
"""

import re
from functools import lru_cache

from footfall.plans.automaton import NOTHING, Automaton, Part, TooLargeError, positions
from footfall.plans.errors import PatternError

_LONGEST = 1_000
_DEEPEST = 20
_MOST_MOVES = 10_000
_SETS = ("--", "&&", "~~", "||")  # would mean something else in a later Python
_ATOM = re.compile(r"\[\^?(?:\\.|[^\[\]\\])+\]|\\[dDwWsS]|\\[^A-Za-z0-9]|\.|[^\\\[\]()|?*+{}^$.]", re.DOTALL)
_TIMES = re.compile(r"\{(\d{1,4})(?:(,)(\d{1,4})?)?\}")


class Pattern:
    """A compiled pattern; raises PatternError for one that is not of this kind."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._automaton = _Reader(text).read()
        self._tests = {at: _character(symbol) for at, symbol in enumerate(self._automaton.symbols) if symbol}
        self._moves: dict[tuple[int, str], int] = {}

    def matches(self, text: str) -> bool:
        """Whether a whole text is of this form."""
        state = 1
        moves = self._moves
        for character in text:
            known = moves.get((state, character))
            state = self._move(state, character) if known is None else known
            if not state:
                return False
        return bool(state & self._automaton.ends)

    def _move(self, state: int, character: str) -> int:
        reached = 0
        for position in positions(self._automaton.after(state)):
            if self._tests[position].fullmatch(character):
                reached |= 1 << position
        if len(self._moves) >= _MOST_MOVES:
            self._moves.clear()
        self._moves[state, character] = reached
        return reached


@lru_cache(maxsize=1_000)
def _character(symbol: str) -> re.Pattern[str]:
    return re.compile(symbol, re.DOTALL | re.ASCII)


class _Reader:
    def __init__(self, text: str) -> None:
        if len(text) > _LONGEST:
            raise PatternError(f"is longer than {_LONGEST} characters")
        self.text = text
        self.at = 0
        self.depth = 0
        self.automaton = Automaton()

    def read(self) -> Automaton:
        try:
            whole = self._choice()
        except TooLargeError:
            raise PatternError("repeats too much") from None
        if self.at < len(self.text):
            raise self._unknown()
        self.automaton.close(whole)
        return self.automaton

    def _choice(self) -> Part:
        part = self._sequence()
        while self._peek() == "|":
            self.at += 1
            part = self.automaton.either(part, self._sequence())
        return part

    def _sequence(self) -> Part:
        part = NOTHING
        while self._peek() not in ("", "|", ")"):
            part = self.automaton.chain(part, self._repeated())
        return part

    def _repeated(self) -> Part:
        begin = self.at
        part = self._single()
        end = self.at
        sign = self._peek()
        if sign and sign in "?*+":
            self.at += 1
            part = part if sign == "?" else self.automaton.loop(part)
            part = part if sign == "+" else Part(True, part.first, part.last)
        elif sign == "{":
            part = self._times(part, begin, end)
        if (sign := self._peek()) and sign in "?*+{":
            raise PatternError(f"cannot repeat a repeat, at character {self.at + 1}")
        return part

    def _times(self, part: Part, begin: int, end: int) -> Part:
        match = _TIMES.match(self.text, self.at)
        if match is None:
            raise self._unknown()
        least = int(match[1])
        most = least if not match[2] else int(match[3]) if match[3] else None
        if most is not None and most < max(least, 1):
            raise PatternError(f"repeats at most {most} times, at character {self.at + 1}")
        copies = [part, *(self._again(begin, end) for _ in range(1, max(most or least, 1)))]
        if most is None:
            copies[-1] = self.automaton.loop(copies[-1])
        self.at = match.end()
        return self._chained(copies, least)

    def _again(self, begin: int, end: int) -> Part:
        self.at = begin
        part = self._single()
        if self.at != end:
            raise self._unknown()
        return part

    def _chained(self, copies: list[Part], least: int) -> Part:
        rest = NOTHING
        for number, copy in reversed(list(enumerate(copies))):
            rest = self.automaton.chain(copy, rest)
            if number >= least:
                rest = Part(True, rest.first, rest.last)
        return rest

    def _single(self) -> Part:
        if self._peek() == "(":
            return self._group()
        match = _ATOM.match(self.text, self.at)
        if match is None:
            raise self._unknown()
        self._check(match.group())
        self.at = match.end()
        return self.automaton.symbol(match.group())

    def _group(self) -> Part:
        opened = self.at
        self.depth += 1
        if self.depth > _DEEPEST:
            raise PatternError(f"is nested deeper than {_DEEPEST}")
        self.at += 3 if self.text.startswith("(?:", self.at) else 1
        part = self._choice()
        if self._peek() != ")":
            raise PatternError(f"the ( at character {opened + 1} is never closed")
        self.at += 1
        self.depth -= 1
        return part

    def _check(self, symbol: str) -> None:
        if len(symbol) > 2 and any(sign in symbol for sign in _SETS):
            raise PatternError(f"{symbol} is no plain class of characters")
        try:
            _character(symbol)
        except re.error as error:
            raise PatternError(f"{symbol} is no class of characters: {error.msg}") from None

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _unknown(self) -> PatternError:
        return PatternError(f"{self.text[self.at :][:1]!r} at character {self.at + 1} is not of the kind taken here")
