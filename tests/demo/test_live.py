"""Live traffic: endless, at the rate asked for, in small batches, never the same twice."""

from collections import defaultdict
from itertools import accumulate, islice, takewhile
from typing import Any

import pytest

from footfall.demo.endpoints import Endpoint, Parcel
from footfall.demo.live import live

from .reading import NOON, is_good, read, when

Stream = list[tuple[float, Parcel]]


@pytest.fixture(scope="module")
def whole() -> Stream:
    return list(islice(live(7, NOON, "a"), 2500))


@pytest.fixture(scope="module")
def stream(whole: Stream) -> Stream:
    """What comes after the parcels that are sent at once."""
    return _later(whole)


def _later(whole: Stream) -> Stream:
    return whole[next(number for number, (delay, _) in enumerate(whole) if delay) :]


def _texts(stream: Stream, way: Endpoint = Endpoint.TELEMETRY) -> list[bytes]:
    return [text for _, parcel in stream for text in parcel.texts if parcel.way is way]


def test_same_arguments_same_stream(whole: Stream) -> None:
    assert list(islice(live(7, NOON, "a"), 2500)) == whole


def test_small_batches_at_the_rate(stream: Stream) -> None:
    assert {len(parcel.texts) for _, parcel in stream if parcel.way is Endpoint.TELEMETRY} == set(range(1, 11))
    assert {len(parcel.texts) for _, parcel in stream if parcel.way is not Endpoint.TELEMETRY} == {1}
    assert all(delay >= 0 for delay, _ in stream)
    assert sum(len(_texts(stream, way)) for way in Endpoint) / sum(delay for delay, _ in stream) == pytest.approx(
        20, rel=0.1
    )


def test_operations_and_an_lms_are_there_too(stream: Stream) -> None:
    assert len(_texts(stream, Endpoint.IDENTITY)) > 50
    assert len(_texts(stream, Endpoint.LMS)) > 50


@pytest.mark.parametrize("rate", [2.0, 8.0])
def test_other_rates(rate: float) -> None:
    elapsed = 0.0
    count = 0
    for delay, parcel in live(7, NOON, "a", rate):
        elapsed += delay
        count += len(parcel.texts) if elapsed else 0
        if elapsed > 1800:
            break
    assert count / elapsed == pytest.approx(rate, rel=0.1)


def test_people_are_under_way_at_once(stream: Stream) -> None:
    times = accumulate(delay for delay, _ in stream)
    minute = takewhile(lambda pair: pair[0] < 60, zip(times, stream, strict=False))
    assert sum(len(parcel.texts) for _, (_, parcel) in minute) == pytest.approx(1200, rel=0.2)


def test_those_who_are_under_way_begin_at_the_beginning(whole: Stream, stream: Stream) -> None:
    """Nobody is met in the middle of an app or a sign-up: what they did before is sent at once."""
    before = whole[: len(whole) - len(stream)]
    assert 0 < len(before) < 30
    begun: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in map(read, _texts(whole)):
        begun[event["context"]["sid"]].append(event)
    spoilt = {read(text)["context"]["sid"] for text in _texts(whole) if not is_good(text)}
    late = {read(text)["context"]["sid"] for text in _texts(whole[-20:])}  # what came before may be on its way yet
    firsts = [min(events, key=when)["eid"] for sid, events in begun.items() if sid not in spoilt | late]
    assert firsts.count("START") / len(firsts) > 0.75
    assert {"END", "ASSESS", "SHARE"}.isdisjoint(firsts)


def test_events_have_just_happened_when_they_are_sent(stream: Stream) -> None:
    now = float(NOON)
    late = []
    for delay, parcel in stream:
        now += delay * 1000
        late += [now - when(read(text)) for text in parcel.texts if parcel.way is Endpoint.TELEMETRY]
    assert min(late) > 0
    assert sorted(late)[len(late) * 9 // 10] < 300_000


def test_a_second_run_shares_no_message_id(whole: Stream) -> None:
    first = {read(text).get("mid") for text in _texts(whole)}
    second = {read(text).get("mid") for text in _texts(list(islice(live(7, NOON, "b"), 2500)))}
    assert first & second == {None}


def test_mistakes_and_whole_batches_sent_again(stream: Stream) -> None:
    texts = _texts(stream)
    bad = sum(not is_good(text) for text in texts)
    assert 0.005 < bad / len(texts) < 0.016
    batches = [tuple(parcel.texts) for _, parcel in stream]
    assert 0.004 < 1 - len(set(batches)) / len(batches) < 0.018
    assert len(set(texts)) == sum(len(batch) for batch in set(batches) if b'"eid"' in batch[0])
