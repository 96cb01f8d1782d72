"""Writing a day's events to a file, whole or not at all."""

import os
import sys
from datetime import date
from pathlib import Path
from typing import IO

from rich.console import Console
from rich.progress import Progress

from footfall.failure import TerminalError
from footfall.lake.reading import LakeReader

_SELECT = (
    "SELECT {columns} FROM events WHERE day = $day AND ($channel IS NULL OR channel = $channel) ORDER BY received_at"
)
_COUNT = "SELECT count(*) FROM events WHERE day = $day AND ($channel IS NULL OR channel = $channel)"


def export(reader: LakeReader, day: date, channel: str | None, file_format: str, output: Path | None) -> None:
    """Write the events; raises TerminalError when the target cannot be written."""
    if output is not None and not output.absolute().parent.is_dir():
        raise TerminalError(f"cannot write {output}: there is no folder {output.absolute().parent}")
    if file_format == "ndjson":
        _write_lines(reader, day, channel, output)
        return
    if output is None and file_format == "parquet":
        raise TerminalError("parquet needs --output FILE")
    _copy(reader, day, channel, file_format, output)


def _write_lines(reader: LakeReader, day: date, channel: str | None, output: Path | None) -> None:
    parameters = {"day": day, "channel": channel}
    total = reader.query(_COUNT, parameters).rows[0][0]
    target = _partial(output) if output else None
    try:
        with (
            target.open("w", encoding="utf-8") if target else _stdout() as file,
            Progress(console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as progress,
            reader.stream(_SELECT.format(columns="event"), parameters) as (_, batches),
        ):
            task = progress.add_task("Exporting", total=total)
            for batch in batches:
                file.writelines(f"{event}\n" for (event,) in batch)
                progress.advance(task, len(batch))
    except OSError as error:
        raise TerminalError(f"cannot write {output}: {error.strerror}") from error
    if target and output:
        target.replace(output)


def _copy(reader: LakeReader, day: date, channel: str | None, file_format: str, output: Path | None) -> None:
    quoted = "NULL" if channel is None else "'" + channel.replace("'", "''") + "'"
    sql = _SELECT.format(columns="*").replace("$day", f"DATE '{day}'").replace("$channel", quoted)
    options = "FORMAT parquet, COMPRESSION zstd" if file_format == "parquet" else "FORMAT csv, HEADER"
    target = _partial(output) if output else Path("/dev/stdout")
    reader.copy(sql, target, options)
    if output:
        target.replace(output)


def _partial(output: Path) -> Path:
    return output.with_name(f".{output.name}.{os.getpid()}.part")


def _stdout() -> IO[str]:
    return os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
