"""What became of one event."""

from datetime import datetime

from msgspec import Struct

from footfall.lake.reading import LakeReader
from footfall.spec.identity import key_hash, public_key_hash

_CHANNELS = "SELECT DISTINCT channel FROM hourly WHERE channel IS NOT NULL"


class EventFate(Struct, frozen=True):
    """One reception of an event; times are UTC. `findings` is a JSON array of [code, path, found, message]."""

    fate: str
    channel: str
    event_type: str | None
    eid: str | None
    mid: str
    ets: float | None
    occurred_at: datetime | None
    received_at: datetime
    clock: str | None
    reasons: list[str] | None
    warnings: list[str] | None
    findings: str | None
    journal: str
    record: int
    idx: int
    of: int
    derived_from: str | None


def fates(
    reader: LakeReader, mid: str, channel: str | None = None, *, limit: int | None = None, timeout: float | None = None
) -> list[EventFate]:
    """Every reception of an event, oldest first, at most `limit`; in all channels when none is named.

    Files are skipped by the Bloom filters on the hash of channel and mid, so this stays fast in a large lake. Raises
    QueryTimeoutError when one of two queries takes longer than `timeout`, in seconds.
    """
    channels = [row[0] for row in reader.query(_CHANNELS, timeout=timeout).rows] if channel is None else [channel]
    if not channels:
        return []
    known = [key_hash(name, mid) for name in channels]
    hashes = ", ".join(str(_signed(hashed)) for hashed in (*known, *map(public_key_hash, known)))
    found = reader.query(_select(hashes), {"mid": mid, "channel": channel, "limit": limit}, timeout=timeout)
    return [EventFate(*row) for row in found.rows]


def _select(hashes: str) -> str:
    """The query; it asks for the channel too, for nobody promises that two channels never share a hash."""
    return (
        f"SELECT {', '.join(EventFate.__struct_fields__)} FROM ledger "  # noqa: S608 - names and numbers of our own
        f"WHERE key_hash IN ({hashes}) AND mid = $mid AND ($channel IS NULL OR channel = $channel) "
        "ORDER BY received_at, journal, record, idx LIMIT $limit"
    )


def _signed(hashed: int) -> int:
    return hashed - (1 << 64) if hashed >= 1 << 63 else hashed
