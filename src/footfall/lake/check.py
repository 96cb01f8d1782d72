"""Looking a lake over: its logs, its files, and what lies beside them; reads only, also while it is in use."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from msgspec import Struct

from footfall.lake import broken_files, catalog, data_files, delta_log, log_entry
from footfall.lake.recovery_record import RecoveryRecord
from footfall.lake.tables import EVENTS_TABLE, FLOWS_TABLE, HOURLY_TABLE, TableLayout
from footfall.lake.vacuum import data_paths, stray_files

LAYOUTS = (EVENTS_TABLE, HOURLY_TABLE, FLOWS_TABLE)

Kind = Literal["log lost", "log damaged", "file missing", "file changed", "file unknown"]

_DERIVED = "It is made of the events: `footfall lake repair` has it made anew."
_LOG = "`footfall lake repair` puts it back from its copy, or says why it cannot; else restore a backup."
_FILE = (
    "`footfall lake repair --from BACKUP` puts it back. Without a backup, `footfall lake repair --salvage` keeps what "
    "can be read of it, and takes the rest out of the table."
)
_UNKNOWN = "The table never knew it, or no longer does: look at it, and remove it by hand if nobody needs it."


class LakeFault(Struct, frozen=True):
    """Something about a table that is not as it should be, where, and what can be done; `rows` are those concerned."""

    table: str
    kind: Kind
    where: str
    why: str
    do: str
    rows: int | None = None

    @property
    def is_loss(self) -> bool:
        """Whether answers are without something."""
        return self.kind != "file unknown"


def check(root: Path, *, deep: bool = False) -> list[LakeFault]:
    """Everything that is wrong with a lake; `deep` reads every byte of its files. Raises OSError."""
    return [*check_logs(root), *check_files(root, deep=deep), *_strays(root)]


def check_logs(root: Path) -> list[LakeFault]:
    """The logs that are lost, or damaged where nobody has healed them yet. Raises OSError."""
    return [found for layout in LAYOUTS for found in _log(root, layout)]


def check_files(root: Path, *, deep: bool) -> list[LakeFault]:
    """The files of all tables that are not what was written; every byte of those noted is read. Raises OSError."""
    return [found for layout in LAYOUTS for found in _files(root, layout, deep=deep)]


def known_files(root: Path, layout: TableLayout) -> dict[str, tuple[int, int | None]]:
    """Bytes and rows of a table's files by relative path; none where its log cannot be read."""
    try:
        adds = pa.table(DeltaTable(root / layout.name).get_add_actions(flatten=True))
    except (TableNotFoundError, DeltaError):
        return {}
    columns = (adds.column(name).to_pylist() for name in ("path", "size_bytes", "num_records"))
    return {unquote(path): (size, rows) for path, size, rows in zip(*columns, strict=True)}


def _log(root: Path, layout: TableLayout) -> Iterator[LakeFault]:
    folder, do = root / layout.name, _DERIVED if layout.is_derived else _LOG
    if log_entry.is_log(folder):
        for remark in delta_log.damage(folder, RecoveryRecord(folder)):
            yield LakeFault(layout.name, "log damaged", layout.name, remark, do)
    elif catalog.is_lost(root, layout.name) or any(data_paths(folder)):
        yield LakeFault(layout.name, "log lost", layout.name, "the table has no log any more", do)


def _files(root: Path, layout: TableLayout, *, deep: bool) -> Iterator[LakeFault]:
    do = _DERIVED if layout.is_derived else _FILE
    noted = broken_files.read(root).get(layout.name, {})
    for relative, (size, rows) in known_files(root, layout).items():
        path = root / layout.name / relative
        why = data_files.fault(path, size) if deep or relative in noted else data_files.quick_fault(path, size)
        # One that was replaced since the log was read may be gone by now.
        if why is not None and relative in known_files(root, layout):
            yield LakeFault(layout.name, "file changed" if path.exists() else "file missing", relative, why, do, rows)


def _strays(root: Path) -> Iterator[LakeFault]:
    for layout in LAYOUTS:
        folder = root / layout.name
        try:
            table = DeltaTable(folder)
            replaced = table.vacuum(0, dry_run=True, enforce_retention_duration=False, full=False)
        except (TableNotFoundError, DeltaError):
            continue  # said already
        known = {*known_files(root, layout), *map(unquote, replaced)}
        for relative in stray_files(folder, known, RecoveryRecord(folder).read().begun, 1.0).unknown:
            yield LakeFault(layout.name, "file unknown", relative, "no version of the table has it", _UNKNOWN)
