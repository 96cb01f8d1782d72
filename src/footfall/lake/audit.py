"""The books of the lake. What the audit checks, exactly:

- for every channel, received = stored + duplicate + rejected + filtered, where what was received is what the collectors
  announced with each journal record;
- every record's events are there once each, by their places in the record;
- no journal has a record missing between others;
- no event was stored twice within the days for which resends are recognised: no two stored rows have the same channel,
  mid and time of the sender (`ets`) that came from the same kind of key.

That the journals end where the lake continues is `pipeline.journal_audit`.
"""

from datetime import date, timedelta

from msgspec import Struct

from footfall.lake.query import LakeReader

_SHOWN = 100

_CHANNELS = """
WITH rows AS (SELECT * FROM ledger WHERE derived_from IS NULL AND ($day IS NULL OR day = $day)),
records AS (
    SELECT journal, record, any_value(channel) AS channel, max("of") - count(*) AS missing
    FROM rows GROUP BY journal, record HAVING max("of") <> count(*)
),
missing AS (SELECT channel, sum(missing) AS missing FROM records GROUP BY channel)
SELECT
    rows.channel,
    count(*) + coalesce(any_value(missing.missing), 0) AS received,
    count(*) FILTER (fate = 'stored') AS stored,
    count(*) FILTER (fate = 'duplicate') AS duplicate,
    count(*) FILTER (fate = 'rejected') AS rejected,
    count(*) FILTER (fate = 'filtered') AS filtered
FROM rows LEFT JOIN missing ON missing.channel IS NOT DISTINCT FROM rows.channel
GROUP BY rows.channel ORDER BY rows.channel
"""

_RECORDS = f"""
SELECT journal, record, any_value(channel), max("of") AS announced, count(*) AS found, count(DISTINCT idx) AS different
FROM ledger WHERE derived_from IS NULL AND ($day IS NULL OR day = $day)
GROUP BY journal, record
HAVING max("of") <> count(*) OR count(DISTINCT idx) <> count(*)
ORDER BY journal, record LIMIT {_SHOWN}
"""  # noqa: S608 - a constant

_GAPS = f"""
WITH numbers AS (
    SELECT DISTINCT journal, record FROM ledger
    WHERE derived_from IS NULL AND ($day IS NULL OR day = $day)
),
steps AS (
    SELECT journal, record, lag(record, 1, $first) OVER (PARTITION BY journal ORDER BY record) AS before FROM numbers
)
SELECT journal, before + 1 AS first, record - 1 AS last FROM steps WHERE record > before + 1
ORDER BY journal, first LIMIT {_SHOWN}
"""  # noqa: S608 - a constant


_DOUBLES = f"""
WITH again AS (
    SELECT key_hash, ets FROM events
    WHERE derived_from IS NULL AND abs(key_hash) % $parts = $part
    AND ($day IS NULL OR key_hash IN (SELECT key_hash FROM events WHERE day = $day))
    GROUP BY key_hash, ets HAVING count(*) > 1
),
receptions AS (
    SELECT channel, mid, events.ets, received_at, count(*) OVER same AS times,
        received_at - lag(received_at) OVER (same ORDER BY received_at) AS since
    FROM events JOIN again ON events.key_hash = again.key_hash AND events.ets IS NOT DISTINCT FROM again.ets
    WHERE derived_from IS NULL
    WINDOW same AS (PARTITION BY events.key_hash, channel, mid, events.ets)
)
SELECT channel, mid, ets, any_value(times) AS times, min(since) AS apart
FROM receptions WHERE times > 1 GROUP BY channel, mid, ets
HAVING min(since) <= $within
ORDER BY channel, mid LIMIT {_SHOWN}
"""  # noqa: S608 - a constant

_ROWS = "SELECT count(*) FROM events"
_ROWS_AT_ONCE = 20_000_000


class ChannelBooks(Struct, frozen=True):
    """One channel's events by fate; `received` is what the door announced."""

    channel: str
    received: int
    stored: int
    duplicate: int
    rejected: int
    filtered: int

    @property
    def balances(self) -> bool:
        """Whether every received event has a fate."""
        return self.received == self.stored + self.duplicate + self.rejected + self.filtered


class OddRecord(Struct, frozen=True):
    """A journal record whose events are not all in the lake exactly once."""

    journal: str
    record: int
    channel: str
    announced: int
    found: int
    different: int


class Gap(Struct, frozen=True):
    """Journal records that are not in the lake at all, though later ones are."""

    journal: str
    first: int
    last: int


class Double(Struct, frozen=True):
    """An event that was stored more than once; `ets` is its time by the sender's clock, epoch ms."""

    channel: str
    mid: str
    ets: float | None
    times: int


class Audit(Struct, frozen=True):
    """What the audit found; at most 100 odd records, gaps and doubles are listed.

    `left_out` says which files could not be read, so that their events are missing here.
    """

    channels: list[ChannelBooks]
    odd: list[OddRecord]
    gaps: list[Gap]
    doubles: list[Double] = []
    left_out: list[str] = []

    @property
    def balances(self) -> bool:
        """Whether nothing is missing and nothing is there twice."""
        is_odd = self.odd or self.gaps or self.doubles or self.left_out
        return not is_odd and all(books.balances for books in self.channels)


def audit(reader: LakeReader, day: date | None = None, *, dedup_days: int = 7) -> Audit:
    """Check the books of one day received (UTC), or of everything.

    Record numbers have no gaps in a journal, so one that is missing between others is an event lost. For a single day
    only gaps within the day can be seen; for everything the first record must be number 0. Raises QueryError.
    """
    first = -1 if day is None else None
    return Audit(
        [ChannelBooks(*row) for row in reader.query(_CHANNELS, {"day": day}).rows],
        [OddRecord(*row) for row in reader.query(_RECORDS, {"day": day}).rows],
        [Gap(*row) for row in reader.query(_GAPS, {"day": day, "first": first}).rows],
        _doubles(reader, day, dedup_days),
        reader.remarks,
    )


def _doubles(reader: LakeReader, day: date | None, dedup_days: int) -> list[Double]:
    """What was stored twice, looked for in parts that fit in memory."""
    parts = 1 + int(reader.query(_ROWS).rows[0][0]) // _ROWS_AT_ONCE
    found: list[Double] = []
    for part in range(parts):
        chosen = {"day": day, "parts": parts, "part": part, "within": timedelta(days=dedup_days)}
        found += [Double(*row[:4]) for row in reader.query(_DOUBLES, chosen).rows]
    return found[:_SHOWN]
