"""Many files of the flows table to one: of every key the newest revision stays, with what all told.

Files are sorted by cell, so they are merged one stretch of cells after another, and never held whole.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from footfall.lake.arrow import FLOWS_SCHEMA, addition, merge_stats, parquet_options, stats
from footfall.lake.data_files import NewFile, writing
from footfall.lake.parquet import open_file

_GROUP_BYTES = 512 << 10
_MOST_ROWS = 8192
_FEWEST_ROWS = 32
_LOWEST, _CELLS = -(1 << 63), 1 << 64
_MOST_STRETCHES = 4096


def merge(
    folder: Path,
    paths: Sequence[str],
    plan: str,
    new: NewFile,
    budget: int,
    yield_cpu: Callable[[], None] = lambda: None,
) -> AddAction:
    """Write one file that says what files of a plan say together, durably; about `budget` bytes are held at once.

    `breathe` is called between two parts of it.

    Raises OSError or pa.ArrowException; leaves nothing behind then.
    """
    found = []
    options = parquet_options(FLOWS_SCHEMA.names, _MOST_ROWS)
    with writing(folder, new) as file, pq.ParquetWriter(file, FLOWS_SCHEMA, **options) as writer:
        for table in _stretches([folder / name for name in paths], budget):
            writer.write_table(table, row_group_size=group_rows(table))
            found.append(stats(table))
            yield_cpu()
    return addition(folder, new.path, {"plan": plan}, merge_stats(found), data_change=False)


def newest_revision(path: Path) -> int:
    """The newest revision in a file. Raises OSError or pa.ArrowException."""
    with open_file(path) as file:
        columns = (file.read_row_group(number, columns=["revision"]).column(0) for number in range(file.num_row_groups))
        return max((pc.max(column).as_py() for column in columns), default=0)


def group_rows(table: pa.Table) -> int:
    """How many rows are read at once when one is looked for: few, where they are large."""
    return int(max(_FEWEST_ROWS, min(_MOST_ROWS, table.num_rows * _GROUP_BYTES // max(1, table.nbytes))))


def _ranges(file: pq.ParquetFile) -> Iterator[tuple[int, int]]:
    column = FLOWS_SCHEMA.get_field_index("cell")
    for number in range(file.num_row_groups):
        about = file.metadata.row_group(number).column(column).statistics
        yield (about.min, about.max) if about is not None and about.has_min_max else (_LOWEST, -_LOWEST - 1)


def _stretches(paths: list[Path], budget: int) -> Iterator[pa.Table]:
    """The merged rows of all files, in order of their cells."""
    with ExitStack() as stack:
        files = [stack.enter_context(open_file(path)) for path in paths]
        ranges = [list(_ranges(file)) for file in files]
        number = _stretch_count(files, budget)
        bounds = [_LOWEST + _CELLS * part // number for part in range(number + 1)]
        for low, high in pairwise(bounds):
            both = zip(files, ranges, strict=True)
            parts = [part for file, groups in both for part in _rows_between(file, groups, low, high - 1)]
            if parts:
                yield _newest(pa.concat_tables(parts))
                del parts
                pa.default_memory_pool().release_unused()


def _stretch_count(files: list[pq.ParquetFile], budget: int) -> int:
    groups = (file.metadata.row_group(number) for file in files for number in range(file.num_row_groups))
    size = sum(int(group.total_byte_size) for group in groups)
    return max(1, min(_MOST_STRETCHES, -(-size // max(1, budget))))


def _rows_between(file: pq.ParquetFile, groups: list[tuple[int, int]], low: int, high: int) -> Iterator[pa.Table]:
    for number, (lowest, highest) in enumerate(groups):
        if lowest <= high and highest >= low:
            table = file.read_row_group(number).cast(FLOWS_SCHEMA)
            cell = table.column("cell")
            inside: Any = pc.and_(pc.greater_equal(cell, pa.scalar(low)), pc.less_equal(cell, pa.scalar(high)))
            found = table.filter(inside)
            if found.num_rows:
                yield found


def _newest(table: pa.Table) -> pa.Table:
    """The rows to keep, sorted by cell."""
    table = table.take(pc.sort_indices(table, [("cell", "ascending"), ("revision", "descending")]))
    cells = table.column("cell").to_numpy()
    again = np.zeros(len(cells), bool)
    again[1:] = cells[1:] == cells[:-1]
    shared = again.copy()
    shared[:-1] |= again[1:]
    if not shared.any():
        return table
    rows = table.filter(pa.array(shared)).to_pylist()
    joined = pa.Table.from_pylist(list(_joined(rows)), schema=FLOWS_SCHEMA)
    return pa.concat_tables([table.filter(pa.array(~shared)), joined]).sort_by("cell")


def _joined(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Of rows by key, the newest revision first: the newest of each key, with the traces of all of them."""
    by_key: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_key.setdefault(row["key"], []).append(row)
    for same in by_key.values():
        kept = [row for row in same if row["revision"] == same[0]["revision"]]
        trace, state = told([(row["trace"], row["state"]) for row in same])
        yield kept[0] | {"trace": trace, "state": state}
        yield from (row | {"trace": "", "state": None} for row in kept[1:])


def told(parts: Iterable[tuple[str | None, str | None]]) -> tuple[str, str | None]:
    """What the traces and states of revisions, the newest first, say together: one trace, and the newest state."""
    traces = []
    for trace, state in parts:
        if trace and len(trace) > 2:
            traces.append(trace[1:-1])
        if state is not None:
            break
    else:
        state = None
    return (f"[{','.join(traces)}]" if traces else ""), state
