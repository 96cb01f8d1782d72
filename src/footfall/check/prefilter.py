"""Telling from a valid event, before its JSON is decoded a second time, that it is no step of any plan."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from msgspec import UNSET

from footfall.plans.model import Expectation, Path, Plan, Scalar
from footfall.plans.values import expectation_of

_Test = tuple[Callable[[Any], Any], frozenset[str]]
_Texts = dict[Path, frozenset[str]]


class Prefilter:
    """Lets through all events that may be a step of a flow, or of a named type, and few others."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        ways: dict[str, list[_Texts]] = defaultdict(list)
        for plan in plans:
            if plan.kind == "workflow":  # what an event is to them depends on the events around it
                continue
            for eid, texts in _ways(plan):
                ways[eid].append(texts)
        self._tests = {eid: _tests(found) for eid, found in ways.items()}

    def passes(self, eid: str, event: Any) -> bool:
        """Whether an event, decoded to its Struct, may be a step."""
        tests = self._tests.get(eid, ())
        if tests is None:
            return True
        for value_of, texts in tests:
            try:
                if value_of(event) in texts:
                    return True
            except (AttributeError, TypeError):  # where edata is free, and what cannot be a text
                return True
        return False


def _ways(plan: Plan) -> list[tuple[str, _Texts]]:
    if plan.kind == "types":
        return [(plan.event, {"edata.type": frozenset((one.type, *one.aliases))}) for one in plan.types]
    usual = [(step.event, _texts(step.match)) for step in plan.steps]
    return usual + [(one.event, _texts(one.match)) for step in plan.steps for one in step.variants]


def _texts(match: dict[Path, Scalar | Expectation]) -> _Texts:
    """The paths that are held to a few texts. An array may be in the way of cdata, and of what is free anything."""
    found = {}
    for path, expected in match.items():
        expectation = expectation_of(expected)
        only = [expectation.is_] if expectation.is_ is not UNSET else expectation.one_of
        texts = [value for value in only if isinstance(value, str)]
        if texts and len(texts) == len(only) and not expectation.optional and _is_plain(path):
            found[path] = frozenset((*texts, *expectation.accept))
    return found


def _is_plain(path: Path) -> bool:
    """Whether a path leads to a text that every event has as an attribute, if it has it at all."""
    return path in ("context.env", "object.type") or (path.startswith("edata.") and path.count(".") == 1)


def _tests(ways: list[_Texts]) -> list[_Test] | None:
    """For every way one path that it needs, as few paths as possible; None where a way needs none."""
    counts = Counter(path for way in ways for path in way)
    found: dict[Path, frozenset[str]] = {}
    for way in ways:
        if not way:
            return None
        path = max(way, key=lambda path: (counts[path], path))
        found[path] = found.get(path, frozenset()) | way[path]
    return [(attrgetter(path), texts) for path, texts in found.items()]
