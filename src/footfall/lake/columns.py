"""The columns of the lake's tables; the only place that names them all."""

from typing import Literal

from deltalake import Schema
from msgspec import Struct, json

Kind = Literal["string", "double", "long", "integer", "date", "timestamp_ntz", "strings"]

PARTITIONS = ["day", "fate"]
FLOW_PARTITIONS = ["plan"]


class Column(Struct, frozen=True):
    """A column: its name, its Delta type (`strings` is an array of string), the number of the first schema with it."""

    name: str
    kind: Kind
    since: int = 1


def _columns(**kinds: str) -> list[Column]:
    return [Column(name, kind) for kind, names in kinds.items() for name in names.split()]  # type: ignore[arg-type]


EVENTS: tuple[Column, ...] = (
    Column("day", "date"),
    Column("fate", "string"),
    *_columns(string="channel event_type eid mid ver"),
    Column("ets", "double"),
    *_columns(timestamp_ntz="occurred_at received_at"),
    Column("clock", "string"),
    *_columns(string="actor_id actor_type env sid did pdata_id pdata_pid pdata_ver object_id object_type object_ver"),
    *_columns(string="edata_type edata_subtype edata_id edata_pageid edata_mode"),
    Column("edata_duration", "double"),
    Column("event", "string"),
    *_columns(strings="reasons warnings"),
    *_columns(string="findings agent_family agent_version agent_system derived_from journal"),
    Column("record", "long"),
    *_columns(integer="idx of"),
    *_columns(long="key_hash content_hash"),
    Column("key_kind", "string", since=2),
)

HOURLY: tuple[Column, ...] = (
    Column("hour", "timestamp_ntz"),
    *_columns(string="channel event_type fate"),
    Column("n", "long"),
)

FLOWS: tuple[Column, ...] = (
    *_columns(string="plan key"),
    *_columns(long="cell revision"),
    *_columns(string="kind id"),
    Column("plan_version", "integer"),
    Column("channel", "string"),
    Column("channels", "strings"),
    *_columns(string="sid did"),
    *_columns(timestamp_ntz="began_at ended_at"),
    Column("duration_ms", "double"),
    *_columns(strings="steps missing out_of_order"),
    *_columns(string="outcome result remarks"),
    Column("idle_ms", "long"),
    Column("later_outcome", "string"),
    Column("later_missing", "strings"),
    Column("later_remarks", "string"),
    Column("events", "integer"),
    Column("shown", "strings"),
    *_columns(string="trace state"),
)


def delta_schema(columns: tuple[Column, ...]) -> Schema:
    """The columns as a Delta schema."""
    return Schema.from_json(json.encode({"type": "struct", "fields": [_field(column) for column in columns]}).decode())


def _field(column: Column) -> dict[str, object]:
    array = {"type": "array", "elementType": "string", "containsNull": False}
    kind = array if column.kind == "strings" else column.kind
    return {"name": column.name, "type": kind, "nullable": True, "metadata": {}}
