"""The compaction process: takes a plan as its argument, rewrites files as one, and says on stdout what it wrote."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from msgspec import Struct, field

from footfall.lake.arrow import merge_stats, parquet_options, stats, stored_columns
from footfall.lake.compaction.scheduler import BROKEN_INPUT, Broken, Plan, Rewritten
from footfall.lake.data_files import NewFile, writing
from footfall.lake.parquet import UNREADABLE, open_file
from footfall.runtime import lifeline
from footfall.runtime.cpu_throttle import CpuThrottle
from footfall.runtime.os_process import set_idle_priority

_WINDOW_ROWS = 64 * 1024
_WINDOW_BYTES = 16 << 20
_BATCH_ROWS = 2048
_BATCH_BYTES = 8 << 20
_LATE_MS = 3_600_000.0
_ORDER = [("channel", "ascending"), ("ets", "ascending")]


class _Window(Struct):
    """Batches waiting to be sorted and written as one row group."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    rows: int = 0
    size: int = 0

    @property
    def is_full(self) -> bool:
        return self.rows >= _WINDOW_ROWS or self.size >= _WINDOW_BYTES

    def add(self, batch: pa.RecordBatch) -> None:
        self.batches.append(batch)
        self.rows += batch.num_rows
        self.size += batch.nbytes

    def take(self) -> pa.Table:
        """Everything that waits, sorted, and begin anew."""
        table = pa.Table.from_batches(self.batches).sort_by(_ORDER)
        self.batches, self.rows, self.size = [], 0, 0
        return table


class BrokenInputError(Exception):
    """A file that was to be rewritten is not what was written."""

    def __init__(self, path: Path, error: Exception) -> None:
        super().__init__(path, error)
        self.path = path


def compact(plan: Plan, new: NewFile, breathe: Callable[[], None] = lambda: None) -> Rewritten:
    """Rewrite the plan's files as a new one, sorted by channel and time within row groups.

    Raises BrokenInputError, or OSError where the new file cannot be written.

    `breathe` is called between two row groups.

    Memory stays within two row groups whatever the sizes of the files: they are read in the order they were written,
    which is nearly the order of time. What happened long before it was received goes to row groups of its own, so that
    those of all others span little time.
    """
    folder = Path(plan.folder)
    schema = stored_columns(plan.columns, plan.partition)
    paths = [folder / name for name in plan.paths]
    found = []
    options = parquet_options(schema.names, _rows_at_once(paths))
    with writing(folder, new) as file, pq.ParquetWriter(file, schema, **options) as writer:
        for table in _windows(paths, schema):
            writer.write_table(table)
            found.append(stats(table))
            del table  # before the next one is put together
            pa.default_memory_pool().release_unused()
            breathe()
    status = (folder / new.path).stat()
    return Rewritten(new.path, status.st_size, int(status.st_mtime * 1000), merge_stats(found))


def _rows_at_once(paths: list[Path]) -> int:
    """How many rows fill a window, about."""
    files = [_metadata(path) for path in paths]
    size = sum(int(file.row_group(number).total_byte_size) for file in files for number in range(file.num_row_groups))
    rows = sum(int(file.num_rows) for file in files)
    return min(_WINDOW_ROWS, rows * _WINDOW_BYTES // max(1, size))


def _metadata(path: Path) -> pq.FileMetaData:
    try:
        return pq.read_metadata(path)
    except UNREADABLE as error:
        raise BrokenInputError(path, error) from error


def _windows(paths: list[Path], schema: pa.Schema) -> Iterator[pa.Table]:
    prompt, late = _Window(), _Window()
    for path in sorted(paths, key=lambda found: found.stat().st_mtime_ns):
        for batch in _batches(path, schema):
            is_late = _is_late(batch)
            if pc.any(is_late).as_py():
                late.add(batch.filter(is_late))
                batch = batch.filter(pc.invert(is_late))
            if batch.num_rows:
                prompt.add(batch)
            for window in (prompt, late):
                if window.is_full:
                    yield window.take()
    for window in (prompt, late):
        if window.rows:
            yield window.take()


def _is_late(batch: pa.RecordBatch) -> Any:
    received = pc.divide(pc.cast(pc.cast(batch.column("received_at"), pa.int64()), pa.float64()), 1000.0)
    distance = pc.abs(pc.subtract(received, batch.column("ets")))
    return pc.fill_null(pc.greater(distance, _LATE_MS), False)


def _batches(path: Path, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """A file's rows in bites of bounded size; columns that it does not have are null."""
    try:
        with open_file(path) as file:
            for number in range(file.num_row_groups):
                group = file.metadata.row_group(number)
                rows = max(1, min(_BATCH_ROWS, _BATCH_BYTES * group.num_rows // max(1, group.total_byte_size)))
                for batch in file.iter_batches(batch_size=rows, row_groups=[number], use_threads=False):
                    yield _conform(batch, schema)
    except UNREADABLE as error:
        raise BrokenInputError(path, error) from error


def _conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    known = set(batch.schema.names)
    columns = [
        batch.column(field.name).cast(field.type) if field.name in known else pa.nulls(batch.num_rows, field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def main() -> None:
    """Run one compaction, out of the way of everything else."""
    lifeline.hold()
    set_idle_priority()
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    new = msgspec.json.decode(sys.argv[2], type=NewFile)
    try:
        answer: Rewritten | Broken = compact(plan, new, CpuThrottle())
    except BrokenInputError as error:
        answer = Broken(error.path.relative_to(plan.folder).as_posix())
    sys.stdout.buffer.write(msgspec.json.encode(answer))
    raise SystemExit(BROKEN_INPUT if isinstance(answer, Broken) else 0)


if __name__ == "__main__":
    main()
