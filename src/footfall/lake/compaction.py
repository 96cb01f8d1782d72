"""The compaction process: takes a plan as its argument, rewrites files as one, and says on stdout what it wrote."""

import os
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct

from footfall.lake.arrow import EVENTS_SCHEMA, merge_stats, parquet_options, stats
from footfall.lake.upkeep import Plan, Rewritten

_WINDOW_ROWS = 64 * 1024
_WINDOW_BYTES = 96 << 20
_NICENESS = 15
_ORDER = [("channel", "ascending"), ("ets", "ascending")]


class _Window(Struct):
    """Batches waiting to be sorted and written as one row group."""

    batches: list[pa.RecordBatch] = []
    rows: int = 0
    size: int = 0


def compact(plan: Plan) -> Rewritten:
    """Rewrite the plan's files, sorted by channel and time within row groups. Raises OSError or pa.ArrowException.

    Memory stays within one row group whatever the sizes of the files: they are read in the order they were written,
    which is nearly the order of time, so sorting within row groups is enough for their time ranges to be narrow.
    """
    folder = Path(plan.folder)
    relative = "/".join(f"{name}={value}" for name, value in plan.partition.items()) + f"/{uuid.uuid4().hex}.parquet"
    path = folder / relative
    found = []
    try:
        with path.open("wb") as file:
            with pq.ParquetWriter(file, EVENTS_SCHEMA, **parquet_options(EVENTS_SCHEMA.names)) as writer:
                for table in _sorted_windows([folder / name for name in plan.paths]):
                    writer.write_table(table)
                    found.append(stats(table))
            file.flush()
            os.fsync(file.fileno())
    except (OSError, pa.ArrowException):
        path.unlink(missing_ok=True)
        raise
    status = path.stat()
    return Rewritten(relative, status.st_size, int(status.st_mtime * 1000), merge_stats(found))


def _sorted_windows(paths: list[Path]) -> Iterator[pa.Table]:
    window = _Window()
    for path in sorted(paths, key=lambda found: found.stat().st_mtime_ns):
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=8192):
                window.batches.append(batch)
                window.rows += batch.num_rows
                window.size += batch.nbytes
                if window.rows >= _WINDOW_ROWS or window.size >= _WINDOW_BYTES:
                    yield _sorted(window)
                    window = _Window()
    if window.rows:
        yield _sorted(window)


def _sorted(window: _Window) -> pa.Table:
    return pa.Table.from_batches(window.batches).cast(EVENTS_SCHEMA).sort_by(_ORDER)


def main() -> None:
    """Run one compaction, out of the way of everything else."""
    os.nice(_NICENESS)
    plan = msgspec.json.decode(sys.argv[1], type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(compact(plan)))


if __name__ == "__main__":
    main()
