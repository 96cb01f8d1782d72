"""A process that folds and kills itself: `python -m tests.flows.children DATA POINT MOMENT NTH`.

It folds everything and merges, and dies of SIGKILL `before` or `after` the nth call of a function.
"""

import sys
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from footfall.flows import flow_table, merging, rebuild_request, worker
from footfall.flows.flow_table import FlowTable, PlanReader
from footfall.flows.fold import FlowFold
from footfall.lake import delta_log, table
from footfall.lake.background_lock import BackgroundLock
from footfall.settings import Settings
from tests.dying import arm

POINTS: dict[str, tuple[Any, str]] = {
    "create": (DeltaTable, "create"),
    "find": (PlanReader, "find"),
    "parquet": (table, "write"),
    "commit": (DeltaTable, "create_write_transaction"),
    "sync": (delta_log, "sync_entries"),
    "fold": (FlowFold, "step"),
    "save": (FlowFold, "save"),
    "rewrite": (merging, "merge"),
    "merge": (FlowTable, "merge"),
    "rebuild": (FlowFold, "rebuild"),
    "sweep": (FlowTable, "sweep"),
    "vacuum": (FlowTable, "vacuum"),
}


def run(data: Path, *, rebuild: bool) -> None:
    """Everything that the process does, in small bites."""
    flow_table._MERGE_AT = 2
    worker._FILE_BYTES = 1
    worker._SWEEP_SECONDS = worker._VACUUM_SECONDS = worker._SAVE_SECONDS = 0.0
    settings = Settings(data=data, flow_seconds=0.01, flow_plans="signup,web-portal", flow_bytes=1 << 20)
    if rebuild:
        rebuild_request.ask_for_rebuild(settings)
    one = worker.Worker(settings, BackgroundLock(settings.lake))
    one.run()
    one.close()


if __name__ == "__main__":
    arm(*POINTS[sys.argv[2]], sys.argv[3], int(sys.argv[4]))
    run(Path(sys.argv[1]), rebuild=sys.argv[2] == "rebuild")
