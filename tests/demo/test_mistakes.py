"""What is spoilt is refused, whichever way it goes."""

import pytest

from footfall.demo.event import chance
from footfall.demo.mistakes import spoil
from footfall.demo.way import Way
from footfall.dialects.identity_operation import Operation, read_operation
from footfall.spec.judge import judge
from footfall.spec.verdict import Profile

from .judging import translated
from .reading import lives, read


def _codes(text: bytes, way: Way) -> set[str]:
    """Why footfall refuses something; empty if it does not."""
    match way:
        case Way.TELEMETRY:
            verdicts = [judge(text, profile) for profile in Profile]
            is_taken = any(verdict.event is not None for verdict in verdicts)
            return set() if is_taken else {finding.code for finding in verdicts[0].findings}
        case Way.IDENTITY:
            found = read_operation(read(text))
            return set() if isinstance(found, Operation) else {finding.code for finding in found}
        case Way.LMS:
            return {finding.code for lost in translated(read(text)).lost for finding in lost.findings}


@pytest.mark.parametrize(
    ("way", "codes"),
    [
        (Way.TELEMETRY, {"missing_field", "wrong_type", "unknown_event", "unknown_field"}),
        (Way.IDENTITY, {"missing_field", "wrong_type", "value_not_allowed"}),
        (Way.LMS, {"missing_field", "value_not_allowed", "unknown_field"}),
    ],
)
def test_all_mistakes_are_refused(way: Way, codes: set[str]) -> None:
    draw = chance("mistakes")
    texts = [noted.text for visit in lives(1, 2, 20_000) for noted in visit.events if noted.way is way]
    assert len(texts) > 50
    found = [_codes(spoil(text, way, draw), way) for text in texts[:2000]]
    assert all(found)
    assert set.union(*found) == codes
    assert all(not _codes(text, way) for text in texts[:2000])
