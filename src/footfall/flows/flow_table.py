"""The flows table as its one writer sees it: found by key, appended to, merged."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction
from msgspec import Struct
from numpy.typing import NDArray

from footfall.errors import TransientError
from footfall.flows import merging
from footfall.flows.row import Row, arrow_table, cell_of
from footfall.lake.lock import LakeLock
from footfall.lake.parquet import open_file
from footfall.lake.table import LakeTable
from footfall.lake.tables import FLOWS_TABLE, plain

LOCK = "flows.lock"
FOLDS = "footfall.folds"
_MERGE_AT = 24
_MOST_LOCK_SECONDS = 20.0
_FOUND = ["key", "revision", "shown", "trace", "state"]


class StoreError(TransientError):
    """A file of the flows table could not be read or written."""

    retry_after = 5.0


class File(Struct, frozen=True):
    """A file of the table: its path relative to the table, and its size in bytes."""

    path: str
    size: int


class Found(Struct):
    """What the table holds under a key: all that traces and states say, and `shown` of the newest revision."""

    shown: list[str]
    trace: str
    state: str | None


class FlowTable:
    """The one writer's hand on the flows table. `budget` bounds what merging holds at once, in bytes, about.

    `breathe` is called often while files are merged, and may take its time.

    Raises LakeLockedError when another process has it, LakeVersionError, CommitError.
    """

    def __init__(self, root: Path, budget: int, yield_cpu: Callable[[], None] = lambda: None) -> None:
        self._lock = LakeLock(root, name=LOCK, patience=_MOST_LOCK_SECONDS)
        try:
            self._table = LakeTable(root, FLOWS_TABLE)
        except TransientError:
            self._lock.release()
            raise
        self._budget = budget
        self._yield_cpu = yield_cpu
        self._files: dict[str, list[File]] = {}
        self._seen = -1

    @property
    def folds(self) -> int:
        """Number of the last commit; the next one's revision is one more."""
        return self._table.position(FOLDS) or 0

    def position(self, app: str) -> int | None:
        """A position that was committed with rows; None when there is none."""
        return self._table.position(app)

    def plans(self) -> list[str]:
        """The plans, and other partitions, that have rows. Raises CommitError."""
        return list(self._by_plan())

    @contextmanager
    def looking(self, plan: str) -> Iterator["PlanReader"]:
        """Look things up in what is there of a plan. Raises StoreError or CommitError."""
        with ExitStack() as stack:
            paths = [self._table.folder / file.path for file in self._by_plan().get(plan, [])]
            yield PlanReader(paths, stack)

    def find(self, plan: str, keys: Collection[str]) -> dict[str, Found]:
        """What is known under keys of one plan; those not there are left out. Raises StoreError or CommitError."""
        if not keys:
            return {}
        with self.looking(plan) as shelf:
            return shelf.find(keys)

    def commit(self, rows: Sequence[Row], positions: Mapping[str, int], *, forget: Iterable[str] = ()) -> None:
        """Add rows as a new revision, note positions, and remove all that is there of some plans, at once.

        Raises StoreError or CommitError; the same call can be made again, and leaves nothing twice.
        """
        gone = {file.path for plan in forget for file in self._by_plan().get(plan, [])}
        removals = self._table.removals(gone, data_change=True) if gone else []
        if not (self._table.folder / "_delta_log").is_dir():
            raise StoreError("the flows table was removed")
        revision = self.folds + 1
        for row in rows:
            row.revision = revision
        self._table.commit([*removals, *self._write(rows)], {**positions, FOLDS: revision}, note="fold")

    def merge(self) -> bool:
        """Make few files of many where there are too many; whether there was something to do.

        Raises StoreError or CommitError.
        """
        for plan, files in self._by_plan().items():
            if len(files) >= _MERGE_AT:
                self._merge(plan, recent(sorted(files, key=self._age)))
                return True
        return False

    def _age(self, file: File) -> int:
        """Files with less are newer."""
        try:
            return -merging.newest_revision(self._table.folder / file.path)
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"a file of the flows table cannot be read: {plain(error)}") from error

    def sweep(self) -> None:
        """Remove old log entries. Raises CommitError."""
        self._table.sweep()

    def vacuum(self, hours: float) -> int:
        """Remove replaced files; return their number. Raises CommitError."""
        return self._table.vacuum(hours)

    def close(self) -> None:
        """Let others write."""
        self._lock.release()

    def _by_plan(self) -> dict[str, list[File]]:
        if self._seen != self._table.version:
            adds = self._table.adds()
            self._files = defaultdict(list)
            columns = (adds.column(name).to_pylist() for name in ("path", "size_bytes", "partition.plan"))
            for path, size, plan in zip(*columns, strict=True):
                self._files[plan].append(File(path, size))
            self._seen = self._table.version
        return self._files

    def _write(self, rows: Sequence[Row]) -> list[AddAction]:
        by_plan: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_plan[row.plan].append(row)
        try:
            return [self._add(arrow_table(found), plan) for plan, found in by_plan.items()]
        except OSError as error:
            raise StoreError(f"the flows table cannot be written: {plain(error)}") from error

    def _add(self, table: pa.Table, plan: str) -> AddAction:
        return self._table.write(table, {"plan": plan}, group_rows=merging.group_rows(table))

    def _merge(self, plan: str, paths: list[str]) -> None:
        removals = self._table.removals(set(paths))
        try:
            new = merging.merge(
                self._table.folder, paths, plan, self._table.new_file({"plan": plan}), self._budget, self._yield_cpu
            )
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"files of the flows table cannot be merged: {plain(error)}") from error
        self._table.commit([*removals, new], {FOLDS: self.folds + 1}, note="merge")


