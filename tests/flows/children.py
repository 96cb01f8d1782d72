"""A process that folds and kills itself: `python -m tests.flows.children DATA POINT MOMENT NTH`.

It folds everything and merges, and dies of SIGKILL `before` or `after` the nth call of a function.
"""

import sys
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from footfall.flows import merging, orders, store, work
from footfall.flows.folding import Folder
from footfall.flows.store import Shelf, Store
from footfall.lake import delta_log, table
from footfall.lake.turn import Turn
from footfall.settings import Settings
from tests.dying import arm

POINTS: dict[str, tuple[Any, str]] = {
    "create": (DeltaTable, "create"),
    "find": (Shelf, "find"),
    "parquet": (table, "write"),
    "commit": (DeltaTable, "create_write_transaction"),
    "sync": (delta_log, "sync_entries"),
    "fold": (Folder, "step"),
    "save": (Folder, "save"),
    "rewrite": (merging, "merge"),
    "merge": (Store, "merge"),
    "rebuild": (Folder, "rebuild"),
    "sweep": (Store, "sweep"),
    "vacuum": (Store, "vacuum"),
}


def run(data: Path, *, rebuild: bool) -> None:
    """Everything that the process does, in small bites."""
    store._MERGE_AT = 2
    work._FILE_BYTES = 1
    work._SWEEP_SECONDS = work._VACUUM_SECONDS = work._SAVE_SECONDS = 0.0
    settings = Settings(data=data, flow_seconds=0.01, flow_plans="signup,web-portal", flow_bytes=1 << 20)
    if rebuild:
        orders.ask_for_rebuild(settings)
    one = work.Work(settings, Turn(settings.lake))
    one.run()
    one.close()


if __name__ == "__main__":
    arm(*POINTS[sys.argv[2]], sys.argv[3], int(sys.argv[4]))
    run(Path(sys.argv[1]), rebuild=sys.argv[2] == "rebuild")
