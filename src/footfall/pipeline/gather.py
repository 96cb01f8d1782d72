"""Gathering journal records into rows; a record that cannot be read is set aside alone."""

import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct

from footfall.journal.log import Damage, Record
from footfall.pipeline.rows import Entry, Rows, good_rows, odd_rows, unreadable
from footfall.spec.intake import VERSION, unpack

_log = structlog.get_logger()
_CHUNK_EVENTS = 2000


class Bytes(Struct, frozen=True, gc=False):
    """A record's bytes, kept until its rows are made."""

    journal: str
    number: int
    payload: bytes


class Gathering:
    """Rows of records read but not committed yet.

    Records are turned into rows in chunks: small enough to stay in the processor's cache, large enough for bulk calls.
    """

    def __init__(self, quarantine: Path, tolerance_ms: float) -> None:
        self._quarantine = quarantine
        self._tolerance_ms = tolerance_ms
        self._chunk: list[tuple[Entry, Bytes]] = []
        self._chunk_events = 0
        self._parts: list[Rows] = []
        self.bytes = 0
        self.damaged = 0

    def __bool__(self) -> bool:
        return bool(self._chunk or self._parts)

    def add(self, journal: str, piece: Record | Damage) -> None:
        """Take what a journal's reader returned; writes to the quarantine what is no record. Raises OSError."""
        if isinstance(piece, Damage):
            self.damaged += 1
            _log.error("journal damaged", journal=journal, at=piece.at, next=piece.next, detail=piece.detail)
            return
        self.bytes += len(piece.payload)
        source = Bytes(journal, piece.number, piece.payload)
        try:
            intake = unpack(piece.payload)
            if intake.version > VERSION:
                raise ValueError(f"record version {intake.version}")
        except (ValueError, msgspec.MsgspecError) as error:
            self._set_aside(source, error)
            return
        self._chunk.append((Entry(journal, piece.number, intake), source))
        self._chunk_events += intake.of
        if self._chunk_events >= _CHUNK_EVENTS:
            self._close_chunk()

    def take(self) -> Rows | None:
        """All rows gathered, and begin anew; None when there are none."""
        self._close_chunk()
        parts, self._parts, self.bytes = self._parts, [], 0
        return Rows.join(parts) if parts else None

    def _close_chunk(self) -> None:
        chunk, self._chunk, self._chunk_events = self._chunk, [], 0
        self._convert(chunk)

    def _convert(self, chunk: Sequence[tuple[Entry, Bytes]]) -> None:
        """Convert together; if that fails, halve until the record that fails is alone."""
        if not chunk:
            return
        entries = [entry for entry, _ in chunk]
        try:
            rows = [good_rows(entries, self._tolerance_ms), odd_rows(entries)]
        except (ValueError, msgspec.MsgspecError, RecursionError) as error:
            if len(chunk) == 1:
                self._set_aside(chunk[0][1], error)
                return
            middle = len(chunk) // 2
            self._convert(chunk[:middle])
            self._convert(chunk[middle:])
            return
        self._parts += [part for part in rows if part is not None]

    def _set_aside(self, source: Bytes, error: Exception) -> None:
        self._quarantine.mkdir(parents=True, exist_ok=True)
        path = self._quarantine / f"{source.journal}-{source.number}.bin"
        path.write_bytes(source.payload)
        _log.error("record set aside", journal=source.journal, record=source.number, error=type(error).__name__)
        self._parts.append(unreadable(source.journal, source.number, int(time.time() * 1000)))
