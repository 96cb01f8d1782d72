"""The hash columns of stored events, read back from the lake's files."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from msgspec import Struct
from numpy.typing import NDArray

from footfall.lake.data_files import write_number
from footfall.lake.parquet import UNREADABLE, open_file

_COLUMNS = ["key_hash", "content_hash", "ets"]
_REMEMBERED_FILES = 20_000
_SIEVE_BITS = 20
_EPOCH = date(1970, 1, 1).toordinal()

Ranges = NDArray[np.float64]


class File(Struct, frozen=True):
    """A file of stored events: its path, day received (days since 1970), and range of ets in milliseconds.

    `number` orders files as they were written, see `data_files`; 0 for those from before.
    """

    path: Path
    day: int
    low: float
    high: float
    number: int = 0


class Hashes(Struct, frozen=True):
    """Hash columns and ets of some events, one array element each."""

    key: NDArray[np.uint64]
    content: NDArray[np.uint64]
    ets: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.key)


def stored_files(adds: pa.Table, folder: Path) -> list[File]:
    """The files of stored events; `adds` are the files of the table.

    The ranges are a little wider than what the log says: its numbers have passed through text.
    """
    missing = [None] * adds.num_rows
    columns = {
        name: adds.column(name).to_pylist() if name in adds.column_names else missing
        for name in ("path", "partition.day", "partition.fate", "min.ets", "max.ets")
    }
    return [
        File(folder / path, day.toordinal() - _EPOCH, *_widened(low, high), write_number(path))
        for path, day, fate, low, high in zip(*columns.values(), strict=True)
        if fate == "stored"
    ]


def first_day(files: Iterable[File], today: int, days: int) -> int:
    """The day from which on received events are to be recognised: `days` before today, and as many that have events.

    The second keeps a clock that is ahead for a while from ending the memory of everything before.
    """
    newest = sorted({file.day for file in files}, reverse=True)[: days + 1]
    return min([today - days, *newest])


def recent_files(files: Sequence[File], today: int, days: int) -> list[File]:
    """Those of all files that hold what was received since `first_day`, whatever clocks said meanwhile.

    A file that was written after the first of them counts, too: a clock that was behind gave it its day.
    """
    since = first_day(files, today, days)
    first = min((file.number for file in files if since <= file.day <= today + 1 and file.number), default=None)
    return [file for file in files if file.day >= since or (first is not None and file.number >= first)]


def _widened(low: float | None, high: float | None) -> tuple[float, float]:
    if low is None or high is None:
        return -np.inf, np.inf
    return low - 1 - abs(low) * 1e-12, high + 1 + abs(high) * 1e-12


def read_hashes(file: File, low: float = -np.inf, high: float = np.inf) -> Iterator[Hashes]:
    """The hashes of a file by row group, without those that hold no ets in a range. Raises OSError."""
    with open_file(file.path) as parquet:
        for number, (least, most) in enumerate(_group_ranges(parquet.metadata)):
            if most >= low and least <= high:
                yield _hashes(parquet.read_row_group(number, columns=_COLUMNS))


class Lookup:
    """Finds which of some events are stored already, by reading only row groups whose ets range they fall into.

    `on_error` is told of files that cannot be read.
    """

    def __init__(self, on_error: Callable[[Path, Exception], None]) -> None:
        self._on_error = on_error
        self._ranges: OrderedDict[Path, Ranges] = OrderedDict()

    def find(self, files: Iterable[File], key: NDArray[np.uint64], ets: Ranges) -> Iterator[Hashes]:
        """Stored events with the key of one of these, row group by row group; some that have another ets are left out.

        Keys and ets are those of the events wanted, one array element each.
        """
        wanted = np.sort(ets)
        sieve = _Sieve(key)
        for file in files:
            if _any_within(wanted, file.low, file.high) and self._may_hold(file, wanted):
                try:
                    yield from self._find_in(file, wanted, sieve)
                except UNREADABLE as error:
                    self._on_error(file.path, error)

    def _may_hold(self, file: File, wanted: Ranges) -> bool:
        known = self._ranges.get(file.path)
        return known is None or any(_any_within(wanted, low, high) for low, high in known)

    def _find_in(self, file: File, wanted: Ranges, sieve: "_Sieve") -> Iterator[Hashes]:
        with open_file(file.path) as parquet:
            for number, (low, high) in enumerate(self._row_groups(file.path, parquet)):
                if not _any_within(wanted, low, high):
                    continue
                keys = _unsigned(parquet.read_row_group(number, columns=_COLUMNS[:1]), _COLUMNS[0])
                chosen = sieve.passing(keys)
                if len(chosen):
                    rest = parquet.read_row_group(number, columns=_COLUMNS[1:])
                    ets = rest.column("ets").to_numpy().astype(np.float64)
                    yield Hashes(keys[chosen], _unsigned(rest, "content_hash")[chosen], ets[chosen])

    def _row_groups(self, path: Path, parquet: Any) -> Ranges:
        known = self._ranges.get(path)
        if known is None:
            known = self._ranges[path] = np.array(list(_group_ranges(parquet.metadata)))
            if len(self._ranges) > _REMEMBERED_FILES:
                self._ranges.popitem(last=False)
        return known


class _Sieve:
    """A bit for every key, so that a row group without any of them costs next to nothing."""

    def __init__(self, keys: NDArray[np.uint64]) -> None:
        self._keys = np.unique(keys)
        self._marked = np.zeros(1 << _SIEVE_BITS, np.bool_)
        self._marked[_low_bits(keys)] = True

    def passing(self, keys: NDArray[np.uint64]) -> NDArray[np.intp]:
        """Indexes of the keys that are among those marked."""
        chosen = np.flatnonzero(self._marked[_low_bits(keys)])
        return chosen[np.isin(keys[chosen], self._keys)] if len(chosen) else chosen


def _low_bits(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return keys & np.uint64((1 << _SIEVE_BITS) - 1)


def _group_ranges(metadata: Any) -> Iterator[tuple[float, float]]:
    column = metadata.schema.names.index("ets")
    for number in range(metadata.num_row_groups):
        found = metadata.row_group(number).column(column).statistics
        yield (found.min, found.max) if found is not None and found.has_min_max else (-np.inf, np.inf)


def _any_within(values: Ranges, low: float, high: float) -> bool:
    return bool(np.searchsorted(values, high, "right") > np.searchsorted(values, low, "left"))


def _hashes(table: Any) -> Hashes:
    ets = table.column("ets").to_numpy().astype(np.float64)
    return Hashes(_unsigned(table, "key_hash"), _unsigned(table, "content_hash"), ets)


def _unsigned(table: Any, name: str) -> NDArray[np.uint64]:
    return table.column(name).to_numpy().view(np.uint64)  # type: ignore[no-any-return]
