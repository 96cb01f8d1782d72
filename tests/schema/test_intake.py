"""Journal records are read back as they were written."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.schema.record import VERSION, Agent, Duplicate, IngestRecord, Rejected, pack, unpack
from footfall.schema.verdict import Finding

words = st.text(max_size=10)
blanks = st.none() | words
times = st.integers(0, 2**53)
numbers = st.none() | st.floats(allow_nan=False)
findings = st.lists(st.builds(Finding, code=words, path=words, found=blanks, message=words), max_size=3)
indexes = st.integers(0, 2**32)
intakes = st.builds(
    IngestRecord,
    version=st.just(VERSION),
    received_at=times,
    of=st.integers(0, 10_000),
    channel=words,
    events=st.binary(max_size=50),
    keys=st.binary(max_size=32),
    lenient=st.booleans(),
    indexes=st.lists(indexes, max_size=3),
    channels=st.lists(words, max_size=3),
    warnings=st.dictionaries(indexes, findings, max_size=3),
    refused=st.lists(
        st.builds(
            Rejected,
            index=indexes,
            findings=findings,
            mid=blanks,
            eid=blanks,
            ets=numbers,
            channel=words,
            payload=blanks,
        ),
        max_size=2,
    ),
    repeats=st.lists(
        st.builds(Duplicate, index=indexes, mid=words, eid=words, ets=st.floats(allow_nan=False), channel=words),
        max_size=2,
    ),
    sent_at=numbers,
    agent=st.none() | st.builds(Agent, family=blanks, version=blanks, system=blanks),
    device=blanks,
    app=blanks,
)


@given(intakes)
def test_a_record_is_read_back_as_it_was_written(intake: IngestRecord) -> None:
    record = pack(intake)

    assert unpack(record) == intake
    assert unpack(memoryview(record)) == intake
    assert pack(unpack(record)) == record


@given(intakes, st.data())
def test_a_record_that_is_cut_short_is_refused(intake: IngestRecord, data: st.DataObject) -> None:
    record = pack(intake)

    with pytest.raises(msgspec.DecodeError):
        unpack(record[: data.draw(st.integers(0, len(record) - 1))])


@given(st.binary(max_size=60))
def test_other_bytes_are_no_record(other: bytes) -> None:
    try:
        unpack(other)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return


def test_a_record_of_an_older_version_lacks_only_what_has_a_default() -> None:
    record = msgspec.msgpack.encode([VERSION, 1, 0, "c", b"[]", b""])

    assert unpack(record) == IngestRecord(VERSION, 1, 0, "c", memoryview(b"[]"), b"")


def test_a_finding_is_four_values_in_a_row() -> None:
    assert msgspec.json.encode(Finding("a", "$.b", None, "c")) == b'["a","$.b",null,"c"]'
