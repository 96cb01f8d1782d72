"""The audit as the command line has it: the lake's books, the journals beside them, and every byte where asked."""

import sys
from datetime import date
from pathlib import Path

from msgspec import Struct

from footfall.cli.output import Format, emit, emit_json, emit_structs
from footfall.lake.audit import Audit, ChannelBooks, Double, Gap, OddRecord, audit
from footfall.lake.check import LakeFault, check_files
from footfall.lake.query import LakeReader
from footfall.pipeline.journal_audit import JournalBooks, StoresAudit, audit_journals

_INCIDENT = ("at", "what", "where", "do")


class WholeAudit(Struct, frozen=True):
    """Everything that was found; `faults` is what reading every byte showed, if that was asked for."""

    lake: Audit
    stores: StoresAudit
    faults: list[LakeFault]

    @property
    def balances(self) -> bool:
        """Whether nothing is missing, nothing is there twice, and nothing is broken."""
        return self.lake.balances and self.stores.balances and not self.faults


def find(reader: LakeReader, data: Path, day: date | None, dedup_days: int, *, deep: bool) -> WholeAudit:
    """Audit a data folder. Raises QueryError or LakeReadError."""
    stores = audit_journals(data, reader)
    books = audit(reader, day, dedup_days=dedup_days)
    return WholeAudit(books, stores, check_files(data / "lake", deep=True) if deep else [])


def print_audit(whole: WholeAudit, shown: Format) -> None:
    """Print it; a verdict goes to stderr."""
    if shown is Format.JSON:
        _print_json(whole)
        return
    lake, stores = whole.lake, whole.stores
    emit_structs(lake.channels, ChannelBooks, shown)
    unsound = [books for books in stores.journals if not books.is_sound]
    for rows, shape in (
        (lake.odd, OddRecord),
        (lake.gaps, Gap),
        (lake.doubles, Double),
        (whole.faults, LakeFault),
        (unsound, JournalBooks),
    ):
        if rows:
            emit_structs(rows, shape, shown)
    if stores.incidents:
        found = [(number, *(getattr(one, name) for name in _INCIDENT)) for number, one in stores.incidents.items()]
        emit(("incident", *_INCIDENT), [found], shown)
    verdict = "The books balance." if whole.balances else "The books do not balance."
    sys.stderr.write(f"{verdict} {stores.events} events are in the journals and not yet in the lake.\n")


def _print_json(whole: WholeAudit) -> None:
    lake, stores = whole.lake, whole.stores
    waiting = {
        "records": sum(books.records for books in stores.journals),
        "events": stores.events,
        "damaged": sum(books.damaged for books in stores.journals),
    }
    emit_json(
        {
            "balances": whole.balances,
            "channels": lake.channels,
            "odd": lake.odd,
            "gaps": lake.gaps,
            "doubles": lake.doubles,
            "left_out": lake.left_out,
            "journals": stores.journals,
            "incidents": stores.incidents,
            "faults": whole.faults,
            "pending": waiting,
        }
    )
