"""The files of a Delta table's log: made durable, and made whole again where a crash or a disk damaged them.

Every commit is synced before the journals are cut behind it, so what a power cut tore is still in the journals. That is
proved before an entry is put aside: one that a tired disk damaged looks the same, and may be all there is. What the
recovery record has a copy of is put back instead. Where neither helps, nothing is touched.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import DecodeError, Struct, field, json

from footfall.lake import data_files
from footfall.lake.damage import LakeDamagedError
from footfall.lake.disk import replace_durably, sync
from footfall.lake.log_entry import LOG, Entry, entry_path, parse_entry, read_entry, versions
from footfall.lake.recovery_record import Notes, RecoveryRecord

_NEWEST = 8  # entries that may not have been synced: those of a vacuum, and the one behind it
_LEFTOVER = re.compile(r"\.tmp$|#\d+$")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")
_LAST_CHECKPOINT = "_last_checkpoint"
_OURS = "footfall."


class Discard(Struct, frozen=True):
    """Entries that might be put aside: the journals that they and the entry before them name, and how far those read.

    `position` tells up to where the table had a journal before those entries, `reached` the positions in them.
    """

    journals: set[str]
    reached: dict[str, int]
    position: Callable[[str], int | None]


Proof = Callable[[Discard], str | None]
"""Says why entries must not be put aside; None where everything in them can be had from its source once more."""


def is_derived(_: Discard) -> str | None:
    """The proof for a table that is made of another one."""
    return None


def no_source(_: Discard) -> str | None:
    """The proof where there is nothing to look at."""
    return "nobody could say whether the journals still hold them"


class _Healing(Struct):
    """What is to be done: files to put aside, what to put back in the place of others, and what to say of it.

    `base` is the version of the checkpoint that counts, -1 where there is none; `cut_at` the first entry to put aside.
    """

    base: int = -1
    aside: list[Path] = field(default_factory=list)
    back: dict[Path, bytes] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    cut_at: int | None = None

    def entry(self, folder: Path, version: int) -> Entry | None:
        """What an entry says, or will once it is put back. Raises OSError."""
        path = entry_path(folder, version)
        return parse_entry(self.back[path]) if path in self.back else read_entry(path)


def sync_entries(folder: Path, numbers: range) -> None:
    """Bring the entries of these versions to the disk. Raises OSError."""
    for version in numbers:
        sync(entry_path(folder, version))
    sync(folder / LOG)


def checkpoint_path(folder: Path, version: int) -> Path:
    """The file of a checkpoint."""
    return folder / LOG / f"{version:020d}.checkpoint.parquet"


def sync_checkpoint(folder: Path, version: int) -> str:
    """Bring a checkpoint to the disk, before entries are removed that it stands for; its checksum. Raises OSError."""
    path = checkpoint_path(folder, version)
    sync(path)
    sync(folder / LOG / _LAST_CHECKPOINT)
    sync(folder / LOG)
    return data_files.checksum(path)


class Healed(Struct, frozen=True):
    """What was done to a log; `is_void` says that all of it was put aside, as everything can be had once more."""

    remarks: list[str] = []
    is_void: bool = False


def heal(folder: Path, record: RecoveryRecord, proof: Proof) -> Healed:
    """Make a log whole, and what is new in it durable; say what was done. Nobody may be writing.

    What is damaged stays as NAME.torn, for people to look at. Raises LakeDamagedError, before anything was touched, and
    OSError.
    """
    if not (folder / LOG).is_dir():
        return Healed()
    for path in _leftovers(folder / LOG):
        path.unlink()
    notes = record.read()
    healing = _plan(folder, record, notes)
    if healing.cut_at is not None:
        _require_proof(folder, healing, healing.cut_at, proof)
        notes.entries = {version: text for version, text in notes.entries.items() if version < healing.cut_at}
        record.rewrite(notes)
    _carry_out(folder, healing)
    return Healed(healing.remarks, healing.cut_at == 0)


def damage(folder: Path, record: RecoveryRecord) -> list[str]:
    """What is wrong with a log, as `heal` would say it; nothing is touched. Raises OSError."""
    return _plan(folder, record, record.read()).remarks if (folder / LOG).is_dir() else []


def _plan(folder: Path, record: RecoveryRecord, notes: Notes) -> _Healing:
    healing = _Healing()
    _plan_checkpoints(folder, notes, healing)
    _plan_copy(folder, record.checkpoint_copy, notes, healing)
    _plan_entries(folder, notes, healing)
    return healing


def _plan_checkpoints(folder: Path, notes: Notes, healing: _Healing) -> None:
    """Find the newest checkpoint that can be read; those that cannot are put aside."""
    log = folder / LOG
    for path in sorted(log.glob("*.checkpoint.parquet"), reverse=True):
        found = _CHECKPOINT.fullmatch(path.name)
        if found is not None and _is_sound(path, notes.checkpoints.get(int(found[1]))):
            healing.base = int(found[1])
            break
        healing.aside.append(path)
        healing.remarks.append(f"the checkpoint {path.name} was damaged and is put aside")
    last = log / _LAST_CHECKPOINT
    if last.exists():
        named = _named_checkpoint(last)
        if named is None or named in healing.aside or not named.exists():
            healing.aside.append(last)


def _plan_copy(folder: Path, copy: Path, notes: Notes, healing: _Healing) -> None:
    """Put the copy of a checkpoint back where all that are left are older."""
    kept = notes.kept
    if kept is not None and kept.version > healing.base and _is_sound(copy, kept.checksum):
        healing.base = kept.version
        healing.back[checkpoint_path(folder, kept.version)] = copy.read_bytes()
        healing.remarks.append(f"the checkpoint {kept.version} is put back from its copy")


def _is_sound(path: Path, checksum: str | None) -> bool:
    try:
        if checksum is not None:
            return data_files.checksum(path) == checksum
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                file.read_row_group(group)
    except (OSError, pa.ArrowException):
        return False
    return True


def _plan_entries(folder: Path, notes: Notes, healing: _Healing) -> None:
    """Go through all entries that the checkpoint does not stand for."""
    known = versions(folder)
    newest = max([healing.base, *known, *notes.entries])
    for version in range(healing.base + 1, newest + 1):
        path, copy = entry_path(folder, version), notes.entries.get(version)
        if copy is None and not _is_whole(path):
            healing.cut_at = version
            healing.aside += [entry_path(folder, gone) for gone in known if gone >= version]
            healing.remarks.append(f"the log entries {version} to {newest} were torn and are put aside")
            return
        if copy is not None and (version not in known or path.read_bytes() != copy.encode()):
            healing.back[path] = copy.encode()
            healing.remarks.append(f"the log entry {version} was damaged or missing and is put back from its copy")


def _is_whole(path: Path) -> bool:
    entry = read_entry(path)
    return entry is not None and entry.is_whole


def _require_proof(folder: Path, healing: _Healing, cut_at: int, proof: Proof) -> None:
    """Raise LakeDamagedError unless everything from an entry on can be had from its source once more."""
    before = _positions(folder, healing, cut_at - 1)
    last = healing.entry(folder, cut_at - 1) if cut_at > 0 else None
    reached: dict[str, int] = {}
    for version in (found for found in versions(folder) if found >= cut_at):
        entry = read_entry(entry_path(folder, version))
        reached |= {} if entry is None else entry.positions
    named = {*reached, *(last.positions if last is not None else ())}
    why_not = proof(Discard(set(filter(_is_journal, named)), dict(filter(_of_journal, reached.items())), before.get))
    if why_not is not None:
        raise LakeDamagedError(
            f"the log entry {cut_at} of the table {folder.name} cannot be read, and is kept, for {why_not}; "
            "`footfall lake check` says what can be done"
        )


def positions(folder: Path) -> dict[str, int]:
    """The positions that the newest version knows, by application; none where there is no table. Raises OSError.

    Entries that are damaged are passed over.
    """
    bases = [int(found[1]) for path in (folder / LOG).glob("*") if (found := _CHECKPOINT.fullmatch(path.name))]
    return _positions(folder, _Healing(max(bases, default=-1)), max(versions(folder), default=-1))


def _positions(folder: Path, healing: _Healing, version: int) -> dict[str, int]:
    """The positions that a version knows. Raises OSError."""
    found: dict[str, int] = {}
    if healing.base >= 0:
        path = checkpoint_path(folder, healing.base)
        data = pa.py_buffer(healing.back[path]) if path in healing.back else path
        for txn in pq.read_table(data, columns=["txn"], partitioning=None).column("txn").to_pylist():
            found |= {} if txn is None else {txn["appId"]: txn["version"]}
    for number in range(healing.base + 1, version + 1):
        entry = healing.entry(folder, number)
        found |= {} if entry is None else entry.positions
    return found


def _is_journal(app: str) -> bool:
    return not app.startswith(_OURS)


def _of_journal(pair: tuple[str, int]) -> bool:
    return _is_journal(pair[0])


def _carry_out(folder: Path, healing: _Healing) -> None:
    for path in (*healing.aside, *healing.back):
        if path.exists():
            path.replace(f"{path}.torn")
    for path, content in healing.back.items():
        replace_durably(path, content)
    for path in sorted((folder / LOG).glob("*.json"))[-_NEWEST:]:
        sync(path)
    sync(folder / LOG)


def _leftovers(log: Path) -> Iterator[Path]:
    return (path for path in list(log.iterdir()) if _LEFTOVER.search(path.name))


class _Last(Struct):
    version: int


def _named_checkpoint(last: Path) -> Path | None:
    try:
        version = json.decode(last.read_bytes(), type=_Last).version
    except (DecodeError, UnicodeDecodeError):
        return None
    return last.with_name(f"{version:020d}.checkpoint.parquet")
