"""Where the buckets of a chart begin, in the time zone of the person who looks at it."""

from datetime import datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from footfall.dashboard.parameters import DAY, HOUR, Step

MOST_BUCKETS = 1500
_AIM = 340
_HOURS: dict[str, int] = {"hour": 1, "3h": 3, "6h": 6, "12h": 12, "day": 24, "week": 168}


def choose(step: Step, since: int, until: int) -> str:
    """The step, or a longer one where it would make too many buckets; for `auto` a bar for about every three pixels."""
    hours = (until - since) / HOUR
    names = list(_HOURS)
    fine = names[names.index(step) :] if step != "auto" else names
    most = MOST_BUCKETS if step != "auto" else _AIM
    return next((name for name in fine if hours / _HOURS[name] <= most), "week")


def edges(step: str, since: int, until: int, zone: ZoneInfo) -> list[int]:
    """Starts of the buckets that cover the range, epoch ms, ascending; each on a whole hour UTC, as the rollup is."""
    hours = _HOURS[step]
    if step == "hour":
        return list(range(since, until, HOUR))
    days = _days(since, until, zone, 7 if step == "week" else 1)
    parts = 1 if hours >= 24 else 24 // hours
    starts = {start + part * hours * HOUR for start, end in days for part in range(parts) if start + part * HOUR < end}
    aligned = sorted({start // HOUR * HOUR for start in starts if start < until})
    first = max((i for i, start in enumerate(aligned) if start <= since), default=0)
    return aligned[first:]


def _days(since: int, until: int, zone: ZoneInfo, length: int) -> list[tuple[int, int]]:
    """Local days or weeks (from Monday) that touch the range, as epoch ms; 23 or 25 hours long where clocks change."""
    first = datetime.fromtimestamp(since / 1000, zone).date()
    if length == 7:
        first -= timedelta(days=first.weekday())
    count = (until - since) // (length * DAY) + 3
    midnights = [datetime.combine(first + timedelta(days=length * i), time(), zone) for i in range(count)]
    moments = [int(midnight.timestamp() * 1000) for midnight in midnights]
    return list(pairwise(moments))
