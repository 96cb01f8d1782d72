"""Two weeks of history look like two weeks on a real platform."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain
from typing import Any

import pytest

from footfall.demo.endpoints import Endpoint, Parcel
from footfall.demo.history import MOST, history
from footfall.schema.schemas import EIDS
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .reading import DAY_MS, HOUR_MS, NOON, is_good, read, when

TARGET = 40_000


@pytest.fixture(scope="module")
def parcels() -> list[Parcel]:
    return list(history(7, NOON, target_events=TARGET))


@pytest.fixture(scope="module")
def texts(parcels: list[Parcel]) -> list[bytes]:
    return _texts(parcels)


@pytest.fixture(scope="module")
def events(texts: list[bytes]) -> list[dict[str, Any]]:
    return [read(text) for text in texts]


def _texts(parcels: Iterable[Parcel], way: Endpoint = Endpoint.TELEMETRY) -> list[bytes]:
    return list(chain.from_iterable(parcel.texts for parcel in parcels if parcel.way is way))


def test_same_seed_same_bytes(parcels: list[Parcel]) -> None:
    assert list(history(7, NOON, target_events=TARGET)) == parcels
    assert next(history(8, NOON, target_events=TARGET)) != parcels[0]


@pytest.mark.parametrize("way", Endpoint)
def test_earlier_on_the_same_day_it_is_the_same_history_but_shorter(parcels: list[Parcel], way: Endpoint) -> None:
    whole = _texts(parcels, way)
    earlier = _texts(history(7, NOON - 2 * HOUR_MS - 1234, target_events=TARGET), way)
    assert 0 < len(earlier) <= len(whole) - (way is Endpoint.TELEMETRY)
    assert whole[: len(earlier)] == earlier


def test_full_parcels_near_the_target_below_the_size_of_a_request(parcels: list[Parcel]) -> None:
    for way in Endpoint:
        *full, last = (len(parcel.texts) for parcel in parcels if parcel.way is way)
        assert set(full) == {MOST[way]}
        assert 0 < last <= MOST[way]
    assert sum(len(parcel.texts) for parcel in parcels) == pytest.approx(TARGET, rel=0.06)
    assert max(sum(map(len, parcel.texts)) for parcel in parcels) < 2_000_000


def test_what_an_lms_sends_one_by_one_is_little(parcels: list[Parcel]) -> None:
    assert 0.005 < len(_texts(parcels, Endpoint.LMS)) / TARGET < 0.02
    assert 0.01 < len(_texts(parcels, Endpoint.IDENTITY)) / TARGET < 0.03


def test_twenty_people_are_imported_at_once(parcels: list[Parcel]) -> None:
    operations = [read(text) for text in dict.fromkeys(_texts(parcels, Endpoint.IDENTITY))]
    times = [one["time"] for one in operations if one.get("surface") == "bulk_import" and "time" in one]
    assert 18 <= len(times) <= 20  # a mistake or two
    assert max(times) - min(times) < 1000


def test_covers_fourteen_days_in_the_order_of_time(events: list[dict[str, Any]]) -> None:
    sent = Counter(event.get("mid") for event in events)
    times = [when(event) for event in events if sent[event.get("mid")] == 1]
    assert times == sorted(times)
    assert NOON - 14 * DAY_MS - 13 * HOUR_MS < times[0] < NOON - 14 * DAY_MS
    assert NOON - HOUR_MS < times[-1] < NOON


def test_a_hundredth_has_mistakes_of_each_kind_and_the_rest_is_valid(texts: list[bytes]) -> None:
    bad = [text for text in texts if not is_good(text)]
    assert 0.006 < len(bad) / len(texts) < 0.014
    codes = Counter(finding.code for text in bad for finding in judge(text, Profile.SUNBIRD).findings)
    assert codes.keys() == {"missing_field", "wrong_type", "unknown_event", "unknown_field"}
    assert sum(codes.values()) == len(bad)
    assert all(judge(text, Profile.V3).event is None for text in bad)


def test_a_hundredth_is_sent_again_unchanged(texts: list[bytes]) -> None:
    copies = Counter(texts)
    assert set(copies.values()) == {1, 2}
    assert 0.006 < 1 - len(copies) / len(texts) < 0.014
    mids = Counter(read(text).get("mid") for text in copies)
    del mids[None]
    assert set(mids.values()) == {1}


def test_all_seventeen_events_occur(texts: list[bytes]) -> None:
    assert {read(text)["eid"] for text in texts if is_good(text)} == set(EIDS)


@pytest.mark.parametrize("offset_s", [0, 19_800, -28_800])
def test_days_are_busier_than_nights_by_local_time(offset_s: int) -> None:
    hours: Counter[int] = Counter()
    for text in _texts(history(3, NOON, target_events=10_000, utc_offset_s=offset_s)):
        hours[(when(read(text)) + offset_s * 1000) // HOUR_MS % 24] += 1
    by_day = sum(hours[hour] for hour in range(9, 17))
    by_night = sum(hours[hour] for hour in (22, 23, 0, 1, 2, 3, 4, 5))
    assert by_day > 5 * by_night


def test_weekends_are_quieter_and_the_second_week_is_busier(events: list[dict[str, Any]]) -> None:
    days = Counter((when(event) - NOON) // DAY_MS for event in events)  # from noon to noon; -1 begins on Friday
    last_week = [days[day] for day in range(-7, 0)]
    week_before = [days[day] for day in range(-14, -7)]
    assert min(range(7), key=last_week.__getitem__) in (0, 1)
    assert max(last_week[:2]) < 0.75 * min(last_week[2:6])
    assert 1.05 < sum(last_week) / sum(week_before) < 1.3


def test_one_outage_stands_out(events: list[dict[str, Any]]) -> None:
    faults = Counter(when(event) // HOUR_MS for event in events if event["eid"] == "ERROR")
    (first, most), *rest = faults.most_common()
    usual = [count for hour, count in rest if abs(hour - first) > 2]
    assert most > 2 * max(usual)
    assert NOON - 7 * DAY_MS < first * HOUR_MS < NOON - DAY_MS


@pytest.mark.parametrize("days", [1, 2, 3, 30])
def test_other_spans(days: int) -> None:
    times = [when(read(text)) for text in _texts(history(1, NOON, days=days, target_events=3000))]
    assert len(times) == pytest.approx(3000, rel=0.4)
    assert max(times) - min(times) > (days - 0.5) * DAY_MS
