"""What a change of a plan does to those who send events by it, and to those who read what came of them."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, TypeVar

from msgspec import Struct

Named = TypeVar("Named", bound=Struct)


class Effect(StrEnum):
    """`breaking`: somebody who changes nothing is judged otherwise, or reads something else."""

    WORDING = "wording"
    ADDITIVE = "additive"
    BREAKING = "breaking"


class Change(Struct, frozen=True):
    """One change: where, what it does, what it is, and why it does that."""

    path: str
    effect: Effect
    says: str
    reason: str = ""


def breaking(path: str, says: str, reason: str) -> Change:
    """A change that breaks something."""
    return Change(path, Effect.BREAKING, says, reason)


def additive(path: str, says: str, reason: str = "") -> Change:
    """A change that only allows more."""
    return Change(path, Effect.ADDITIVE, says, reason)


def wording(old: Struct, new: Struct, path: str, *keys: str) -> Iterator[Change]:
    """Changes of keys that are there for people."""
    for key in keys:
        if getattr(old, key) != getattr(new, key):
            yield Change(f"{path}.{key}", Effect.WORDING, "is worded otherwise")


def by_name(items: Iterable[Named], name: Callable[[Named], Any]) -> dict[Any, Named]:
    """Parts by name."""
    return {name(item): item for item in items}


def subset(old: Iterable[Any], new: Iterable[Any], path: str, gone: str, more: str = "") -> Iterator[Change]:
    """Changes of a list of names: fewer break something, more do not."""
    before, after = [*old], [*new]
    for name in before:
        if name not in after:
            yield breaking(path, f"{name} is gone", gone)
    for name in after:
        if name not in before:
            yield additive(path, f"{name} is new", more)


def flag(old: bool, new: bool, path: str, off: str, on: str = "") -> Iterator[Change]:
    """Changes of a permission: taking it away breaks something, giving it does not."""
    if old and not new:
        yield breaking(path, "is no longer true", off)
    elif new and not old:
        yield additive(path, "is true now", on)
