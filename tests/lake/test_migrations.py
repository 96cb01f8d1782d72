"""Schemas are numbered: an older table is brought up to date, a newer one is refused, and all files stay readable."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from footfall.lake.arrow import stored_columns
from footfall.lake.columns import EVENTS, PARTITIONS, Column
from footfall.lake.compaction import worker
from footfall.lake.compaction.scheduler import choose
from footfall.lake.table import LakeTable, LakeVersionError
from footfall.lake.tables import EVENTS_TABLE, HOURLY_TABLE, TableLayout, adding

from .rows import open_events, partition, put, reading, row

FIRST_COLUMNS = tuple(column for column in EVENTS if column.since == 1)
FIRST = TableLayout("events", FIRST_COLUMNS, PARTITIONS)
COUNTRY = Column("country", "string", since=2)
SCORES = Column("scores", "strings", since=3)
SECOND = TableLayout("events", (*FIRST_COLUMNS, COUNTRY), PARTITIONS, (adding(COUNTRY),))
THIRD = TableLayout("events", (*SECOND.columns, SCORES), PARTITIONS, (adding(COUNTRY), adding(SCORES)))


def stored(layout: TableLayout) -> pa.Schema:
    return stored_columns(layout.columns, layout.partitions)


def put_new(lake: LakeTable, layout: TableLayout, number: int, **over: Any) -> None:
    """Commit a row with what this table has columns for."""
    schema = stored(layout)
    one = dict.fromkeys(schema.names) | row(number, **over)
    lake.commit([lake.write(pa.Table.from_pylist([one], schema=schema), partition())], {"j": number})


def ask(root: Path, layout: TableLayout, sql: str) -> list[tuple[object, ...]]:
    with reading(root, layouts=(layout, HOURLY_TABLE)) as reader:
        return reader.query(sql).rows


def test_files_of_all_schemas_are_read_together(tmp_path: Path) -> None:
    put_new(LakeTable(tmp_path, FIRST), FIRST, 1)
    lake = LakeTable(tmp_path, SECOND)
    assert ask(tmp_path, SECOND, "SELECT mid, country FROM events") == [("m1", None)]
    put_new(lake, SECOND, 2, country="NL")
    lake = LakeTable(tmp_path, THIRD)
    put_new(lake, THIRD, 3, country="IN", scores=["a", "b"])

    every = "SELECT mid, country, scores, day, fate FROM events ORDER BY mid"
    day = date(2026, 11, 20)
    assert ask(tmp_path, THIRD, every) == [
        ("m1", None, None, day, "stored"),
        ("m2", "NL", None, day, "stored"),
        ("m3", "IN", ["a", "b"], day, "stored"),
    ]
    assert ask(tmp_path, THIRD, "SELECT mid FROM events WHERE country = 'NL'") == [("m2",)]
    assert ask(tmp_path, FIRST, "SELECT count(*) FROM events") == [(3,)]
    assert [field.name for field in DeltaTable(tmp_path / "events").schema().fields][-2:] == ["country", "scores"]
    assert lake.position("j") == 3


def test_a_new_reader_reads_a_table_that_nobody_has_migrated_yet(tmp_path: Path) -> None:
    put_new(LakeTable(tmp_path, FIRST), FIRST, 1)
    assert ask(tmp_path, THIRD, "SELECT mid, country, scores FROM events") == [("m1", None, None)]
    assert ask(tmp_path / "nothing", THIRD, "SELECT country FROM events") == []


def test_several_steps_at_once_and_only_once(tmp_path: Path) -> None:
    LakeTable(tmp_path, FIRST)
    version = LakeTable(tmp_path, THIRD).version
    assert LakeTable(tmp_path, THIRD).version == version


def test_a_step_that_was_interrupted_is_repeated(tmp_path: Path) -> None:
    LakeTable(tmp_path, FIRST)
    adding(COUNTRY)(DeltaTable(tmp_path / "events"))
    lake = LakeTable(tmp_path, SECOND)
    put_new(lake, SECOND, 1, country="NL")
    assert ask(tmp_path, SECOND, "SELECT country FROM events") == [("NL",)]
    assert LakeTable(tmp_path, SECOND).version == lake.version


def test_a_newer_table_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    version = LakeTable(tmp_path, THIRD).version
    with pytest.raises(LakeVersionError, match="has schema 3, newer than 2: run the footfall that wrote it"):
        LakeTable(tmp_path, SECOND)
    with pytest.raises(LakeVersionError):
        LakeTable(tmp_path, FIRST)
    assert DeltaTable(tmp_path / "events").version() == version


def test_compaction_brings_files_of_all_schemas_to_the_newest(tmp_path: Path) -> None:
    lake = LakeTable(tmp_path, FIRST)
    for number in range(5):
        put_new(lake, FIRST, number)
    lake = LakeTable(tmp_path, SECOND)
    for number in range(5, 10):
        put_new(lake, SECOND, number, country="NL")
    plan = choose(lake, today=date(2026, 11, 21))
    assert plan is not None
    texts = [msgspec.json.encode(part).decode() for part in (plan, lake.new_file(plan.partition))]
    arguments = [sys.executable, "-m", worker.__name__, *texts]
    answer = msgspec.json.decode(subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout)
    assert answer["path"].endswith(".2.parquet")
    found = pa.parquet.read_table(lake.folder / answer["path"], partitioning=None)
    assert found.schema.equals(stored(SECOND))
    assert found.column("country").to_pylist() == [None] * 5 + ["NL"] * 5


def test_a_lake_of_every_release_is_brought_up_to_date(tmp_path: Path) -> None:
    for number in range(1, EVENTS_TABLE.version + 1):
        columns = tuple(column for column in EVENTS if column.since <= number)
        layout = TableLayout("events", columns, PARTITIONS, EVENTS_TABLE.migrations[: number - 1])
        lake = LakeTable(tmp_path, layout)
        put_new(lake, layout, number)
        assert ask(tmp_path, EVENTS_TABLE, "SELECT count(*), count(mid) FROM events") == [(number, number)]
    put(open_events(tmp_path), [row(9, key_kind="public")])
    kinds = "SELECT key_kind FROM events WHERE mid = 'm9' OR mid = 'm1' ORDER BY mid"
    assert ask(tmp_path, EVENTS_TABLE, kinds) == [(None,), ("public",)]
