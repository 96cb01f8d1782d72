"""The pipeline's hand on the lake: batches in, positions kept, files looked after."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow.compute as pc
import structlog
from deltalake.transaction import AddAction
from msgspec import Struct, field
from pyarrow import Table

from footfall.errors import TransientError
from footfall.lake.delta_log import Proof
from footfall.lake.disk import make_folder, sync
from footfall.lake.hourly import Hourly
from footfall.lake.key_index import File, stored_files
from footfall.lake.table import CommitError, LakeTable
from footfall.lake.tables import EVENTS_TABLE, plain
from footfall.pipeline.decide import DecidedBatch
from footfall.pipeline.decode import Quarantined

_log = structlog.get_logger()
_COMMITS = "footfall.commits"
_PUBLIC = "footfall.public"


class DiskError(TransientError):
    """A file of the lake could not be written."""

    retry_after = 5.0


class PendingCommit(Struct):
    """A commit under way: what was read, and up to where. It keeps what is written, so no file is written twice.

    Without a batch only the positions are committed: what was read held no events.
    """

    batch: DecidedBatch | None
    positions: dict[str, int]
    number: int
    written: list[AddAction] = field(default_factory=list)


class LakeSink:
    """The lake as the pipeline writes it; only one process may hold it."""

    def __init__(self, root: Path, proof: Proof | None = None) -> None:
        """Open the tables; `proof` as in LakeTable. Raises LakeVersionError, LakeDamagedError or CommitError."""
        self.events = LakeTable(root, EVENTS_TABLE, proof)
        self._hourly = Hourly(root, self.events)
        self._quarantine = root / "quarantine"
        self._files: tuple[int, list[File]] = (-1, [])
        self.problem: str | None = None
        self.quarantined: list[str] = []
        self._count(None, self.events.version)

    @property
    def tables(self) -> list[LakeTable]:
        """The tables that it writes."""
        return [self.events, self._hourly.table]

    @property
    def remarks(self) -> list[str]:
        """What was repaired when the tables were opened."""
        return self.events.remarks + self._hourly.remarks

    @property
    def uncounted(self) -> set[Path]:
        """Files of stored events that could not be counted."""
        return self._hourly.broken

    def position(self, journal: str) -> int | None:
        """Position up to which a journal is in the lake."""
        return self.events.position(journal)

    def files(self) -> list[File]:
        """Files of stored events. Raises CommitError."""
        version, files = self._files
        if version != self.events.version:
            files = stored_files(self.events.adds(), self.events.folder)
            self._files = self.events.version, files
        return files

    def newest_ms(self) -> int | None:
        """When the newest event in the lake was received, epoch milliseconds. Raises CommitError."""
        adds = self.events.adds()
        if "max.received_at" not in adds.column_names or not adds.num_rows:
            return None
        newest = pc.max(adds.column("max.received_at"))
        return int(newest.cast("timestamp[ms]", safe=False).cast("int64").as_py()) if newest.is_valid else None

    @property
    def has_public(self) -> bool:
        """Whether events came with public keys, ever. Raises CommitError."""
        return self.events.position(_PUBLIC) is not None

    def attempt(
        self, batch: DecidedBatch | None, positions: dict[str, int], *, has_public: bool = False
    ) -> PendingCommit:
        """Begin a commit of a batch and of the positions that it brings the journals to."""
        beside = {_PUBLIC: 1} if has_public else {}
        return PendingCommit(batch, positions | beside, (self.events.position(_COMMITS) or 0) + 1)

    def commit(self, attempt: PendingCommit) -> None:
        """Write what is not written yet and commit it, once; raises DiskError or CommitError, to be called again."""
        if attempt.batch is not None:
            self._write(attempt, attempt.batch)
        positions = attempt.positions | {_COMMITS: attempt.number}
        version = self.events.commit(attempt.written, positions, note="append" if attempt.written else "positions")
        self._count(attempt.batch.hourly if attempt.batch is not None else None, version)

    def sweep(self) -> None:
        """Remove old log entries, unless the hourly counts still need them. Raises CommitError."""
        self._hourly.sweep()
        if self.problem is None:
            self.events.sweep()

    def vacuum(self, hours: float) -> None:
        """Remove files that were replaced, or given up, more than so many hours ago. Raises CommitError."""
        _log.info("lake vacuumed", files=self.events.vacuum(hours) + self._hourly.vacuum(hours))

    def _write(self, attempt: PendingCommit, batch: DecidedBatch) -> None:
        try:
            self._keep(batch.set_aside)
            for part in batch.parts[len(attempt.written) :]:
                attempt.written.append(self.events.write(part.table, part.partition))
        except OSError as error:
            raise DiskError(f"the lake could not be written: {plain(error)}") from error

    def _keep(self, records: Sequence[Quarantined]) -> None:
        """Keep records that could not be read, durably: the journal forgets them after the commit."""
        if not records:
            return
        make_folder(self._quarantine)
        for record in records:
            path = self._quarantine / f"{record.journal}-{record.number}.bin"
            path.write_bytes(record.payload)
            sync(path)
            self.quarantined.append(path.name)
        sync(self._quarantine)

    def _count(self, increment: Table | None, version: int) -> None:
        """Count for the hourly table; what fails here is caught up with at the next commit."""
        try:
            self._hourly.follow(increment, version)
            self.problem = None
        except (CommitError, OSError) as error:
            self.problem = f"hourly counts are behind: {plain(error)}"
            _log.warning("hourly counts are behind", error=plain(error))
