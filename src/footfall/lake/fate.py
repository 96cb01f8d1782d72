"""What became of one event."""

from datetime import datetime

from msgspec import Struct

from footfall.lake.reading import LakeReader
from footfall.spec.identity import key_hash

_COLUMNS = (
    "fate, channel, eid, mid, ets, received_at, clock, reasons, warnings, findings, journal, record, idx, derived_from"
)
_CHANNELS = "SELECT DISTINCT channel FROM hourly WHERE channel IS NOT NULL"


class EventFate(Struct, frozen=True):
    """One reception of an event; times are UTC. `findings` is a JSON array of [code, path, found, message]."""

    fate: str
    channel: str
    eid: str | None
    mid: str
    ets: float | None
    received_at: datetime
    clock: str | None
    reasons: list[str] | None
    warnings: list[str] | None
    findings: str | None
    journal: str
    record: int
    idx: int
    derived_from: str | None


def fates(reader: LakeReader, mid: str, channel: str | None = None) -> list[EventFate]:
    """Every reception of an event, oldest first; in all channels when none is named.

    Files are skipped by the Bloom filters on the hash of channel and mid, so this stays fast in a large lake.
    """
    channels = [row[0] for row in reader.query(_CHANNELS).rows] if channel is None else [channel]
    hashes = ", ".join(str(_signed(key_hash(name, mid))) for name in channels)
    if not hashes:
        return []
    sql = f"SELECT {_COLUMNS} FROM ledger WHERE key_hash IN ({hashes}) AND mid = $mid ORDER BY received_at, record, idx"  # noqa: S608
    return [EventFate(*row) for row in reader.query(sql, {"mid": mid}).rows]


def _signed(hashed: int) -> int:
    return hashed - (1 << 64) if hashed >= 1 << 63 else hashed
