"""A pipeline that kills itself: `python -m tests.pipeline.children DATA POINT MOMENT NTH`.

It drains the journals, compacts and vacuums once, and dies of SIGKILL `before` or `after` the nth call of a function.
"""

import sys
import threading
import time
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from footfall.journal.reader import SegmentReader
from footfall.lake import delta_log, table
from footfall.lake.compaction import scheduler
from footfall.lake.hourly import Hourly
from footfall.lake.recovery_record import RecoveryRecord
from footfall.lake.table import LakeTable
from footfall.pipeline import process
from footfall.pipeline.process import Pipeline
from footfall.pipeline.sink import LakeSink
from tests.dying import arm

from .records import settings

POINTS: dict[str, tuple[Any, str]] = {
    "read": (SegmentReader, "read"),
    "quarantine": (LakeSink, "_keep"),
    "parquet": (table, "write"),
    "commit": (DeltaTable, "create_write_transaction"),
    "sync": (delta_log, "sync_entries"),
    "hourly": (Hourly, "_add"),
    "merge": (Hourly, "_merge"),
    "truncate": (SegmentReader, "truncate"),
    "checkpoint": (DeltaTable, "create_checkpoint"),
    "compaction": (scheduler.CompactionScheduler, "_finish"),
    "cleanup": (DeltaTable, "cleanup_metadata"),
    "record": (RecoveryRecord, "rewrite"),
    "note": (RecoveryRecord, "note"),
    "vacuum": (LakeTable, "_forget_begun"),
}


MANY_FILES = ("merge", "compaction")


def work(data: Path, batch_bytes: int) -> None:
    """Everything that a pipeline does, in small batches."""
    process._READ_BYTES = 700
    chosen = settings(data, batch_bytes=batch_bytes, compact_seconds=0.001)
    pipeline = Pipeline(chosen, threading.Event())
    pipeline.drain()
    pipeline._compaction.step()
    while pipeline._compaction._running is not None:
        time.sleep(0.01)
        pipeline._compaction.step()
    pipeline._store.sweep()
    pipeline._store.vacuum(1)
    pipeline.close()


if __name__ == "__main__":
    arm(*POINTS[sys.argv[2]], sys.argv[3], int(sys.argv[4]))
    work(Path(sys.argv[1]), 1 if sys.argv[2] in MANY_FILES else 12_000)
