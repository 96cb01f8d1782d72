"""Two weeks of synthetic events as Arrow tables, a day at a time: the same for every database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from footfall.lake.arrow import EVENTS_SCHEMA

DAYS = 14
CHANNELS = ("b00bc992ef25f1a9a8d63291e20efc8d", "school-north", "school-south")
_WEIGHTS = {
    "INTERACT": 0.40,
    "IMPRESSION": 0.26,
    "ASSESS": 0.08,
    "RESPONSE": 0.08,
    "LOG": 0.06,
    "START": 0.04,
    "END": 0.04,
    "SEARCH": 0.02,
    "AUDIT": 0.01,
    "ERROR": 0.01,
}
_PAGES = ("home", "signup", "course-toc", "player", "search", "profile", "library", "quiz")
_PART = 250_000
_HOURS = np.array([1, 1, 1, 1, 1, 2, 4, 8, 14, 18, 20, 18, 14, 16, 18, 16, 12, 10, 12, 14, 12, 8, 4, 2], float)

Ints = NDArray[np.int64]


class Day(Struct, frozen=True):
    """Events received on one day, or a part of them; columns as in the lake."""

    day: date
    table: pa.Table


def first_day() -> date:
    """The day with which the two weeks begin; they end yesterday."""
    return datetime.now(UTC).date() - timedelta(days=DAYS)


def days(rows: int) -> Iterator[Day]:
    """About so many events over two weeks, by a fixed seed."""
    chance = np.random.default_rng(14)
    number = 0
    for place in range(DAYS):
        day = first_day() + timedelta(days=place)
        left = rows // DAYS
        while left > 0:
            size = min(left, _PART)
            yield Day(day, _table(chance, day, number, size))
            number += size
            left -= size


def _table(chance: np.random.Generator, day: date, number: int, size: int) -> pa.Table:
    columns = _times(chance, day, size) | _names(chance, number, size)
    columns["event"] = _texts(columns)
    arrays = [columns.get(field.name, pa.nulls(size, field.type)) for field in EVENTS_SCHEMA]
    return pa.Table.from_arrays(
        [array.cast(field.type) for array, field in zip(arrays, EVENTS_SCHEMA, strict=True)], schema=EVENTS_SCHEMA
    )


def _times(chance: np.random.Generator, day: date, size: int) -> dict[str, Any]:
    """Busy by day, quiet by night; received a moment after it happened."""
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1_000_000)
    hour = chance.choice(24, size, p=_HOURS / _HOURS.sum())
    received = midnight + np.sort((hour + chance.random(size)) * 3_600_000).astype(np.int64) * 1000
    occurred = received - chance.exponential(2000.0, size).astype(np.int64) * 1000
    return {
        "ets": pa.array(np.floor(occurred / 1000)),
        "occurred_at": pa.array(occurred, pa.timestamp("us")),
        "received_at": pa.array(received, pa.timestamp("us")),
    }


def _names(chance: np.random.Generator, number: int, size: int) -> dict[str, Any]:
    eids = _choice(chance, list(_WEIGHTS), size, list(_WEIGHTS.values()))
    numbers = np.arange(number, number + size)
    accepted = chance.integers(0, 1 + number // 20 + size // 20, size)  # a visit has some 20 events
    person = accepted % 50_000
    course = chance.zipf(1.4, size) % 5000
    return {
        "channel": _choice(chance, list(CHANNELS), size, [0.7, 0.2, 0.1]),
        "event_type": eids,
        "eid": eids,
        "mid": pc.binary_join_element_wise(eids, _hex(numbers), ":"),
        "ver": _same("3.0", size),
        "clock": _same("ok", size),
        "actor_id": _hex(person + 1_000_000_007),
        "actor_type": _same("User", size),
        "env": _choice(chance, ["course", "home", "contentplayer", "signup"], size),
        "sid": _hex(accepted + 2_000_000_011),
        "did": _hex(person + 3_000_000_019),
        "pdata_id": _same("prod.sunbird.portal", size),
        "pdata_pid": _same("sunbird-portal", size),
        "pdata_ver": _same("5.1.0", size),
        "object_id": pc.binary_join_element_wise(
            _same("do_31250856200414", size), pa.array(course).cast(pa.string()), ""
        ),
        "object_type": _same("Content", size),
        "edata_type": _choice(chance, ["view", "CLICK", "TOUCH", "list"], size),
        "edata_pageid": _choice(chance, list(_PAGES), size),
        "edata_duration": pa.array(np.round(chance.exponential(20.0, size), 2)),
        "journal": _same("00000000000000000000000000000000", size),
        "record": pa.array(numbers // 20),
        "idx": pa.array(numbers % 20),
        "of": _same(20, size),
        "key_hash": pa.array(_scatter(numbers, 0x9E3779B97F4A7C15)),
        "content_hash": pa.array(_scatter(numbers, 0xC2B2AE3D27D4EB4F)),
    }


def _texts(columns: dict[str, Any]) -> pa.Array:
    """The events as JSON, some 900 bytes each like real ones; what follows the named fields is filling."""
    size = len(columns["mid"])
    filling = '"extra":{"values":["' + "fractions-and-decimals-in-daily-life " * 15 + '"]}}}'
    pieces: list[Any] = [_same('{"eid":"', size), columns["eid"], _same('","ver":"3.0","mid":"', size), columns["mid"]]
    for label, name in (("actor", "actor_id"), ("sid", "sid"), ("did", "did"), ("object", "object_id"), ("env", "env")):
        pieces += [_same(f'","{label}":"', size), columns[name]]
    pieces += [_same('","edata":{"pageid":"', size), columns["edata_pageid"], _same(f'",{filling}', size)]
    return pc.binary_join_element_wise(*pieces, "")


def _choice(chance: np.random.Generator, names: list[str], size: int, weights: list[float] | None = None) -> pa.Array:
    chosen = chance.choice(len(names), size, p=weights).astype(np.int8)
    return pa.DictionaryArray.from_arrays(pa.array(chosen), pa.array(names)).cast(pa.string())


def _same(value: Any, size: int) -> pa.Array:
    return pa.repeat(value, size)


def _hex(numbers: Ints) -> pa.Array:
    """Numbers as 32 digits that look like random ones but are the same every time."""
    halves = [_scatter(numbers, factor).astype(np.uint64) for factor in (0xA24BAED4963EE407, 0x9FB21C651E98DF25)]
    digits = [np.char.zfill(half.astype(np.str_), 20) for half in halves]
    return pa.array(np.char.add(digits[0], digits[1].astype("U12")))


def _scatter(numbers: Ints, factor: int) -> Ints:
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) * np.uint64(factor)
        return (mixed ^ (mixed >> np.uint64(29))).view(np.int64)
