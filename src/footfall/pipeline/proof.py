"""Proof that log entries of the lake may be put aside: the journals still hold everything that is in them."""

from pathlib import Path

from footfall.errors import TerminalError, TransientError
from footfall.journal.base import Damage
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import journals
from footfall.lake.delta_log import Discard, Proof

_READ_BYTES = 8 << 20


def journals_hold(folder: Path) -> Proof:
    """A proof by the journals below a folder."""
    return lambda discard: _why_not(folder, discard)


def _why_not(folder: Path, discard: Discard) -> str | None:
    unseen = set(discard.journals)
    for place in journals(folder):
        try:
            reader = SegmentReader(place)
        except (TerminalError, TransientError) as error:
            return f"a journal cannot be read: {error}"
        try:
            unseen.discard(reader.id)
            why_not = _why_not_in(reader, discard)
        except TransientError as error:
            why_not = str(error)
        finally:
            reader.close()
        if why_not is not None:
            return f"the journal {place.name} {why_not}"
    return f"the journal {min(unseen)} is not there any more" if unseen else None


def _why_not_in(reader: SegmentReader, discard: Discard) -> str | None:
    """Why a journal does not hold everything from the position on that the lake would go back to."""
    position = discard.position(reader.id) or 0
    if reader.start > position:
        return f"begins at {reader.start}, and the lake would go on from {position}"
    if reader.end < discard.reached.get(reader.id, 0):
        return f"ends at {reader.end}, and the lake was at {discard.reached[reader.id]}"
    while pieces := reader.read(position, _READ_BYTES):
        if any(isinstance(piece, Damage) for piece in pieces):
            return f"is damaged behind {position}"
        position = pieces[-1].next
    return None
