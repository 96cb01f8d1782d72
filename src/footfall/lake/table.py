"""A Delta table of the lake: opened, created or migrated, and committed to together with journal positions."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import structlog
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import (
    AddAction,
    CommitProperties,
    PostCommitHookProperties,
    RemoveAction,
    Transaction,
)

from footfall.errors import TerminalError, TransientError
from footfall.lake import catalog, delta_log, log_entry
from footfall.lake.arrow import ROW_GROUP, write
from footfall.lake.columns import Column, delta_schema
from footfall.lake.damage import LakeDamagedError
from footfall.lake.data_files import NewFile, file_id
from footfall.lake.delta_log import Proof
from footfall.lake.disk import make_folder, replace_durably
from footfall.lake.hold import removing
from footfall.lake.recovery_record import CheckpointSum, EntryCopy, RecoveryRecord
from footfall.lake.removal import removals
from footfall.lake.tables import TableLayout, plain
from footfall.lake.vacuum import data_paths, stray_files

_log = structlog.get_logger()
SCHEMA_APP = "footfall.schema"
_CHECKPOINT_EVERY = 25  # a commit reads what came since the last one: its cost grows with that
_CONFIGURATION = {
    # Every commit and every reader lists the log, so it must stay short: 20,000 entries make a commit take 300 ms.
    "delta.logRetentionDuration": "interval 30 minutes",
    "delta.deletedFileRetentionDuration": "interval 1 days",
    "delta.checkpointInterval": "100000",
    "delta.dataSkippingStatsColumns": "ets,occurred_at,received_at,hour",
}

Action = AddAction | RemoveAction


class LakeVersionError(TerminalError):
    """The table was written by a newer footfall."""


class CommitError(TransientError):
    """A commit did not go through, or may not have; the same call can be made again."""

    retry_after = 1.0


class LakeTable:
    """The one writer's handle on a Delta table. `remarks` say what was repaired when it was opened."""

    def __init__(self, root: Path, layout: TableLayout, proof: Proof | None = None) -> None:
        """Open the table below the lake's folder; create or migrate it when needed.

        The caller holds the lake's lock. `proof` says whether torn log entries can be had from their source once more;
        a table that is derived needs none. Raises LakeVersionError, LakeDamagedError or CommitError.
        """
        self._root = root
        self.folder = root / layout.name
        self._layout = layout
        self._is_unsure = False
        self._positions: dict[str, int | None] = {}
        self._record = RecoveryRecord(self.folder)
        try:
            self.remarks = [f"{layout.name}: {remark}" for remark in self._heal(proof)]
            for remark in self.remarks:
                _log.error("lake repaired", what=remark)
            self._delta = self._open()
            self._identity = _identity(self.folder)
            self._checkpointed = self.version
            self._synced = self.version
            catalog.note_table(root, layout.name)
            self._migrate()
        except (DeltaError, OSError) as error:
            raise CommitError(f"the table {layout.name} cannot be opened: {plain(error)}") from error

    @property
    def version(self) -> int:
        """Version of the table as last seen."""
        return self._delta.version()

    @property
    def schema_version(self) -> int:
        """Number of the schema that files are written with."""
        return self._layout.version

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that files are written with, and the partitions."""
        return self._layout.columns

    def position(self, app: str) -> int | None:
        """The position committed for an application, such as a journal; None when there is none. Raises CommitError."""
        if app not in self._positions:
            try:
                # Delta reads the log for each answer, from the last checkpoint on.
                self._positions[app] = self._delta.transaction_version(app)
            except DeltaError as error:
                raise CommitError(f"the table {self._layout.name} cannot be read: {plain(error)}") from error
        return self._positions[app]

    def write(
        self, table: pa.Table, partition: dict[str, str], *, data_change: bool = True, group_rows: int = ROW_GROUP
    ) -> AddAction:
        """Write a file of the present schema, durably, to be committed. Raises OSError; leaves nothing behind then."""
        new = self.new_file(partition)
        return write(self.folder, table, partition, new, data_change=data_change, group_rows=group_rows)

    def new_file(self, partition: Mapping[str, str], number: int | None = None) -> NewFile:
        """A name for a file to be written by whoever it is given to; noted, so that it may go if it never comes.

        `number` is that of the newest file whose rows it takes over. Raises OSError.
        """
        new = NewFile.make(partition, self._layout.version, self.version + 1 if number is None else number)
        self._require_folder()
        self._record.begin(new.id)
        return new

    def commit(self, actions: Sequence[Action], positions: Mapping[str, int], *, note: str = "append") -> int:
        """Commit files and positions in one step, durably; return the table's version.

        Where exactly these positions are committed already, nothing is: a commit that went through without saying so
        is not repeated. Raises CommitError.
        """
        try:
            self._commit(actions, positions, note)
            self._sync()
        except (DeltaError, OSError) as error:
            raise CommitError(f"the commit to {self._layout.name} failed: {plain(error)}") from error
        if self.version - self._checkpointed >= _CHECKPOINT_EVERY:
            self.checkpoint()
        return self.version

    def is_at(self, positions: Mapping[str, int]) -> bool:
        """Whether exactly these positions were committed."""
        return bool(positions) and all(self.position(app) == position for app, position in positions.items())

    def adds(self) -> pa.Table:
        """The files of the newest version, each a row with its partition and statistics. Raises CommitError."""
        try:
            self._refresh()
            return _decoded(pa.table(self._delta.get_add_actions(flatten=True)))
        except DeltaError as error:
            raise CommitError(f"the table {self._layout.name} cannot be read: {plain(error)}") from error

    def removals(self, paths: Collection[str] | None = None, *, data_change: bool = False) -> list[RemoveAction]:
        """Actions that remove files (relative paths; all when not given) of the newest version. Raises CommitError."""
        return removals(self.adds(), paths, data_change=data_change)

    def files(self) -> list[Path]:
        """The files of the newest version. Raises CommitError."""
        return [self.folder / path for path in self.adds().column("path").to_pylist()]

    def added(self, version: int) -> list[str] | None:
        """Relative paths of the files that a version added with new data; None when the log no longer says."""
        entry = log_entry.read_entry(log_entry.entry_path(self.folder, version))
        return None if entry is None else entry.new_paths

    def checkpoint(self) -> bool:
        """Sum up the log in one file, durably; what fails here is done at the next commit."""
        self._checkpointed = self.version
        try:
            self._delta.create_checkpoint()
            checksum = delta_log.sync_checkpoint(self.folder, self.version)
        except (DeltaError, OSError) as error:
            _log.warning("checkpoint failed", table=self._layout.name, error=plain(error))
            return False
        self._record.note(CheckpointSum(self.version, checksum))
        return True

    def sweep(self) -> None:
        """Remove old log entries that a checkpoint stands for, and of which there is a copy. Raises CommitError."""
        try:
            self._refresh()
            if self.checkpoint():
                self._keep_checkpoint()
                self._delta.cleanup_metadata()
        except (DeltaError, OSError) as error:
            raise CommitError(f"the log of {self._layout.name} cannot be swept: {plain(error)}") from error

    def vacuum(self, hours: float) -> int:
        """Remove files that no version of the last hours (at least 1) needs; return their number. Raises CommitError.

        Of files that were never committed only those go of which the record proves that we began them. Nothing goes
        while somebody holds the lake.
        """
        try:
            with removing(self._root) as may_remove:
                return self._remove_old(max(1, round(hours))) if may_remove else 0
        except (DeltaError, OSError) as error:
            raise CommitError(f"old files of {self._layout.name} cannot be removed: {plain(error)}") from error

    def _remove_old(self, hours: int) -> int:
        self._refresh()
        self._require_folder()
        replaced = {unquote(path) for path in self._replaced(hours)}
        begun = self._record.read().begun
        known = {*self.adds().column("path").to_pylist(), *map(unquote, self._replaced(0))}
        doomed = [*replaced, *stray_files(self.folder, known, begun, hours).given_up]
        for path in doomed:
            (self.folder / path).unlink(missing_ok=True)
        self._forget_begun()
        return len(doomed)

    def _replaced(self, hours: int) -> list[str]:
        """The files that the log says were replaced more than so many hours ago."""
        return self._delta.vacuum(hours, dry_run=True, enforce_retention_duration=False, full=False)

    def _keep_checkpoint(self) -> None:
        """Keep a copy of the newest checkpoint, and of the entries behind it alone."""
        content = delta_log.checkpoint_path(self.folder, self.version).read_bytes()
        replace_durably(self._record.checkpoint_copy, content)
        notes = self._record.read()
        notes.kept = CheckpointSum(self.version, notes.checkpoints[self.version], kept=True)
        notes.entries = {version: text for version, text in notes.entries.items() if version > self.version}
        notes.checkpoints = {
            version: checksum
            for version, checksum in notes.checkpoints.items()
            if delta_log.checkpoint_path(self.folder, version).exists()
        }
        self._record.rewrite(notes)

    def _forget_begun(self) -> None:
        """Forget the files that are no more."""
        notes = self._record.read()
        notes.begun &= {file_id(path.name) or "" for path in data_paths(self.folder)}
        self._record.rewrite(notes)

    def _heal(self, proof: Proof | None) -> list[str]:
        if proof is None:
            proof = delta_log.is_derived if self._layout.is_derived else delta_log.no_source
        healed = delta_log.heal(self.folder, self._record, proof)
        if healed.is_void or not self._has_lost_log():
            return healed.remarks
        if not self._layout.is_derived:
            raise LakeDamagedError(
                f"the log of the table {self._layout.name} is gone: restore a backup, or see `footfall lake check`"
            )
        if not self.folder.exists():
            return ["the table was gone and is made anew"]
        aside = _free_name(self.folder)
        self.folder.rename(aside)
        return [f"the log of the table was gone: its files are in {aside.name}, and it is made anew"]

    def _has_lost_log(self) -> bool:
        """Whether the folder has what a table once had, and no log of it."""
        if log_entry.is_log(self.folder):
            return False
        notes = self._record.read()
        is_used = any(data_paths(self.folder)) or notes.kept is not None or bool(notes.entries)
        return is_used or catalog.is_lost(self._root, self._layout.name)

    def _open(self) -> DeltaTable:
        try:
            return DeltaTable(self.folder)
        except TableNotFoundError:
            return self._create()

    def _create(self) -> DeltaTable:
        make_folder(self.folder)
        table = DeltaTable.create(
            self.folder,
            delta_schema(self._layout.columns),
            mode="ignore",
            partition_by=self._layout.partitions or None,
            name=self._layout.name,
            configuration=_CONFIGURATION,
            commit_properties=CommitProperties(app_transactions=[Transaction(SCHEMA_APP, self._layout.version)]),
        )
        delta_log.sync_entries(self.folder, range(1))
        self._copy_entries(range(1))
        return table

    def _migrate(self) -> None:
        found = self.position(SCHEMA_APP) or 1
        if found > self._layout.version:
            raise LakeVersionError(
                f"{self.folder} has schema {found}, newer than {self._layout.version}: run the footfall that wrote it"
            )
        for number in range(found, self._layout.version):
            self._layout.migrations[number - 1](self._delta)
            self._delta.update_incremental()
            self.commit([], {SCHEMA_APP: number + 1}, note=f"schema {number + 1}")

    def _refresh(self) -> None:
        """See what is really there after a call whose outcome is not known."""
        if self._is_unsure:
            self._delta.update_incremental()
            self._positions = {}
            self._is_unsure = False

    def _require_folder(self) -> None:
        """Raise FileNotFoundError when the folder was moved, or another was put in its place."""
        if _identity(self.folder) != self._identity:
            raise FileNotFoundError(2, f"the folder of the table {self._layout.name} was moved or replaced")

    def _commit(self, actions: Sequence[Action], positions: Mapping[str, int], note: str) -> None:
        self._require_folder()
        self._refresh()
        if self.is_at(positions):
            return
        self._is_unsure = True
        self._delta.create_write_transaction(
            list(actions),
            "append",
            self._delta.schema(),
            self._layout.partitions or None,
            commit_properties=_properties(actions, positions, note),
            post_commithook_properties=_NO_HOOKS,
        )
        known = self._positions
        self._refresh()
        self._positions = {**known, **positions}

    def _sync(self) -> None:
        """Bring new log entries to the disk: a journal is cut only behind what is durable here."""
        if self.version > self._synced:
            new = range(self._synced + 1, self.version + 1)
            delta_log.sync_entries(self.folder, new)
            self._copy_entries(new)
            self._synced = self.version

    def _copy_entries(self, versions: range) -> None:
        paths = {version: log_entry.entry_path(self.folder, version) for version in versions}
        with suppress(FileNotFoundError):
            self._record.note(*(EntryCopy(version, path.read_text()) for version, path in paths.items()))


def _decoded(adds: pa.Table) -> pa.Table:
    """With paths as they are in the folder: in the log they are encoded like URLs."""
    place = adds.column_names.index("path")
    paths = adds.column(place)
    if not pc.any(pc.match_substring(paths, "%")).as_py():
        return adds
    return adds.set_column(place, "path", pa.array([unquote(path) for path in paths.to_pylist()], pa.string()))


def _identity(folder: Path) -> tuple[int, int]:
    """What tells a table's log folder from another. Raises OSError."""
    found = (folder / log_entry.LOG).stat()
    return found.st_dev, found.st_ino


def _free_name(folder: Path) -> Path:
    number = 1
    while (aside := folder.with_name(f"{folder.name}.aside-{number}")).exists():
        number += 1
    return aside


_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


def _properties(actions: Sequence[Action], positions: Mapping[str, int], note: str) -> CommitProperties:
    size = len(actions) + len(positions)
    return CommitProperties(
        custom_metadata={"footfall": note, log_entry.ACTIONS: str(size)},
        app_transactions=[Transaction(app, position) for app, position in positions.items()],
    )
