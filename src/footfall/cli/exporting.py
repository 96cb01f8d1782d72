"""Writing a day's events to a file, whole or not at all."""

import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import IO

from msgspec import Struct
from rich.console import Console
from rich.progress import Progress

from footfall.dialects.lms_shape import ENV, seed_line
from footfall.failure import TerminalError
from footfall.lake.reading import LakeReader, Parameters

_SELECT = (
    "SELECT {columns} FROM events WHERE day = $day AND ($channel IS NULL OR channel = $channel) AND {condition} "
    "ORDER BY received_at"
)
_COUNT = "SELECT count(*) FROM events WHERE day = $day AND ($channel IS NULL OR channel = $channel) AND {condition}"


class _Speech(Struct, frozen=True):
    """How events are worded: those that meet a condition, each as a line; None leaves one out."""

    condition: str
    line: Callable[[str], str | None]


_AS_SENT = _Speech("true", lambda event: event)
_DIALECTS = {"lms": _Speech(f"eid = 'EXDATA' AND env = '{ENV}'", seed_line)}


def export(
    reader: LakeReader,
    day: date,
    channel: str | None,
    file_format: str,
    output: Path | None,
    dialect: str | None = None,
) -> None:
    """Write the events, or those of one dialect in its own words.

    Raises TerminalError when the target cannot be written, and for a dialect in anything but ndjson.
    """
    if output is not None and not output.absolute().parent.is_dir():
        raise TerminalError(f"cannot write {output}: there is no folder {output.absolute().parent}")
    if file_format == "ndjson":
        _write_lines(reader, {"day": day, "channel": channel}, output, _DIALECTS[dialect] if dialect else _AS_SENT)
        return
    if dialect is not None:
        raise TerminalError(f"--dialect {dialect} writes ndjson only")
    if output is None and file_format == "parquet":
        raise TerminalError("parquet needs --output FILE")
    _copy(reader, day, channel, file_format, output)


def _write_lines(reader: LakeReader, parameters: Parameters, output: Path | None, speech: _Speech) -> None:
    total = reader.query(_COUNT.format(condition=speech.condition), parameters).rows[0][0]
    select = _SELECT.format(columns="event", condition=speech.condition)
    left_out = 0
    target = _partial(output) if output else None
    try:
        with (
            target.open("w", encoding="utf-8") if target else _stdout() as file,
            Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress,
            reader.stream(select, parameters) as (_, batches),
        ):
            task = progress.add_task("Exporting", total=total)
            for batch in batches:
                lines = [line for (event,) in batch if (line := speech.line(event)) is not None]
                file.writelines(f"{line}\n" for line in lines)
                left_out += len(batch) - len(lines)
                progress.advance(task, len(batch))
    except OSError as error:
        raise TerminalError(f"cannot write {output}: {error.strerror}") from error
    if target and output:
        target.replace(output)
    if left_out:
        sys.stderr.write(f"{left_out} events of this kind were not sent in the dialect, and were left out.\n")


def _copy(reader: LakeReader, day: date, channel: str | None, file_format: str, output: Path | None) -> None:
    quoted = "NULL" if channel is None else "'" + channel.replace("'", "''") + "'"
    sql = _SELECT.format(columns="*", condition="true").replace("$day", f"DATE '{day}'").replace("$channel", quoted)
    options = "FORMAT parquet, COMPRESSION zstd" if file_format == "parquet" else "FORMAT csv, HEADER"
    target = _partial(output) if output else Path("/dev/stdout")
    reader.copy(sql, target, options)
    if output:
        target.replace(output)


def _partial(output: Path) -> Path:
    return output.with_name(f".{output.name}.{os.getpid()}.part")


def _stdout() -> IO[str]:
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
