"""What is durable in the journals but not in the lake yet."""

from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import TableNotFoundError
from msgspec import MsgspecError, Struct

from footfall.journal.log import Damage
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import journals
from footfall.spec.intake import unpack

_READ_BYTES = 8 << 20


class Pending(Struct):
    """Records and events that wait, and places that cannot be read."""

    records: int = 0
    events: int = 0
    damaged: int = 0


def count(data: Path) -> Pending:
    """Count what waits in all journals of a data folder."""
    found = Pending()
    try:
        table = DeltaTable(data / "lake" / "events")
    except TableNotFoundError:
        table = None
    for folder in journals(data / "journal"):
        reader = SegmentReader(folder)
        position = table.transaction_version(reader.id) if table is not None else None
        _count_from(reader, position or 0, found)
        reader.close()
    return found


def _count_from(reader: SegmentReader, position: int, found: Pending) -> None:
    while pieces := reader.read(position, _READ_BYTES):
        for piece in pieces:
            position = piece.next
            if isinstance(piece, Damage):
                found.damaged += 1
                continue
            found.records += 1
            try:
                found.events += unpack(piece.payload).of
            except MsgspecError:
                found.events += 1
