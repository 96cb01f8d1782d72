"""The hash columns of stored events, read back from the lake's files."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from msgspec import Struct
from numpy.typing import NDArray

_COLUMNS = ["key_hash", "content_hash", "ets"]
_REMEMBERED_FILES = 20_000
_EPOCH = date(1970, 1, 1).toordinal()


class File(Struct, frozen=True):
    """A file of stored events: its path, day received (days since 1970), and range of ets in milliseconds."""

    path: Path
    day: int
    low: float
    high: float


class Hashes(Struct, frozen=True):
    """Hash columns and ets of some events, one array element each."""

    key: NDArray[np.uint64]
    content: NDArray[np.uint64]
    ets: NDArray[np.float64]


def stored_files(table: DeltaTable, since: int) -> list[File]:
    """The files of stored events received on a day (days since 1970) or later."""
    actions = pa.table(table.get_add_actions(flatten=True))
    missing = [None] * actions.num_rows
    columns = {
        name: actions.column(name).to_pylist() if name in actions.column_names else missing
        for name in ("path", "partition.day", "partition.fate", "min.ets", "max.ets")
    }
    root = Path(table.table_uri.removeprefix("file://"))
    return [
        File(root / unquote(path), _number(day), -np.inf if low is None else low, np.inf if high is None else high)
        for path, day, fate, low, high in zip(*columns.values(), strict=True)
        if fate == "stored" and _number(day) >= since
    ]


def _number(day: date) -> int:
    return day.toordinal() - _EPOCH


def read_hashes(file: File) -> Hashes:
    """All hashes of a file."""
    return _hashes(pq.read_table(file.path, columns=_COLUMNS, partitioning=None))


class Lookup:
    """Finds which of some events are stored already, by reading only row groups whose ets range they fall into."""

    def __init__(self) -> None:
        self._ranges: OrderedDict[Path, NDArray[np.float64]] = OrderedDict()

    def find(self, files: Iterable[File], key: NDArray[np.uint64], ets: NDArray[np.float64]) -> Iterator[Hashes]:
        """The stored events with one of these keys, file by file."""
        wanted = np.sort(ets)
        for file in files:
            if not _any_within(wanted, file.low, file.high):
                continue
            with pq.ParquetFile(file.path) as parquet:
                ranges = self._row_groups(file.path, parquet)
                groups = [number for number, (low, high) in enumerate(ranges) if _any_within(wanted, low, high)]
                found = _hashes(parquet.read_row_groups(groups, columns=_COLUMNS))
            matching = np.isin(found.key, key)
            if matching.any():
                yield Hashes(found.key[matching], found.content[matching], found.ets[matching])

    def _row_groups(self, path: Path, parquet: Any) -> NDArray[np.float64]:
        known = self._ranges.get(path)
        if known is None:
            known = self._ranges[path] = np.array(list(_group_ranges(parquet.metadata)))
            if len(self._ranges) > _REMEMBERED_FILES:
                self._ranges.popitem(last=False)
        return known


def _group_ranges(metadata: Any) -> Iterator[tuple[float, float]]:
    column = metadata.schema.names.index("ets")
    for number in range(metadata.num_row_groups):
        found = metadata.row_group(number).column(column).statistics
        yield (found.min, found.max) if found is not None and found.has_min_max else (-np.inf, np.inf)


def _any_within(values: NDArray[np.float64], low: float, high: float) -> bool:
    return bool(np.searchsorted(values, high, "right") > np.searchsorted(values, low, "left"))


def _hashes(table: Any) -> Hashes:
    key, content, ets = (table.column(name).to_numpy() for name in _COLUMNS)
    return Hashes(key.view(np.uint64), content.view(np.uint64), ets.astype(np.float64))
