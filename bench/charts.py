"""The chart's query on a large lake, by the API; and the same questions asked of DuckDB and of PostgreSQL."""

import gzip
import http.client
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from bench import history
from bench.figure import READ, Figure, Site, median
from bench.postgres import Postgres, running
from bench.programs import MissingProgramError
from bench.server import Server, serve
from footfall.lake.hourly import Hourly
from footfall.lake.query import LakeReader
from footfall.lake.table import LakeTable
from footfall.lake.tables import EVENTS_TABLE

NAME = "charts"
TITLE = "events by type per hour"

_MOST_MS = 100.0
_COLD_RUNS = 3
_WARM_RUNS = 40
_ROUNDS = 3
_HOUR = "date_trunc('hour', occurred_at)"


class Question(Struct, frozen=True):
    """A question and how it is asked on the rows; `rollup` is how it is asked where hours are counted already."""

    name: str
    sql: str
    rollup: str | None = None


class Asker(Struct, frozen=True):
    """Who is asked, and how: returns the rows."""

    who: str
    ask: Callable[[], list[tuple[Any, ...]]]


class Series(Struct):
    """The part of the answer of /api/series that shows whether it is right."""

    total: int


class WrongAnswerError(RuntimeError):
    """An answer is not what was loaded; how fast it came means nothing."""


def measure(site: Site) -> list[Figure]:
    """Fill a lake and a PostgreSQL table with the same rows, then ask both, and the API."""
    data = site.make("data")
    with ExitStack() as stack:
        postgres, why = _postgres(stack)
        rows = _fill(data, site.scale.rows, postgres)
        figures = [*_api(data, rows), *_compare(data, postgres)]
    return [*figures, *([] if postgres else [_missing(why)])]


def _postgres(stack: ExitStack) -> tuple[Postgres | None, str]:
    try:
        return stack.enter_context(running()), ""
    except MissingProgramError as error:
        return None, str(error)


def _missing(why: str) -> Figure:
    return Figure(what="the same on PostgreSQL", value=None, unit="", durability=READ, note=f"not measured: {why}")


def _fill(data: Path, rows: int, postgres: Postgres | None) -> int:
    lake = data / "lake"
    table = LakeTable(lake, EVENTS_TABLE)
    actions, total = [], 0
    for day in history.days(rows):
        actions.append(table.write(day.table, {"day": day.day.isoformat(), "fate": "stored"}))
        total += day.table.num_rows
        if postgres:
            postgres.copy(day.table)
    table.commit(actions, {"bench": 1})
    Hourly(lake, table).rebuild()
    if postgres:
        postgres.finish()
    return total


def _api(data: Path, rows: int) -> Iterator[Figure]:
    cold, warm = [], []
    for _ in range(_COLD_RUNS):
        with serve(data) as server:
            cold.append(_ask(server, rows))
            if len(cold) == _COLD_RUNS:
                warm = sorted(_ask(server, rows) for _ in range(_WARM_RUNS))
    name = f"GET /api/series, {rows / 1e6:.0f} M events, 14 days by the hour"
    slowest = f"slowest of {_WARM_RUNS}: {warm[-1]:.1f} ms"
    middle = statistics.median(warm)
    yield Figure(what=name, value=middle, unit="ms", durability=READ, floor=_MOST_MS, most=True, note=slowest)
    note = "first request after the start"
    yield median(f"{name}, cold", cold, "ms", READ, floor=_MOST_MS, most=True, note=note)


def _ask(server: Server, rows: int) -> float:
    """Milliseconds of one request for the whole chart, on a new connection. Raises WrongAnswerError."""
    since = datetime.combine(history.first_day(), datetime.min.time(), UTC)
    until = since + timedelta(days=history.DAYS)
    path = f"/api/series?since={since.timestamp() * 1000:.0f}&until={until.timestamp() * 1000:.0f}&step=hour"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    taken = (time.perf_counter() - begun) * 1000
    connection.close()
    if answer.status != 200:
        raise WrongAnswerError(f"GET /api/series answered {answer.status}")
    counted = msgspec.json.decode(gzip.decompress(body), type=Series).total
    if not 0.99 * rows < counted <= rows:  # a few of the first day happened just before its midnight
        raise WrongAnswerError(f"GET /api/series counts {counted} of {rows} events")
    return taken


def _questions() -> list[Question]:
    day = history.first_day() + timedelta(days=7)
    one_day = f"occurred_at >= TIMESTAMP '{day}' AND occurred_at < TIMESTAMP '{day + timedelta(days=1)}'"
    channel = f"channel = '{history.CHANNELS[1]}'"
    sid = next(history.days(history.DAYS * 1000)).table.column("sid")[500].as_py()
    return [
        Question(
            "events by type per hour, all",
            f"SELECT {_HOUR} AS hour, event_type, count(*) AS n FROM events GROUP BY 1, 2",
            "SELECT hour, event_type, sum(n) AS n FROM hourly GROUP BY 1, 2",
        ),
        Question(
            "the same, one channel, one day",
            f"SELECT {_HOUR}, event_type, count(*) FROM events WHERE {channel} AND {one_day} GROUP BY 1, 2",
        ),
        Question(
            "people per day",
            "SELECT date_trunc('day', occurred_at), count(DISTINCT actor_id) FROM events GROUP BY 1",
        ),
        Question(
            "20 most seen pages, with the mean stay",
            "SELECT edata_pageid, count(*), avg(edata_duration) FROM events "
            "WHERE event_type = 'IMPRESSION' GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
        ),
        Question("one visit's events in order", f"SELECT mid FROM events WHERE sid = '{sid}' ORDER BY occurred_at"),
    ]


def _compare(data: Path, postgres: Postgres | None) -> Iterator[Figure]:
    """Each question, asked of both in turn."""
    reader = LakeReader(data / "lake")
    try:
        for question in _questions():
            yield from _in_turn(question.name, list(_askers(question, reader, postgres)))
    finally:
        reader.close()


def _askers(question: Question, reader: LakeReader, postgres: Postgres | None) -> Iterator[Asker]:
    yield Asker("DuckDB on the lake", lambda: reader.query(question.sql).rows)
    if question.rollup:
        rollup = question.rollup
        yield Asker("DuckDB on hourly", lambda: reader.query(rollup).rows)
    if postgres:
        yield Asker("PostgreSQL", lambda: postgres.query(question.sql))
        if question.rollup:
            yield Asker("PostgreSQL on a materialized view", lambda: postgres.query(rollup))


def _in_turn(name: str, askers: list[Asker]) -> Iterator[Figure]:
    """Three rounds after one that warms everything up. Raises WrongAnswerError when the answers differ."""
    taken: dict[str, list[float]] = {asker.who: [] for asker in askers}
    sizes = set()
    for _ in range(_ROUNDS + 1):
        for asker in askers:
            begun = time.perf_counter()
            sizes.add(len(asker.ask()))
            taken[asker.who].append((time.perf_counter() - begun) * 1000)
    if len(sizes) > 1:
        raise WrongAnswerError(f"{name}: the answers have {sizes} rows")
    for who, times in taken.items():
        yield median(f"{name}: {who}", times[1:], "ms", READ)
