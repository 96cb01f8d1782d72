"""Stored events as columns of a Parquet file, written as they come."""

from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from footfall.lake.arrow import arrow_schema, parquet_options
from footfall.lake.columns import EVENTS

_GROUP_BYTES = 32 << 20


class ParquetFile:
    """The lake's columns as a Parquet file; what is written waits until it fills a row group."""

    columns = ", ".join(f'"{column.name}"' for column in EVENTS)

    def __init__(self, file: IO[bytes]) -> None:
        self._schema = arrow_schema(EVENTS)
        self._writer = pq.ParquetWriter(file, self._schema, **parquet_options(self._schema.names))
        self._batches: list[pa.RecordBatch] = []
        self._size = 0

    def write(self, batch: Sequence[Sequence[Any]]) -> None:
        """Take rows."""
        columns = [
            pa.array(values, kind) for values, kind in zip(zip(*batch, strict=True), self._schema.types, strict=True)
        ]
        self._batches.append(pa.RecordBatch.from_arrays(columns, schema=self._schema))
        self._size += self._batches[-1].nbytes
        if self._size >= _GROUP_BYTES:
            self._flush()

    def finish(self) -> None:
        """Write what waits, and the end of the file."""
        self._flush()
        self._writer.close()

    def close(self) -> None:
        """Let the file go; where it is not finished, it is of no use, nor is what goes wrong now."""
        with suppress(OSError, pa.ArrowException):
            self._writer.close()

    def _flush(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches))
        self._batches, self._size = [], 0
