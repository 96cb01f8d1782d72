"""Values of an event by path, and whether they are what a plan expects."""

from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import UNSET

from footfall.plans.model import Expectation, Kind, Scalar
from footfall.plans.pattern import Pattern

STRING_FOR_BOOLEAN = "string_for_boolean"
TRUE_WORDS = frozenset({"true", "yes", "1"})
FALSE_WORDS = frozenset({"false", "no", "0"})

_KINDS: dict[Kind, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


class Missing:
    """Stands for a value that is not there."""


MISSING = Missing()


class Many(NamedTuple):
    """What a path leads to that passes through an array: one value for each item that has one."""

    values: list[Any]


class Judgement(NamedTuple):
    """Whether a value is as expected, and the warning earned by one that is a known variant."""

    holds: bool
    warning: str = ""


HOLDS = Judgement(True)
FAILS = Judgement(False)


def value_at(value: Any, keys: tuple[str, ...]) -> Any:
    """The value at a path, MISSING where there is none, Many where the path leads through an array."""
    for at, key in enumerate(keys):
        if type(value) is dict:
            value = value.get(key, MISSING)
        elif type(value) is list:
            return _many(value, keys[at:])
        else:
            return MISSING
    return value


def _many(items: list[Any], keys: tuple[str, ...]) -> Any:
    found: list[Any] = []
    for item in items:
        value = value_at(item, keys) if type(item) is dict else MISSING
        if type(value) is Many:
            found += value.values
        elif value is not MISSING:
            found.append(value)
    return Many(found) if found else MISSING


def same(value: Any, expected: Scalar) -> bool:
    """Whether a value is a scalar: numbers, texts and booleans are never one another, 1 and 1.0 are the same number."""
    if type(value) is bool or type(expected) is bool:
        return value is expected
    return value == expected and (value is None) == (expected is None)


def truth(value: Any) -> bool | None:
    """What a value says in a condition: a boolean, or a word for one such as "true"; None for neither."""
    if type(value) is bool:
        return value
    word = value.strip().lower() if type(value) is str else ""
    if word in TRUE_WORDS:
        return True
    return False if word in FALSE_WORDS else None


def expectation_of(expected: Scalar | Expectation) -> Expectation:
    """An expectation, of which a scalar is the short form."""
    return expected if isinstance(expected, Expectation) else Expectation(is_=expected)


def judge(expected: Scalar | Expectation) -> Callable[[Any], Judgement]:
    """A function that says of a value, MISSING or Many whether it is as expected.

    One value among Many is enough; one that needs no warning is preferred.
    """
    expectation = expectation_of(expected)
    holds = _test(expectation)
    texts = frozenset(one for one in (expectation.is_, *expectation.one_of) if isinstance(one, str))
    accept = {value: Judgement(True, slug) for value, slug in expectation.accept.items()}
    wants_boolean = expectation.type == "boolean" or type(expectation.is_) is bool
    absent = HOLDS if expectation.optional else FAILS

    def one(value: Any) -> Judgement:
        if holds(value):
            return HOLDS
        if type(value) is str:
            known = accept.get(value)
            if known is not None:
                return known
            word = truth(value) if wants_boolean else None
            if word is not None and holds(word):
                return Judgement(True, STRING_FOR_BOOLEAN)
        return FAILS

    def any_of(value: Any) -> Judgement:
        if type(value) is str and value in texts:
            return HOLDS
        if value is MISSING:
            return absent
        if type(value) is Many:
            return min(map(one, value.values), key=lambda found: (not found.holds, bool(found.warning)))
        return one(value)

    return any_of


def _test(expectation: Expectation) -> Callable[[Any], bool]:
    if expectation.is_ is not UNSET:
        only = expectation.is_
        return lambda value: same(value, only)
    if expectation.one_of:
        several = expectation.one_of
        return lambda value: any(same(value, each) for each in several)
    if expectation.pattern:
        pattern = Pattern(expectation.pattern)
        return lambda value: type(value) is str and pattern.matches(value)
    if expectation.type is not UNSET:
        types = _KINDS[expectation.type]
        return lambda value: type(value) in types
    return lambda value: True


def said(expected: Scalar | Expectation) -> str:
    """What is expected, in words."""
    expectation = expectation_of(expected)
    if expectation.is_ is not UNSET:
        return _quoted(expectation.is_)
    if expectation.one_of:
        return "one of " + ", ".join(map(_quoted, expectation.one_of))
    if expectation.pattern:
        return f"a text like {expectation.pattern}"
    if expectation.type is not UNSET:
        return f"{'an' if expectation.type[0] in 'ao' else 'a'} {expectation.type}"
    return "any value"


def _quoted(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else f'"{value}"' if isinstance(value, str) else str(value)
