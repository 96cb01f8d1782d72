"""Work that can be done in slices: a generator that yields wherever somebody else may have a turn."""

from collections.abc import Generator
from typing import TypeVar

_T = TypeVar("_T")

Steps = Generator[None, None, _T]


def finish(steps: Generator[object, None, _T]) -> _T:
    """Do all of it at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: _T = done.value
            return result
