"""Mending a lake by hand: nothing is thrown away, what is taken out of a table is kept beside it."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import structlog
from deltalake.transaction import AddAction
from msgspec import Struct, field

from footfall.lake import broken_files, catalog, data_files, delta_log, log_entry
from footfall.lake.arrow import addition, merge_stats, parquet_options, stats
from footfall.lake.check import LAYOUTS, LakeFault, check_files
from footfall.lake.damage import LakeDamagedError
from footfall.lake.data_files import writing
from footfall.lake.delta_log import Proof
from footfall.lake.disk import make_folder, replace_durably, sync
from footfall.lake.parquet import UNREADABLE, open_file
from footfall.lake.recovery_record import RecoveryRecord
from footfall.lake.table import LakeTable
from footfall.lake.tables import TableLayout

_log = structlog.get_logger()
ASIDE = "aside"


class Repaired(Struct):
    """What was done, as sentences; how many rows were given up; and what is left to be done."""

    done: list[str] = field(default_factory=list)
    rows_lost: int = 0
    left: list[LakeFault] = field(default_factory=list)


def repair(
    root: Path, proof: Proof, *, spare: Path | None = None, salvage: bool = False, deep: bool = False
) -> Repaired:
    """Mend what can be mended: logs from their copies, files from the folder `spare` of a backup.

    With `salvage`, files that nobody has are taken out of the table, but for what can be read of them. The caller holds
    the locks of the lake. Raises LakeDamagedError, CommitError or OSError.
    """
    result = Repaired()
    for layout in LAYOUTS:
        _mend_log(root, layout, proof, result)
    for fault in check_files(root, deep=deep):
        _mend_file(root, fault, spare, result, salvage=salvage)
    names = {left.table for left in result.left}
    broken_files.note(
        root, {name: {left.where: left.why for left in result.left if left.table == name} for name in names}
    )
    return result


def _mend_log(root: Path, layout: TableLayout, proof: Proof, result: Repaired) -> None:
    folder = root / layout.name
    if not folder.exists() and layout.is_derived:
        return
    if not log_entry.is_log(folder) and catalog.is_lost(root, layout.name):
        restore_log(folder, result)
    table = LakeTable(root, layout, None if layout.is_derived else proof)
    result.done += table.remarks


def restore_log(folder: Path, result: Repaired) -> None:
    """Put a log that is gone back from the recovery record. Raises LakeDamagedError where that does not hold all."""
    record = RecoveryRecord(folder)
    notes = record.read()
    first = notes.kept.version + 1 if notes.kept is not None else 0
    whole = sorted(version for version in notes.entries if version >= first)
    if whole != list(range(first, first + len(whole))) or not (whole or notes.kept):
        raise LakeDamagedError(
            f"the log of the table {folder.name} is gone, and there is no whole copy: restore a backup"
        )
    make_folder(folder / log_entry.LOG)
    if notes.kept is not None:
        content = record.checkpoint_copy.read_bytes()
        replace_durably(delta_log.checkpoint_path(folder, notes.kept.version), content)
    for version in whole:
        replace_durably(log_entry.entry_path(folder, version), notes.entries[version].encode())
    result.done.append(f"{folder.name}: the log was put back from its copy")


def _mend_file(root: Path, fault: LakeFault, spare: Path | None, result: Repaired, *, salvage: bool) -> None:
    layout = next(layout for layout in LAYOUTS if layout.name == fault.table)
    path = root / fault.table / fault.where
    if layout.is_derived:
        _make_anew(root, layout, result)
    elif spare is not None and _put_back(spare / "lake" / fault.table / fault.where, path, root):
        result.done.append(f"{fault.where} was put back from the backup")
    elif salvage:
        _salvage(root, layout, fault, result)
    else:
        result.left.append(fault)


def _make_anew(root: Path, layout: TableLayout, result: Repaired) -> None:
    """Put a derived table aside; it is made of the events at the next start."""
    folder = root / layout.name
    if folder.exists():
        folder.rename(_free(root / f"{layout.name}.aside"))
        result.done.append(f"the table {layout.name} is made anew at the next start")


def _put_back(source: Path, path: Path, root: Path) -> bool:
    """Copy a file from a backup, if it is what was written."""
    if data_files.fault(source) is not None or source.name != path.name:
        return False
    _put_aside(path, root)
    make_folder(path.parent)
    replace_durably(path, source.read_bytes())
    return data_files.fault(path) is None


def _put_aside(path: Path, root: Path) -> None:
    """Keep a file that is broken, where no table looks."""
    if path.exists():
        make_folder(root / ASIDE)
        path.rename(_free(root / ASIDE / path.name))
        sync(root / ASIDE)


def _free(path: Path) -> Path:
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _salvage(root: Path, layout: TableLayout, fault: LakeFault, result: Repaired) -> None:
    """Take a file out of the table, and put what can be read of it in its place."""
    table = LakeTable(root, layout)
    path = root / layout.name / fault.where
    removals = table.removals({fault.where}, data_change=False)
    kept = _readable_groups(path)
    add = [_rewrite(table, fault.where, kept)] if kept else []
    table.commit([*removals, *add], {}, note="salvage")
    _put_aside(path, root)
    rows = sum(group.num_rows for group in kept)
    lost = (fault.rows or 0) - rows
    result.rows_lost += max(0, lost)
    result.done.append(f"{fault.where} is out of the table: {rows} of its rows were kept, {lost} are lost")


def _readable_groups(path: Path) -> list[pa.Table]:
    found: list[pa.Table] = []
    try:
        with open_file(path) as file:
            for number in range(file.num_row_groups):
                try:
                    found.append(file.read_row_group(number))
                except UNREADABLE as error:
                    _log.error("rows cannot be read", file=path.name, group=number, error=type(error).__name__)
    except UNREADABLE:
        return []
    return found


def _rewrite(table: LakeTable, relative: str, groups: list[pa.Table]) -> AddAction:
    partition = dict(part.split("=", 1) for part in relative.split("/")[:-1])
    new = table.new_file(partition, data_files.write_number(relative))
    with writing(table.folder, new) as file:
        options = parquet_options(groups[0].schema.names, max(group.num_rows for group in groups))
        with pq.ParquetWriter(file, groups[0].schema, **options) as writer:
            for group in groups:
                writer.write_table(group)
    told = merge_stats([stats(group) for group in groups])
    return addition(table.folder, new.path, partition, told, data_change=False)
