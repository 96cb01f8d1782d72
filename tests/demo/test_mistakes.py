"""What is spoilt is refused, whichever way it goes."""

import pytest

from footfall.demo.endpoints import Endpoint
from footfall.demo.event import chance
from footfall.demo.mistakes import spoil
from footfall.dialects.identity.operation import Operation, read_operation
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .judging import translated
from .reading import lives, read


def _codes(text: bytes, way: Endpoint) -> set[str]:
    """Why footfall refuses something; empty if it does not."""
    match way:
        case Endpoint.TELEMETRY:
            verdicts = [judge(text, profile) for profile in Profile]
            is_taken = any(verdict.event is not None for verdict in verdicts)
            return set() if is_taken else {finding.code for finding in verdicts[0].findings}
        case Endpoint.IDENTITY:
            found = read_operation(read(text))
            return set() if isinstance(found, Operation) else {finding.code for finding in found}
        case Endpoint.LMS:
            return {finding.code for lost in translated(read(text)).lost for finding in lost.findings}


@pytest.mark.parametrize(
    ("way", "codes"),
    [
        (Endpoint.TELEMETRY, {"missing_field", "wrong_type", "unknown_event", "unknown_field"}),
        (Endpoint.IDENTITY, {"missing_field", "wrong_type", "value_not_allowed"}),
        (Endpoint.LMS, {"missing_field", "value_not_allowed", "unknown_field"}),
    ],
)
def test_all_mistakes_are_refused(way: Endpoint, codes: set[str]) -> None:
    draw = chance("mistakes")
    texts = [noted.text for visit in lives(1, 2, 20_000) for noted in visit.events if noted.way is way]
    assert len(texts) > 50
    found = [_codes(spoil(text, way, draw), way) for text in texts[:2000]]
    assert all(found)
    assert set.union(*found) == codes
    assert all(not _codes(text, way) for text in texts[:2000])
