"""The books: received = stored + duplicate + rejected + filtered, for every channel and every record of a journal."""

from datetime import date

from msgspec import Struct

from footfall.lake.reading import LakeReader

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


class Audit(Struct, frozen=True):
    """What the audit found; at most 100 odd records and gaps are listed."""

    channels: list[ChannelBooks]
    odd: list[OddRecord]
    gaps: list[Gap]

    @property
    def balances(self) -> bool:
        """Whether nothing is missing and nothing is there twice."""
        return not self.odd and not self.gaps and all(books.balances for books in self.channels)


def audit(reader: LakeReader, day: date | None = None) -> Audit:
    """Check the books of one day received (UTC), or of everything.

    Record numbers have no gaps in a journal, so one that is missing between others is an event lost. For a single day
    only gaps within the day can be seen; for everything the first record must be number 0. Raises QueryError.
    """
    first = -1 if day is None else None
    return Audit(
        [ChannelBooks(*row) for row in reader.query(_CHANNELS, {"day": day}).rows],
        [OddRecord(*row) for row in reader.query(_RECORDS, {"day": day}).rows],
        [Gap(*row) for row in reader.query(_GAPS, {"day": day, "first": first}).rows],
    )
