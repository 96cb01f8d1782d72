"""Reading a body to the end, as the collector does."""

import msgspec

from footfall.schema.batch import open_body
from footfall.schema.redaction import payload_text
from footfall.schema.validation import Verdict, judge, judge_batch
from footfall.schema.verdict import Profile

LARGEST = 1 << 20


def take(body: bytes, *, ndjson: bool = False, profile: Profile = Profile.V3, at_most: int = 1000) -> list[Verdict]:
    """The verdict on every event of a body that is not too large; raises BatchError and nothing else."""
    batch = open_body(body, ndjson=ndjson, at_most=at_most)
    accepted = judge_batch(batch.array) if batch.array is not None else None
    verdicts = [_judge(text, profile) for text in batch.texts(at_most) if len(text) <= LARGEST]
    if accepted is not None and len(verdicts) == len(accepted.events):
        assert [verdict.canonical for verdict in verdicts] == accepted.canonicals.splitlines()
    return verdicts


def _judge(text: bytes, profile: Profile) -> Verdict:
    verdict = judge(text, profile)
    assert (verdict.event is None) <= bool(verdict.findings)
    for masked in (True, False):
        payload_text(text, verdict.value, masked=masked)
    return msgspec.structs.replace(verdict, value=None)
