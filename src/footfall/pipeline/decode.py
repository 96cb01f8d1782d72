"""Gathering journal records into rows; a record that cannot be read is set aside alone."""

import time
from collections.abc import Sequence

import structlog
from msgspec import Struct

from footfall.journal.base import Record
from footfall.pipeline.rows import UNREADABLE, Entry, Rows, good_rows, odd_rows, unreadable
from footfall.schema.record import VERSION, IngestRecord, unpack

_log = structlog.get_logger()
_CHUNK_EVENTS = 1500
_LATEST_MS = 253_402_300_800_000  # the year 10000, for which there is no date


class Quarantined(Struct, frozen=True, gc=False):
    """A record that could not be read, as it was."""

    journal: str
    number: int
    payload: bytes


class DecodedRows(Struct, frozen=True):
    """Rows of the records read, in order of arrival, and the records that could not be read."""

    rows: Rows
    set_aside: list[Quarantined]


class _Source(Struct, frozen=True, gc=False):
    """A record and what was made of it so far; its bytes are kept until its rows are made."""

    record: Quarantined
    entry: Entry


class RecordDecoder:
    """Rows of records read but not committed yet.

    Records are turned into rows in chunks: small enough to stay in the processor's cache, large enough for bulk calls.
    `bytes` counts those of the records.
    """

    def __init__(self, tolerance_ms: float) -> None:
        self._tolerance_ms = tolerance_ms
        self._chunk: list[_Source] = []
        self._chunk_events = 0
        self._parts: list[Rows] = []
        self._set_aside: list[Quarantined] = []
        self.bytes = 0

    def __bool__(self) -> bool:
        return bool(self._chunk or self._parts)

    def add(self, journal: str, record: Record) -> None:
        """Take a record."""
        self.bytes += len(record.payload)
        source = Quarantined(journal, record.number, record.payload)
        try:
            intake = _read(record.payload)
        except UNREADABLE as error:
            self._give_up(source, None, error)
            return
        self._chunk.append(_Source(source, Entry(journal, record.number, intake)))
        self._chunk_events += intake.of
        if self._chunk_events >= _CHUNK_EVENTS:
            self._close_chunk()

    def take(self) -> DecodedRows | None:
        """All rows gathered, and begin anew; None when there are none."""
        self._close_chunk()
        parts, self._parts, self.bytes = self._parts, [], 0
        set_aside, self._set_aside = self._set_aside, []
        return DecodedRows(Rows.join(parts), set_aside) if parts else None

    def _close_chunk(self) -> None:
        chunk, self._chunk, self._chunk_events = self._chunk, [], 0
        self._convert(chunk)

    def _convert(self, chunk: Sequence[_Source]) -> None:
        """Convert together; if that fails, halve until the record that fails is alone."""
        if not chunk:
            return
        entries = [source.entry for source in chunk]
        try:
            rows = [good_rows(entries, self._tolerance_ms), odd_rows(entries)]
        except UNREADABLE as error:
            if len(chunk) == 1:
                self._give_up(chunk[0].record, chunk[0].entry.intake, error)
                return
            middle = len(chunk) // 2
            self._convert(chunk[:middle])
            self._convert(chunk[middle:])
            return
        self._parts += [part for part in rows if part is not None]

    def _give_up(self, source: Quarantined, intake: IngestRecord | None, error: Exception) -> None:
        _log.error("record set aside", journal=source.journal, record=source.number, error=type(error).__name__)
        self._set_aside.append(source)
        self._parts.append(unreadable(source.journal, source.number, intake, int(time.time() * 1000)))


def _read(payload: bytes) -> IngestRecord:
    intake = unpack(payload)
    if intake.version > VERSION or not 0 <= intake.received_at < _LATEST_MS:
        raise ValueError("the record is of a later version, or of no time")
    return intake
