"""Columns to Parquet files, by way of Arrow."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction
from msgspec import json

from footfall.lake.columns import EVENTS, FLOW_PARTITIONS, FLOWS, HOURLY, PARTITIONS, Column
from footfall.lake.data_files import NewFile, writing

_TYPES: dict[str, Any] = {
    "string": pa.string(),
    "double": pa.float64(),
    "long": pa.int64(),
    "integer": pa.int32(),
    "date": pa.date32(),
    "timestamp_ntz": pa.timestamp("us"),
    "strings": pa.list_(pa.string()),
}
_RANGED = ("ets", "occurred_at", "received_at", "hour")
_PLAIN = ("event", "mid", "findings", "key_hash", "content_hash", "key", "cell", "id", "trace", "state")
ROW_GROUP = 64 * 1024


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """Columns as the Arrow schema of a file: the partitions are in its path."""
    return pa.schema([(column.name, _TYPES[column.kind]) for column in columns])


def stored_columns(columns: Iterable[Column], partitions: Iterable[str]) -> pa.Schema:
    """The Arrow schema of the files of a table."""
    return arrow_schema(column for column in columns if column.name not in partitions)


EVENTS_SCHEMA = stored_columns(EVENTS, PARTITIONS)
HOURLY_SCHEMA = arrow_schema(HOURLY)
FLOWS_SCHEMA = stored_columns(FLOWS, FLOW_PARTITIONS)


def write(
    root: Path,
    table: pa.Table,
    partition: dict[str, str],
    new: NewFile,
    *,
    data_change: bool = True,
    group_rows: int = ROW_GROUP,
) -> AddAction:
    """Write one Parquet file below a table's folder, durably, and return the action that adds it to the table.

    Raises OSError when the disk is full or failing; nothing is left behind then.
    """
    with writing(root, new) as file:
        options = parquet_options(table.schema.names, table.num_rows)
        pq.write_table(table, file, row_group_size=group_rows, **options)
    return addition(root, new.path, partition, stats(table), data_change=data_change)


def addition(root: Path, relative: str, partition: dict[str, str], told: str, *, data_change: bool) -> AddAction:
    """The action that adds a file which was written below a table's folder; `told` are its statistics."""
    status = (root / relative).stat()
    return AddAction(relative, status.st_size, partition, int(status.st_mtime * 1000), data_change, told)


def parquet_options(names: list[str], rows: int = ROW_GROUP) -> dict[str, Any]:
    """How files with these columns are written; `rows` sizes the Bloom filters, which default to 128 MiB each."""
    rows = max(1, min(rows, ROW_GROUP))
    return {
        "compression": "zstd",
        "compression_level": 1,
        "use_dictionary": [name for name in names if name not in _PLAIN],
        "write_page_checksum": True,
        "bloom_filter_options": {"key_hash": {"fpp": 0.01, "ndv": rows}} if "key_hash" in names else None,
    }


def stats(table: pa.Table) -> str:
    """Delta statistics of a file: its rows, and the range of its times."""
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    for name in _RANGED:
        if name in table.schema.names:
            ends = pc.min_max(table.column(name)).as_py()
            if ends["min"] is not None:
                low[name], high[name] = _plain(ends["min"]), _plain(ends["max"])
    return json.encode({"numRecords": table.num_rows, "minValues": low, "maxValues": high, "nullCount": {}}).decode()


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "") if isinstance(value, datetime) else value


def merge_stats(parts: list[str]) -> str:
    """The statistics of a file that holds several tables."""
    found = [json.decode(part) for part in parts]
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    for part in found:
        for name, value in part["minValues"].items():
            low[name] = min(low.get(name, value), value)
            high[name] = max(high.get(name, part["maxValues"][name]), part["maxValues"][name])
    rows = sum(part["numRecords"] for part in found)
    return json.encode({"numRecords": rows, "minValues": low, "maxValues": high, "nullCount": {}}).decode()
