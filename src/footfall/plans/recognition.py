"""Which step of a workflow a mark is."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from msgspec import UNSET

from footfall.plans.mark import KEPT, Mark
from footfall.plans.model import Expectation, Scalar, Step
from footfall.plans.values import MISSING, Judgement, expectation_of, judge


class _Test(NamedTuple):
    """What a field of a mark must hold: one of some texts, or what a judge says."""

    field: str
    texts: frozenset[str | None]
    judge: Callable[[object], Judgement]


class Steps:
    """The steps of a workflow, of which a mark is the first that matches, as they stand in the plan."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._of: dict[str, list[tuple[str, list[_Test]]]] = defaultdict(list)
        for step in steps:
            for event, match in events_of(step):
                self._of[event].append((step.step, _tests(match)))

    def of(self, mark: Mark) -> str:
        """The step that a mark is, blank for none."""
        for step, tests in self._of.get(mark.eid, ()):
            for field, texts, judged in tests:
                value = getattr(mark, field)
                if not (value in texts if texts else judged(MISSING if value is None else value).holds):
                    break
            else:
                return step
        return ""


def events_of(step: Step) -> list[tuple[str, dict[str, Scalar | Expectation]]]:
    """The events that a step can be, each with what it must match: its own, and its variants."""
    return [(step.event, step.match), *((one.event, one.match) for one in step.variants)]


def _tests(match: dict[str, Scalar | Expectation]) -> list[_Test]:
    return [_Test(KEPT[path], _texts(expectation_of(one)), judge(one)) for path, one in match.items() if path in KEPT]


def _texts(expected: Expectation) -> frozenset[str | None]:
    """The only texts that are taken, with None where the field may be missing; none where others may be."""
    only = [expected.is_] if expected.is_ is not UNSET else expected.one_of
    texts = [one for one in only if isinstance(one, str)]
    if not texts or len(texts) < len(only):
        return frozenset()
    return frozenset([*texts, *expected.accept, *([None] if expected.optional else [])])
