"""What a query may do: read. DuckDB runs COPY and INSERT within EXPLAIN and WITH too, so its syntax tree is asked."""

import re
from collections.abc import Iterator
from typing import Any

import duckdb
import msgspec

_READING = {"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"}
_TABLE_FUNCTIONS = {"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
_EXPLAIN = re.compile(r"\s*EXPLAIN(?:\s+ANALYZE)?\s+(?=\S)", re.IGNORECASE)


class ForbiddenError(Exception):
    """The text is no query, or one that does more than read."""


def check(connection: duckdb.DuckDBPyConnection, sql: str, *, by_user: bool) -> str:
    """The query without a semicolon at its end; raises ForbiddenError if it is anything but one SELECT.

    What a user wrote may read views and call only the table functions that touch nothing else. Raises duckdb.Error.
    """
    text = sql.strip().rstrip(";").rstrip()
    begin = _EXPLAIN.match(text)
    tree = _tree(connection, text[begin.end() :] if begin else text)
    for kind, name in _nodes(tree):
        if kind == "node" and name not in _READING:
            raise ForbiddenError("write one SELECT: the lake is read-only")
        if kind == "function" and by_user and name not in _TABLE_FUNCTIONS:
            raise ForbiddenError(f"the function {name} cannot be used in FROM: ask the views")
    return text


def _tree(connection: duckdb.DuckDBPyConnection, sql: str) -> Any:
    row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    answer = msgspec.json.decode(row[0] if row else "{}")
    if answer.get("error") or len(answer.get("statements", ())) != 1:
        kind = answer.get("error_type")
        message = answer.get("error_message", "")
        raise ForbiddenError(message if kind == "parser" else "write one SELECT: the lake is read-only")
    return answer["statements"][0]


def _nodes(tree: Any) -> Iterator[tuple[str, str]]:
    """The kinds of all query nodes, and the names of all functions that stand for tables."""
    pile = [tree]
    while pile:
        value = pile.pop()
        if isinstance(value, dict):
            kind = value.get("type")
            if isinstance(kind, str) and kind.endswith("_NODE"):
                yield "node", kind
            if kind == "TABLE_FUNCTION":
                yield "function", str(value.get("function", {}).get("function_name", ""))
            pile += value.values()
        elif isinstance(value, list):
            pile += value
