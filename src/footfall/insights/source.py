"""Asking the lake: every question is a named file under `queries/`, every answer a list of Structs."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Struct

PATIENCE = 20.0
QUERIES = Path(__file__).parent / "queries"

Row = TypeVar("Row", bound=Struct)


class Table(Protocol):
    """The answer to a query."""

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows."""


class Reader(Protocol):
    """What insights needs of the lake; `footfall.lake.reading.LakeReader` is one."""

    def query(
        self, sql: str, parameters: Mapping[str, Any] | Sequence[Any] = (), *, timeout: float | None = None
    ) -> Table:
        """Rows of a query on the views events, failed, ledger and hourly; TransientError after the timeout, in s."""

    def version(self) -> int:
        """Version of the events table; -1 while nothing was committed."""


def ask(
    reader: Reader,
    name: str,
    parameters: Mapping[str, Any],
    into: type[Row],
    *,
    timeout: float = PATIENCE,
    prepare: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> list[Row]:
    """The rows that the query of this name finds, as Structs of a kind; TransientError after `timeout` seconds.

    `prepare` may change a row before it becomes a Struct.
    """
    table = reader.query(_text(name), parameters, timeout=timeout)
    rows = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    return [msgspec.convert(prepare(row), into) for row in rows]


@cache
def _text(name: str) -> str:
    return (QUERIES / f"{name}.sql").read_text("utf-8")
