"""Writing a day's events to a file, whole or not at all, in memory that does not grow with the day."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, Protocol

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from footfall import permissions
from footfall.cli.output import AbandonedError
from footfall.cli.output_file import CsvFile, LinesFile, one_line
from footfall.cli.query import Batches, RunningQuery
from footfall.cli.slices import Bounds, Slice, Weight, cut
from footfall.dialects.lms.shape import ENV, seed_line
from footfall.errors import TerminalError, TransientError
from footfall.lake.disk import sync
from footfall.lake.query import LakeReader

_BOUNDS = Bounds()
_BATCH_ROWS = 2048
_BATCH_BYTES = 8 << 20
_WEIGH = """
SELECT epoch_us(received_at) // $width AS number, count(*), coalesce(sum(strlen(event)), 0)::BIGINT,
    coalesce(max(strlen(event)), 0)
FROM events WHERE {condition} GROUP BY number ORDER BY number
"""
_SELECT = "SELECT {columns} FROM events WHERE {condition} {order}"
_CONDITION = """
day = $day AND ($channel IS NULL OR channel = $channel) AND received_at >= $begin AND received_at < $end AND {spoken}
"""
_ORDER = "ORDER BY received_at, journal, record, idx"


class _Speech(Struct, frozen=True):
    """How events are worded: those that meet a condition, each as a line; None leaves one out."""

    condition: str
    line: Callable[[str], str | None]


_AS_SENT = _Speech("true", one_line)
_DIALECTS = {"lms": _Speech(f"eid = 'EXDATA' AND env = '{ENV}'", seed_line)}


def export(
    reader: LakeReader,
    day: date,
    channel: str | None,
    file_format: str,
    output: Path | None,
    dialect: str | None = None,
    bounds: Bounds = _BOUNDS,
) -> bool:
    """Write the events in the order in which they were received, or those of one dialect in its own words.

    They are asked for in slices, each within bounds; what comes into the lake meanwhile may be among them or not.
    Every byte of the day's files is compared with its checksum first; those that have changed are left out, and said.
    Tells whether all was written. Raises TerminalError when the target cannot be written, and for a dialect in anything
    but ndjson.
    """
    if dialect is not None and file_format != "ndjson":
        raise TerminalError(f"--dialect {dialect} writes ndjson only")
    if output is None and file_format == "parquet":
        raise TerminalError("parquet needs --output FILE")
    speech = _DIALECTS[dialect] if dialect else _AS_SENT
    rows = _Received(RunningQuery(reader, prints=output is None), day, channel, speech.condition)
    rows.inquiry.run(lambda asked: asked.verify(day))
    with _target(output) as file, closing(_events_file(file_format, file, speech)) as events:
        _write(rows, events, bounds)
        events.finish()
    if isinstance(events, LinesFile) and events.left_out:
        sys.stderr.write(f"{events.left_out} events of this kind were not sent in the dialect, and were left out.\n")
    return not reader.remarks


class _EventsFile(Protocol):
    """A file of events; `columns` are those that it is made of, in SQL."""

    columns: str

    def write(self, batch: Sequence[Sequence[Any]]) -> None:
        """Write rows of these columns."""

    def finish(self) -> None:
        """Write what is left."""

    def close(self) -> None:
        """Write no more, whether all was written or not."""


def _events_file(file_format: str, file: IO[bytes], speech: _Speech) -> _EventsFile:
    if file_format == "ndjson":
        return LinesFile(file, speech.line)
    if file_format == "csv":
        return CsvFile(file)
    from footfall.cli.columnar import ParquetFile

    return ParquetFile(file)


def _write(rows: "_Received", target: _EventsFile, bounds: Bounds) -> None:
    written = 0
    with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress:
        task = progress.add_task("Exporting", total=None)
        slices = list(cut(rows.weigh, bounds))
        total = sum(one.rows for one in slices)
        progress.update(task, total=total)
        for one in slices:
            with rows.of(one, target.columns) as batches:
                for batch in batches:
                    target.write(batch)
                    written += len(batch)
                    progress.advance(task, len(batch))
    if written < total:
        raise TransientError(f"{total - written} events were removed from the lake meanwhile")


class _Received(Struct, frozen=True):
    """The events of a day, of one channel or all, that meet a condition."""

    inquiry: RunningQuery
    day: date
    channel: str | None
    condition: str

    def weigh(self, begin: datetime, end: datetime, width: int) -> list[Weight]:
        """How many there are in each stretch of `width` microseconds."""
        sql = _WEIGH.format(condition=self._condition)
        parameters = self._parameters(begin, end) | {"width": width}
        return [Weight(*row) for row in self.inquiry.run(lambda reader: reader.query(sql, parameters)).rows]

    @contextmanager
    def of(self, one: Slice, columns: str) -> Iterator[Batches]:
        """The rows of a slice."""
        order = "" if one.is_moment else _ORDER
        sql = _SELECT.format(columns=columns, condition=self._condition, order=order)
        size = max(1, min(_BATCH_ROWS, _BATCH_BYTES // max(1, one.largest)))
        with self.inquiry.stream(sql, self._parameters(one.begin, one.end), size=size) as (_, batches):
            yield batches

    @property
    def _condition(self) -> str:
        return _CONDITION.format(spoken=self.condition)

    def _parameters(self, begin: datetime, end: datetime) -> dict[str, Any]:
        return {"day": self.day, "channel": self.channel, "begin": begin, "end": end}


@contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """A file that is there after the block, or stdout; raises TerminalError where it cannot be written."""
    try:
        if output is None:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with _whole(output) as file:
                yield file
    except BrokenPipeError as error:
        raise AbandonedError from error
    except OSError as error:
        raise TerminalError(f"cannot write {output or 'the events'}: {error.strerror}") from error


@contextmanager
def _whole(output: Path) -> Iterator[IO[bytes]]:
    folder = output.absolute().parent
    if not folder.is_dir():
        raise TerminalError(f"cannot write {output}: there is no folder {folder}")
    if output.exists() and not output.is_file():
        raise TerminalError(f"cannot write {output}: it is there, and not a file")
    part = output.with_name(f".{output.name}.{os.getpid()}.part")
    try:
        with permissions.for_user():
            made = part.open("wb")
        with made as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(output)
        sync(folder)
    finally:
        part.unlink(missing_ok=True)