def recent(files: Sequence[File]) -> list[str]:
    """The files to merge, given all, newest first: but for those much larger than all newer ones together.

    None is left out between two, as what a revision tells may take the place of everything before it.
    """
    total = 0
    for number, file in enumerate(files):
        if number >= _MERGE_AT // 2 and file.size > 2 * total:
            return [file.path for file in files[:number]]
        total += file.size
    return [file.path for file in files]


class FileReader:
    """One open file, with the cells of each row group, sorted as they are there.

    What is looked up comes in the order of cells, so the group that was read last is often wanted again.
    """

    def __init__(self, file: pq.ParquetFile) -> None:
        groups = range(file.num_row_groups)
        self._file = file
        self._cells = [file.read_row_group(number, columns=["cell"]).column(0).to_numpy() for number in groups]
        self._last = -1
        self._table: pa.Table | None = None

    def rows(self, wanted: NDArray[np.int64]) -> Iterator[dict[str, Any]]:
        """The rows whose cell is among those wanted, which are sorted."""
        for number, cells in enumerate(self._cells):
            hits = _places(cells, wanted)
            if hits:
                yield from self._group(number).take(pa.array(hits)).to_pylist()

    def _group(self, number: int) -> pa.Table:
        if self._table is None or number != self._last:
            self._table = None  # before there are two
            self._table, self._last = self._file.read_row_group(number, columns=_FOUND), number
        return self._table


class PlanReader:
    """The files of one plan, open for as long as things are looked up in them."""

    def __init__(self, paths: Iterable[Path], stack: ExitStack) -> None:
        self._paths = paths
        self._stack = stack
        self._boards: list[FileReader] | None = None

    def find(self, keys: Collection[str]) -> dict[str, Found]:
        """What is known under keys; those not there are left out. Raises StoreError."""
        wanted = np.unique(np.array([cell_of(key) for key in keys], np.int64))
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        try:
            for board in self._open():
                for row in board.rows(wanted):
                    if row["key"] in keys:
                        rows[row["key"]].append(row)
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"a file of the flows table cannot be read: {plain(error)}") from error
        return {key: _found(same) for key, same in rows.items()}

    def _open(self) -> list[FileReader]:
        if self._boards is None:
            self._boards = [FileReader(self._stack.enter_context(open_file(path))) for path in self._paths]
        return self._boards


def _places(cells: NDArray[np.int64], wanted: NDArray[np.int64]) -> list[int]:
    """Where some sorted cells stand among others; a cell may be there several times."""
    wanted = wanted[np.searchsorted(wanted, cells[0]) : np.searchsorted(wanted, cells[-1], side="right")]
    low, high = np.searchsorted(cells, wanted, side="left"), np.searchsorted(cells, wanted, side="right")
    return [place for hit in np.flatnonzero(high > low) for place in range(low[hit], high[hit])]


def _found(rows: list[dict[str, Any]]) -> Found:
    rows.sort(key=lambda row: -row["revision"])
    trace, state = merging.told((row["trace"], row["state"]) for row in rows)
    return Found(rows[0]["shown"] or [], trace, state)
