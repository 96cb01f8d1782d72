"""A Delta table of the lake: opened, created or migrated, and committed to together with journal positions."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import (
    AddAction,
    CommitProperties,
    PostCommitHookProperties,
    RemoveAction,
    Transaction,
)
from msgspec import Struct, json

from footfall.failure import TerminalError, TransientError
from footfall.lake.columns import EVENTS, HOURLY, PARTITIONS, Column, delta_schema

SCHEMA_APP = "footfall.schema"
_CHECKPOINT_EVERY = 100
_CONFIGURATION = {
    "delta.logRetentionDuration": "interval 2 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
    "delta.checkpointInterval": "100000",
    "delta.dataSkippingStatsColumns": "ets,occurred_at,received_at,hour",
}

Migration = Callable[[DeltaTable], None]


class LakeVersionError(TerminalError):
    """The table was written by a newer footfall."""


class CommitError(TransientError):
    """A commit did not go through; the same files can be committed again."""

    retry_after = 1.0


class Layout(Struct, frozen=True):
    """A table's name, columns, partitions, and the numbered steps that brought it to its present schema.

    Step n turns schema n into schema n+1; the first release is schema 1.
    """

    name: str
    columns: tuple[Column, ...]
    partitions: list[str] = []
    migrations: tuple[Migration, ...] = ()

    @property
    def version(self) -> int:
        """Number of the present schema."""
        return len(self.migrations) + 1


EVENTS_TABLE = Layout("events", EVENTS, PARTITIONS)
HOURLY_TABLE = Layout("hourly", HOURLY)


class LakeTable:
    """One writer's handle on a Delta table."""

    def __init__(self, root: Path, layout: Layout) -> None:
        """Open the table below the lake's folder; create or migrate it when needed. Raises LakeVersionError."""
        self.folder = root / layout.name
        self._layout = layout
        drop_torn_commit(self.folder)
        try:
            self.delta = DeltaTable(self.folder)
        except TableNotFoundError:
            self.delta = self._create()
        self._migrate()

    @property
    def version(self) -> int:
        """Version of the table as last seen."""
        return self.delta.version()

    def position(self, app: str) -> int | None:
        """The position committed for an application, such as a journal; None when there is none."""
        return self.delta.transaction_version(app)

    def commit(
        self, actions: Sequence[AddAction | RemoveAction], positions: Mapping[str, int], *, note: str = "append"
    ) -> int:
        """Commit files and positions in one step, durably; return the table's new version. Raises CommitError."""
        if not self.is_at(positions):
            self._commit(actions, positions, note)
        try:
            self._sync()
        except OSError as error:
            raise CommitError(f"the commit to {self._layout.name} is not durable: {error.strerror}") from error
        if self.version % _CHECKPOINT_EVERY == 0:
            self.delta.create_checkpoint()
        return self.version

    def is_at(self, positions: Mapping[str, int]) -> bool:
        """Whether exactly these positions were committed last: a commit that failed to say so must not be repeated."""
        return bool(positions) and all(self.position(app) == position for app, position in positions.items())

    def _commit(self, actions: Sequence[AddAction | RemoveAction], positions: Mapping[str, int], note: str) -> None:
        properties = CommitProperties(
            custom_metadata={"footfall": note},
            app_transactions=[Transaction(app, position) for app, position in positions.items()],
        )
        try:
            self.delta.create_write_transaction(
                list(actions),
                "append",
                self.delta.schema(),
                self._layout.partitions or None,
                commit_properties=properties,
                post_commithook_properties=PostCommitHookProperties(
                    create_checkpoint=False, cleanup_expired_logs=False
                ),
            )
            self.delta.update_incremental()
        except (CommitFailedError, DeltaError, OSError) as error:
            self.delta.update_incremental()
            if not self.is_at(positions):
                raise CommitError(f"the commit to {self._layout.name} failed: {error}") from error

    def tidy(self, hours: float) -> int:
        """Remove files that no version of the last hours needs, and old log entries; return the number of files."""
        self.delta.update_incremental()
        removed = self.delta.vacuum(max(1, round(hours)), dry_run=False, enforce_retention_duration=False, full=True)
        self.delta.create_checkpoint()
        self.delta.cleanup_metadata()
        return len(removed)

    def files(self) -> list[str]:
        """Paths of the files of the version last seen."""
        return list(self.delta.file_uris())

    def added(self, version: int) -> list[str] | None:
        """Relative paths of the files that a version added with new data; None when the log no longer says."""
        try:
            lines = log_path(self.folder, version).read_bytes().splitlines()
        except FileNotFoundError:
            return None
        actions = [json.decode(line, type=_LogLine) for line in lines]
        return [line.add.path for line in actions if line.add is not None and line.add.dataChange]

    def _create(self) -> DeltaTable:
        self.folder.mkdir(parents=True, exist_ok=True)
        return DeltaTable.create(
            self.folder,
            delta_schema(self._layout.columns),
            mode="ignore",
            partition_by=self._layout.partitions or None,
            name=self._layout.name,
            configuration=_CONFIGURATION,
            commit_properties=CommitProperties(app_transactions=[Transaction(SCHEMA_APP, self._layout.version)]),
        )

    def _migrate(self) -> None:
        found = self.position(SCHEMA_APP) or 1
        if found > self._layout.version:
            raise LakeVersionError(
                f"{self.folder} has schema {found}, newer than {self._layout.version}: run the footfall that wrote it"
            )
        for number in range(found, self._layout.version):
            self._layout.migrations[number - 1](self.delta)
            self.delta.update_incremental()
            self.commit([], {SCHEMA_APP: number + 1}, note=f"schema {number + 1}")

    def _sync(self) -> None:
        """Bring the commit itself to the disk: a journal is cut only behind what is durable here."""
        for path in (log_path(self.folder, self.version), self.folder / "_delta_log"):
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


class _Added(Struct):
    path: str
    dataChange: bool = True  # noqa: N815 - Delta's name


class _LogLine(Struct):
    add: _Added | None = None


def log_path(folder: Path, version: int) -> Path:
    """The log entry of a version."""
    return folder / "_delta_log" / f"{version:020d}.json"


def drop_torn_commit(folder: Path) -> bool:
    """Remove the newest log entry if a power cut left it unreadable; its journal positions are read again then."""
    entries = sorted((folder / "_delta_log").glob("*.json"))
    if not entries:
        return False
    try:
        for line in entries[-1].read_bytes().splitlines() or [b""]:
            json.decode(line)
    except ValueError:
        entries[-1].unlink()
        return True
    return False
