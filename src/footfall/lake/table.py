"""A Delta table of the lake: opened, created or migrated, and committed to together with journal positions."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
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

from footfall.failure import TerminalError, TransientError
from footfall.lake import deltalog
from footfall.lake.arrow import ROW_GROUP, write
from footfall.lake.columns import Column, delta_schema
from footfall.lake.disk import make_folder
from footfall.lake.layout import Layout, plain
from footfall.lake.removal import removals

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
    """The one writer's handle on a Delta table."""

    def __init__(self, root: Path, layout: Layout) -> None:
        """Open the table below the lake's folder; create or migrate it when needed.

        The caller holds the lake's lock. Raises LakeVersionError or CommitError.
        """
        self.folder = root / layout.name
        self._layout = layout
        self._is_unsure = False
        try:
            for name in deltalog.repair(self.folder):
                _log.error("torn log entry put aside", table=layout.name, entry=name)
            self._delta = self._open()
            self._checkpointed = self._synced = self.version
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
        """The position committed for an application, such as a journal; None when there is none."""
        return self._delta.transaction_version(app)

    def write(
        self, table: pa.Table, partition: dict[str, str], *, data_change: bool = True, group_rows: int = ROW_GROUP
    ) -> AddAction:
        """Write a file of the present schema, durably, to be committed. Raises OSError; leaves nothing behind then."""
        version = self._layout.version
        return write(self.folder, table, partition, schema=version, data_change=data_change, group_rows=group_rows)

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
            return pa.table(self._delta.get_add_actions(flatten=True))
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
        return deltalog.added(self.folder, version)

    def checkpoint(self) -> bool:
        """Sum up the log in one file, durably; what fails here is done at the next commit."""
        self._checkpointed = self.version
        try:
            self._delta.create_checkpoint()
            deltalog.sync_checkpoint(self.folder, self.version)
        except (DeltaError, OSError) as error:
            _log.warning("checkpoint failed", table=self._layout.name, error=plain(error))
            return False
        return True

    def sweep(self) -> None:
        """Remove old log entries that a checkpoint stands for. Raises CommitError."""
        try:
            self._refresh()
            if self.checkpoint():
                self._delta.cleanup_metadata()
        except DeltaError as error:
            raise CommitError(f"the log of {self._layout.name} cannot be swept: {plain(error)}") from error

    def vacuum(self, hours: float) -> int:
        """Remove files that no version of the last hours (at least 1) needs; return their number. Raises CommitError.

        Files that were never committed go too, once they are that old.
        """
        try:
            self._refresh()
            removed = self._delta.vacuum(
                max(1, round(hours)),
                dry_run=False,
                enforce_retention_duration=False,
                full=True,
                post_commithook_properties=_NO_HOOKS,
            )
            self._delta.update_incremental()
            self._sync()
        except (DeltaError, OSError) as error:
            raise CommitError(f"old files of {self._layout.name} cannot be removed: {plain(error)}") from error
        return len(removed)

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
        deltalog.sync_entries(self.folder, range(1))
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
            self._is_unsure = False

    def _commit(self, actions: Sequence[Action], positions: Mapping[str, int], note: str) -> None:
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
        self._refresh()

    def _sync(self) -> None:
        """Bring new log entries to the disk: a journal is cut only behind what is durable here."""
        if self.version > self._synced:
            deltalog.sync_entries(self.folder, range(self._synced + 1, self.version + 1))
            self._synced = self.version


_NO_HOOKS = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


def _properties(actions: Sequence[Action], positions: Mapping[str, int], note: str) -> CommitProperties:
    size = len(actions) + len(positions)
    return CommitProperties(
        custom_metadata={"footfall": note, deltalog.ACTIONS: str(size)},
        app_transactions=[Transaction(app, position) for app, position in positions.items()],
    )
