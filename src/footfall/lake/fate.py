"""What became of one event."""

from datetime import datetime

from msgspec import Struct

from footfall.lake.query import LakeReader
from footfall.schema.hashing import key_hash, public_key_hash

_MOST_CHANNELS = 1000
# A channel can be any text where no key is needed; hashes, as there may be very many and long ones.
_CHANNELS = """
    WITH chosen AS MATERIALIZED (
        SELECT DISTINCT hash(channel) AS name FROM increments WHERE channel IS NOT NULL LIMIT $most
    )
    SELECT any_value(channel) FROM increments JOIN chosen ON chosen.name = hash(channel) GROUP BY chosen.name"""


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

    Files are skipped by the Bloom filters on the hash of channel and mid, so this stays fast in a large lake
    unless it has very many channels. Raises QueryTimeoutError when one of two queries takes longer than `timeout`, in
    seconds.
    """
    channels = [channel] if channel is not None else _channels(reader, timeout)
    if not channels:
        return []
    known = [key_hash(name, mid) for name in channels] if len(channels) <= _MOST_CHANNELS else []
    hashes = [_signed(hashed) for hashed in (*known, *map(public_key_hash, known))]
    found = reader.query(_select(hashes), {"mid": mid, "channel": channel, "limit": limit}, timeout=timeout)
    return [EventFate(*row) for row in found.rows]


def _channels(reader: LakeReader, timeout: float | None) -> list[str]:
    return [row[0] for row in reader.query(_CHANNELS, {"most": _MOST_CHANNELS + 1}, timeout=timeout).rows]


def _select(hashes: list[int]) -> str:
    """The query; it asks for the channel too, for nobody promises that two channels never share a hash."""
    hashed = f"key_hash IN ({', '.join(map(str, hashes))}) AND " if hashes else ""
    return (
        f"SELECT {', '.join(EventFate.__struct_fields__)} FROM ledger "  # noqa: S608 - names and numbers of our own
        f"WHERE {hashed}mid = $mid AND ($channel IS NULL OR channel = $channel) "
        "ORDER BY received_at, journal, record, idx LIMIT $limit"
    )


def _signed(hashed: int) -> int:
    return hashed - (1 << 64) if hashed >= 1 << 63 else hashed
