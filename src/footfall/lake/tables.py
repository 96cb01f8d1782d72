"""The lake's tables as they should be; known to readers, which go without Arrow to stay small."""

import re
from collections.abc import Callable
from typing import Any

from deltalake import DeltaTable
from msgspec import Struct

from footfall.lake.columns import EVENTS, FLOW_PARTITIONS, FLOWS, HOURLY, PARTITIONS, Column, delta_schema

_NOISE = re.compile(r"\x1b\[[0-9;]*m|↳|^\s*\d+: .*$|^\s*at \S+:\d+:\d+$|[\x00-\x08]", re.MULTILINE)
_LONGEST = 300

Migration = Callable[[DeltaTable], None]


class TableLayout(Struct, frozen=True):
    """A table's name, columns, partitions, and the numbered steps that brought it to its present schema.

    Step n turns schema n into schema n+1; the first release is schema 1. A step may add columns, each with its `since`,
    and must be safe to repeat: a crash may come between it and the note that it was done. A derived table can be made
    anew from others.
    """

    name: str
    columns: tuple[Column, ...]
    partitions: list[str] = []
    migrations: tuple[Migration, ...] = ()
    is_derived: bool = False

    @property
    def version(self) -> int:
        """Number of the present schema."""
        return len(self.migrations) + 1


HOURLY_TABLE = TableLayout("hourly", HOURLY, is_derived=True)
FLOWS_TABLE = TableLayout("flows", FLOWS, FLOW_PARTITIONS, is_derived=True)


def adding(*columns: Column) -> Migration:
    """The step that adds columns to a table."""

    def step(table: DeltaTable) -> None:
        known = {field.name for field in table.schema().fields}
        missing = tuple(column for column in columns if column.name not in known)
        if missing:
            table.alter.add_columns(delta_schema(missing).fields)

    return step


EVENTS_TABLE = TableLayout("events", EVENTS, PARTITIONS, (adding(*(column for column in EVENTS if column.since == 2)),))


def schema_number(path: str) -> int:
    """The number of the schema that a file was written with."""
    _, _, number = path.rsplit("/", 1)[-1].removesuffix(".parquet").rpartition(".")
    return int(number) if number.isdecimal() and "." in path else 1


def plain(error: Exception) -> str:
    """What an error says, in one line without colours and traces."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text: Any = _NOISE.sub("", str(error))
    return " ".join(text.split())[:_LONGEST]
