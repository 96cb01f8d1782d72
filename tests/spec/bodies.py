"""Reading a body to the end, as the collector does."""

from footfall.spec.batch import open_body
from footfall.spec.judge import Verdict, judge, judge_batch
from footfall.spec.mask import payload_text
from footfall.spec.verdict import Profile


def take(body: bytes, *, ndjson: bool = False, profile: Profile = Profile.V3, at_most: int = 1000) -> list[Verdict]:
    """The verdict on every event of a body; raises BatchError and nothing else."""
    batch = open_body(body, ndjson=ndjson, at_most=at_most)
    accepted = judge_batch(batch.array) if batch.array is not None else None
    texts = batch.texts(at_most)
    verdicts = [judge(text, profile) for text in texts]
    if accepted is not None:
        assert [verdict.canonical for verdict in verdicts] == accepted.canonicals
    for text, verdict in zip(texts, verdicts, strict=True):
        assert (verdict.event is None) <= bool(verdict.findings)
        for masked in (True, False):
            payload_text(text, verdict.value, masked=masked)
    return verdicts
