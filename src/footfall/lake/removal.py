"""Taking files out of a Delta table."""

import time
from collections.abc import Collection

import pyarrow as pa
from deltalake.transaction import RemoveAction


def removals(adds: pa.Table, paths: Collection[str] | None = None, *, data_change: bool = False) -> list[RemoveAction]:
    """Actions that remove files (relative paths; all when not given), given a table's files; see `LakeTable.adds`."""
    partitions = [name for name in adds.column_names if name.startswith("partition.")]
    now = int(time.time() * 1000)
    return [
        RemoveAction(
            row["path"],
            data_change,
            now,
            size=row["size_bytes"],
            partition_values={name.removeprefix("partition."): str(row[name]) for name in partitions},
        )
        for row in adds.select(["path", "size_bytes", *partitions]).to_pylist()
        if paths is None or row["path"] in paths
    ]
