"""Live traffic: endless, at the rate asked for, in small batches, never the same twice."""

from itertools import accumulate, chain, islice, takewhile

import pytest

from footfall.demo.live import live

from .reading import NOON, is_good, read, when

Stream = list[tuple[float, list[bytes]]]


@pytest.fixture(scope="module")
def stream() -> Stream:
    return list(islice(live(7, NOON, "a"), 2500))


def _texts(stream: Stream) -> list[bytes]:
    return list(chain.from_iterable(batch for _, batch in stream))


def test_same_arguments_same_stream(stream: Stream) -> None:
    assert list(islice(live(7, NOON, "a"), 2500)) == stream


def test_small_batches_at_the_rate(stream: Stream) -> None:
    assert {len(batch) for _, batch in stream} == set(range(1, 11))
    assert all(delay >= 0 for delay, _ in stream)
    assert len(_texts(stream)) / sum(delay for delay, _ in stream) == pytest.approx(20, rel=0.1)


@pytest.mark.parametrize("rate", [2.0, 8.0])
def test_other_rates(rate: float) -> None:
    elapsed = 0.0
    count = 0
    for delay, batch in live(7, NOON, "a", rate):
        elapsed += delay
        count += len(batch)
        if elapsed > 1800:
            break
    assert count / elapsed == pytest.approx(rate, rel=0.1)


def test_people_are_under_way_at_once() -> None:
    minute = takewhile(lambda pair: pair[0] < 60, zip(*_timed(), strict=True))
    assert sum(len(batch) for _, batch in minute) == pytest.approx(1200, rel=0.2)


def _timed() -> tuple[list[float], list[list[bytes]]]:
    stream = list(islice(live(7, NOON, "a"), 400))
    return list(accumulate(delay for delay, _ in stream)), [batch for _, batch in stream]


def test_events_have_just_happened_when_they_are_sent(stream: Stream) -> None:
    now = float(NOON)
    late = []
    for delay, batch in stream:
        now += delay * 1000
        late += [now - when(read(text)) for text in batch]
    assert min(late) > 0
    assert sorted(late)[len(late) * 9 // 10] < 300_000


def test_a_second_run_shares_no_message_id(stream: Stream) -> None:
    first = {read(text).get("mid") for text in _texts(stream)}
    second = {read(text).get("mid") for text in _texts(list(islice(live(7, NOON, "b"), 2500)))}
    assert first & second == {None}


def test_mistakes_and_whole_batches_sent_again(stream: Stream) -> None:
    texts = _texts(stream)
    bad = sum(not is_good(text) for text in texts)
    assert 0.005 < bad / len(texts) < 0.016
    batches = [tuple(batch) for _, batch in stream]
    assert 0.004 < 1 - len(set(batches)) / len(batches) < 0.018
    assert len(set(texts)) == len(set(chain.from_iterable(set(batches))))
