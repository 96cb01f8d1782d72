"""The journals held against the lake: what waits, what cannot be read, and what is in neither of the two.

A journal's records are numbered without gaps. So the first one that the lake does not have must carry the number behind
the last that it has; and where none waits, the number that the writer would give next must be that.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from msgspec import MsgspecError, Struct

from footfall.errors import TerminalError, TransientError
from footfall.incidents import Incident, Incidents
from footfall.journal.base import Damage, Record
from footfall.journal.reader import SegmentReader
from footfall.journal.segments import DURABLE, journals, read_mark
from footfall.lake import delta_log
from footfall.lake.query import LakeReader
from footfall.schema.record import unpack

_READ_BYTES = 8 << 20
_TRIES = 5
_NEXT = "SELECT journal, max(record) + 1 FROM ledger WHERE derived_from IS NULL GROUP BY journal"

State = Literal["ok", "left aside", "older than the lake", "damaged", "unreadable", "records missing", "gone"]
_SOUND = ("ok", "left aside")


class JournalBooks(Struct):
    """One journal: `records` and `events` wait for the lake, `missing` records are neither there nor in the lake.

    `position` is where the lake is in it, `end` where it ends; `damaged` counts places that cannot be read.
    """

    journal: str
    folder: str = ""
    state: State = "ok"
    position: int | None = None
    end: int | None = None
    records: int = 0
    events: int = 0
    damaged: int = 0
    missing: int = 0
    following: int | None = None  # number of the first record that the lake does not have

    @property
    def is_sound(self) -> bool:
        """Whether nothing of it is lost, and nothing that it is given will be."""
        return self.state in _SOUND


class StoresAudit(Struct, frozen=True):
    """All journals, and what went wrong earlier and was not closed by anybody."""

    journals: list[JournalBooks]
    incidents: dict[int, Incident]

    @property
    def balances(self) -> bool:
        """Whether everything acknowledged is in the lake or waits in a journal."""
        return all(books.is_sound for books in self.journals) and not self.incidents

    @property
    def events(self) -> int:
        """Events that wait."""
        return sum(books.events for books in self.journals)


def audit_journals(data: Path, reader: LakeReader) -> StoresAudit:
    """Hold the journals of a data folder against its lake. Raises QueryError or LakeReadError.

    The journals are looked at first: what the lake gains meanwhile can only make up for it.
    """
    folder = data / "lake" / "events"
    found = [_look(place, folder) for place in journals(data / "journal")]
    known = delta_log.positions(folder)
    incidents = Incidents(data)
    found += list(_gone(known, found, incidents))
    following = dict(reader.query(_NEXT).rows)
    for books in found:
        _compare(books, following.get(books.journal, 0))
    open_losses = {number: one for number, one in incidents.open().items() if one.severity == "loss"}
    return StoresAudit(found, open_losses)


def _gone(known: Mapping[str, int], found: list[JournalBooks], incidents: Incidents) -> Iterator[JournalBooks]:
    """Journals that the lake has read and that are not there: nobody knows how much more was in them."""
    there = {books.journal for books in found}
    explained = {incident.where for incident in incidents.every()}
    for journal, position in sorted(known.items()):
        if journal not in there and not journal.startswith("footfall.") and journal not in explained:
            yield JournalBooks(journal, state="gone", position=position)


def _look(place: Path, table: Path) -> JournalBooks:
    books = JournalBooks("", place.name)
    try:
        reader = SegmentReader(place)
    except (TerminalError, TransientError):
        books.state = "unreadable"
        return books
    books.journal = reader.id
    try:
        for _ in range(_TRIES):
            if _read(reader, place, table, books):
                break
    except TransientError:
        books.state = "unreadable"
    finally:
        reader.close()
    return books


def _read(reader: SegmentReader, place: Path, table: Path, books: JournalBooks) -> bool:
    """Count what waits; whether that is true: a pipeline may have dropped records while they were looked for."""
    position = at = delta_log.positions(table).get(reader.id, 0)
    books.position, books.end = position, reader.end
    books.records = books.events = books.damaged = 0
    books.following = None
    is_left = place.name.partition("-")[2].startswith(reader.id)
    if books.end < position:
        books.state = "left aside" if is_left else "older than the lake"
        return True
    while pieces := reader.read(at, _READ_BYTES):
        at = pieces[-1].next
        _count(pieces, books)
    if books.damaged and delta_log.positions(table).get(reader.id, 0) > position:
        return False
    if not books.records and (mark := read_mark(place / DURABLE)) is not None and mark.position == books.end:
        books.following = mark.number
    books.state = "damaged" if books.damaged else "left aside" if is_left else "ok"
    return True


def _count(pieces: list[Record | Damage], books: JournalBooks) -> None:
    for piece in pieces:
        if isinstance(piece, Damage):
            books.damaged += 1
            continue
        books.following = piece.number if books.following is None else books.following
        books.records += 1
        books.events += _events(piece.payload)


def _events(payload: bytes) -> int:
    try:
        return unpack(payload).of
    except MsgspecError:
        return 1


def _compare(books: JournalBooks, following: int) -> None:
    """See whether there are records between what the lake has and what the journal begins with."""
    if books.following is not None and books.following > following and books.state in (*_SOUND, "damaged"):
        books.missing = books.following - following
        books.state = "records missing" if books.state in _SOUND else books.state
