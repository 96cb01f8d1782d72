"""Counts over time and against the period before; both read only the hourly rollup."""

import time

from msgspec import Struct

from footfall.dashboard.buckets import choose, edges
from footfall.dashboard.parameters import HOUR, Range, SeriesRange, TotalsRange, known
from footfall.dashboard.queries import LakeAnswer, ask
from footfall.lake.query import LakeReader

TOP_TYPES = 50


class Line(Struct):
    """One event type: its count in each bucket, and altogether."""

    type: str
    total: int
    counts: list[int]


class Others(Struct):
    """The event types that have no line of their own, summed up."""

    types: int
    total: int
    counts: list[int]


class Series(LakeAnswer):
    """Events by type over time. Times are epoch ms; `buckets` holds where each begins."""

    since: int
    until: int
    step: str
    zone: str
    total: int
    buckets: list[int]
    series: list[Line]
    other: Others | None


class Change(Struct):
    """A count, and the two counts that are fair to compare.

    `settled` is this period's up to the last full hour, `before` the previous period's up to the same place.
    """

    now: int = 0
    settled: int = 0
    before: int = 0


class TypeChange(Struct):
    """A count of one event type; see Change."""

    type: str
    now: int
    settled: int
    before: int


class Totals(LakeAnswer):
    """A period against the one before it. Times are epoch ms.

    `types` are the 50 most frequent of the `type_count` that there are in both periods.
    """

    since: int
    until: int
    since_before: int
    received: Change
    fates: dict[str, Change]
    types: list[TypeChange]
    type_count: int


class _Point(Struct):
    start: int
    event_type: str | None
    types: int
    n: int


class _Fate(Struct):
    fate: str
    now: int
    settled: int
    before: int


class _Type(Struct):
    event_type: str
    now: int
    settled: int
    before: int
    types: int


def series(reader: LakeReader, wanted: SeriesRange) -> Series:
    """Events by type for each bucket of a range."""
    since, until = wanted.hours()
    step = choose(wanted.step, since, until)
    zone = wanted.zone_info()
    buckets = edges(step, since, until, zone)
    points = ask(
        reader,
        "series",
        {
            "edges": buckets,
            "since": since,
            "until": until,
            "channel": known(wanted.channel),
            "fate": known(wanted.fate),
            "top": wanted.top,
        },
        _Point,
    )
    lines, other = _spread(points, buckets)
    total = sum(line.total for line in lines) + (other.total if other else 0)
    return Series(since, until, step, zone.key, total, buckets, lines, other)


def _spread(points: list[_Point], buckets: list[int]) -> tuple[list[Line], Others | None]:
    place = {start: index for index, start in enumerate(buckets)}
    found: dict[str | None, list[int]] = {}
    for point in points:
        counts = found.setdefault(point.event_type, [0] * len(buckets))
        counts[place[point.start]] += point.n
    rest = found.pop(None, None)
    lines = [Line(name, sum(counts), counts) for name, counts in found.items() if name is not None]
    lines.sort(key=lambda line: (-line.total, line.type))
    return lines, None if rest is None else Others(points[0].types - len(lines), sum(rest), rest)


def totals(reader: LakeReader, wanted: TotalsRange) -> Totals:
    """What a period counted, by fate and by type, and the period of the same length before it."""
    since, until = wanted.hours()
    since_before = since - (until - since)
    period = _period(wanted, since, until)
    fates = {row.fate: Change(row.now, row.settled, row.before) for row in ask(reader, "totals", period, _Fate)}
    types = ask(reader, "types", period | {"fate": known(wanted.fate), "top": TOP_TYPES}, _Type)
    received = Change(
        sum(change.now for change in fates.values()),
        sum(change.settled for change in fates.values()),
        sum(change.before for change in fates.values()),
    )
    changes = [TypeChange(row.event_type, row.now, row.settled, row.before) for row in types]
    return Totals(since, until, since_before, received, fates, changes, types[0].types if types else 0)


def _period(wanted: Range, since: int, until: int) -> dict[str, object]:
    """The two periods, the earlier one cut where the later one has no full hours yet."""
    settled = max(since, min(until, int(time.time() * 1000) // HOUR * HOUR))
    length = until - since
    return {
        "since": since,
        "until": until,
        "settled": settled,
        "since_before": since - length,
        "settled_before": settled - length,
        "channel": known(wanted.channel),
    }
