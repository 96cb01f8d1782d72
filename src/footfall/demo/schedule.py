"""When people come: by day more than by night, in the week more than at its end, and a few more every day."""

from random import Random

from msgspec import Struct

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

_BY_HOUR = (
    0.14, 0.08, 0.05, 0.04, 0.06, 0.16, 0.42, 0.90, 1.45, 1.80, 1.95, 1.85,
    1.50, 1.55, 1.75, 1.70, 1.45, 1.25, 1.35, 1.55, 1.40, 0.95, 0.55, 0.28,
)  # fmt: skip
_BY_WEEKDAY = (1.0, 1.05, 1.03, 1.0, 0.88, 0.5, 0.45)
_GROWTH_A_DAY = 1.02
_THURSDAY = 3  # the weekday of day 0, where Monday is 0
_OUTAGE_MS = 95 * 60_000


class Outage(Struct, frozen=True):
    """A time in which the platform fails its people; epoch milliseconds."""

    begin_ms: int
    end_ms: int

    def covers(self, ms: int) -> bool:
        """Whether the moment lies in the outage."""
        return self.begin_ms <= ms < self.end_ms


def midnight(ms: int, utc_offset_s: int = 0) -> int:
    """The last midnight, by local time, before the moment or at it; epoch milliseconds."""
    offset = utc_offset_s * 1000
    return (ms + offset) // DAY_MS * DAY_MS - offset


def weekday(midnight_ms: int, utc_offset_s: int = 0) -> int:
    """The day of the week that begins at a local midnight; Monday is 0."""
    return ((midnight_ms + utc_offset_s * 1000) // DAY_MS + _THURSDAY) % 7


def weight(ms: int, today_ms: int, utc_offset_s: int = 0) -> float:
    """How busy the hour is at a moment, where 1 is about the average; `today_ms` is the last midnight."""
    begin = midnight(ms, utc_offset_s)
    hour = (ms - begin) // HOUR_MS
    growth = _GROWTH_A_DAY ** ((begin - today_ms) // DAY_MS)
    return float(_BY_HOUR[hour] * _BY_WEEKDAY[weekday(begin, utc_offset_s)] * growth)


def outage(chance: Random, today_ms: int, days: int, utc_offset_s: int = 0) -> Outage | None:
    """One outage on a late morning in the week, two to six days ago; None where the days are too few for it."""
    past = [today_ms - back * DAY_MS for back in range(2, min(days, 7))]
    working = [day for day in past if weekday(day, utc_offset_s) < 5]
    if not working:
        return None
    begin = chance.choice(working) + 10 * HOUR_MS + chance.randrange(90) * 60_000
    return Outage(begin, begin + _OUTAGE_MS)


def list_day(today_ms: int, days: int) -> int:
    """The moment, in the middle of the days before today, at which a list of people is imported."""
    return today_ms - max(1, days // 3) * DAY_MS + 9 * HOUR_MS + 40 * 60_000
