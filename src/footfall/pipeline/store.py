"""The pipeline's hand on the lake: batches in, positions kept, files looked after."""

from pathlib import Path

import structlog
from pyarrow import Table

from footfall.failure import TransientError
from footfall.lake.arrow import write
from footfall.lake.hashes import File, stored_files
from footfall.lake.hourly import Hourly
from footfall.lake.table import EVENTS_TABLE, CommitError, LakeTable
from footfall.pipeline.batch import Batch

_log = structlog.get_logger()


class DiskError(TransientError):
    """A file of the lake could not be written."""

    retry_after = 5.0


class Store:
    """The lake as the pipeline writes it; only one process may hold it."""

    def __init__(self, root: Path) -> None:
        self.events = LakeTable(root, EVENTS_TABLE)
        self._hourly = Hourly(root, self.events)
        self._hourly.catch_up()

    def position(self, journal: str) -> int | None:
        """Position up to which a journal is in the lake."""
        return self.events.position(journal)

    def files(self, since: int) -> list[File]:
        """Files of stored events received on a day (days since 1970) or later."""
        return stored_files(self.events.delta, since)

    def commit(self, batch: Batch, positions: dict[str, int]) -> None:
        """Write a batch and the positions it brings the journals to, in one commit.

        Raises DiskError or CommitError; the same call can be made again then.
        """
        before = self.events.version
        try:
            done = self.events.is_at(positions)
            actions = [] if done else [write(self.events.folder, part.table, part.partition) for part in batch.parts]
        except OSError as error:
            raise DiskError(f"the lake could not be written: {error.strerror or error}") from error
        version = self.events.commit(actions, positions)
        self._count(batch.hourly if version == before + 1 else None, version)

    def move(self, positions: dict[str, int]) -> None:
        """Commit positions alone: what was read held no events. Raises CommitError."""
        self._count(None, self.events.commit([], positions, note="positions"))

    def tidy(self, hours: float) -> None:
        """Remove files that were replaced more than so many hours ago."""
        removed = self.events.tidy(hours)
        self._hourly.tidy(hours)
        _log.info("lake tidied", files=removed)

    def _count(self, increment: Table | None, version: int) -> None:
        """Count for the hourly table; what fails here is caught up with at the next commit."""
        try:
            if increment is not None and self._hourly.counted == version - 1:
                self._hourly.add(increment, version)
            else:
                self._hourly.catch_up()
        except (CommitError, OSError) as error:
            _log.warning("hourly counts are behind", error=str(error))
