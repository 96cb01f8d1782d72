"""Whether an expectation takes less than it did, or more."""

from collections.abc import Iterator

from msgspec import UNSET

from footfall.plans.diff.change import Change, Effect, additive, breaking
from footfall.plans.model import Expectation, Scalar
from footfall.plans.values import expectation_of, judge, said

Expected = dict[str, Scalar | Expectation]


def compare_paths(old: Expected, new: Expected, path: str, missed: str) -> Iterator[Change]:
    """Changes of what is expected by path; `missed` says what becomes of events that do not hold to it."""
    for name in old:
        if name not in new:
            yield additive(f'{path}["{name}"]', "nothing is expected of it any more")
    for name, expected in new.items():
        at = f'{path}["{name}"]'
        if name not in old:
            yield breaking(at, f"expects {said(expected)} now", missed)
        else:
            yield from _compare(expectation_of(old[name]), expectation_of(expected), at, missed)


def _compare(old: Expectation, new: Expectation, path: str, missed: str) -> Iterator[Change]:
    narrower = [*_narrower(old, new)]
    wider = [*_narrower(new, old)]
    for reason in narrower:
        yield breaking(path, reason, missed)
    if not narrower and wider:
        yield additive(path, f"takes more: {said(new)}")
    if old.about != new.about:
        yield Change(f"{path}.about", Effect.WORDING, "is worded otherwise")


def _narrower(old: Expectation, new: Expectation) -> Iterator[str]:
    """What an expectation took and another does not, or only with a warning that is new."""
    if old.optional and not new.optional:
        yield "must be there now"
    if said(old) != said(new) and not _covers(old, new):
        yield f"expects {said(new)}, no longer {said(old)}"
    verdict = judge(new)
    for value, slug in old.accept.items():
        found = verdict(value)
        if not found.holds:
            yield f'no longer takes the variant "{value}"'
        elif found.warning not in ("", slug):
            yield f'the variant "{value}" earns {found.warning}, no longer {slug}'


def _covers(old: Expectation, new: Expectation) -> bool:
    """Whether everything that one takes without a warning, another does too, as far as can be told."""
    values = [old.is_] if old.is_ is not UNSET else old.one_of
    if values:
        verdict = judge(new)
        return all(verdict(value) == (True, "") for value in values)
    return bool(old.pattern) and new.type == "string"
