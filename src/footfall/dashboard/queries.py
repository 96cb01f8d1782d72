"""Asking the lake: every question is a named file under `queries/`, every answer a list of Structs."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from footfall.lake.query import LakeReader

PATIENCE = 20.0
QUERIES = Path(__file__).parent / "queries"


class LakeAnswer(Struct, kw_only=True):
    """An answer from the lake; `remarks` say what it is without, as where a file of the lake cannot be read."""

    remarks: list[str] = []


Row = TypeVar("Row", bound=Struct)


def ask(
    reader: LakeReader,
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
