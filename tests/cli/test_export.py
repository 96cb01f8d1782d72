"""A day is exported whole, in order, and in memory that does not grow with it."""

import json
import os
import random
import subprocess
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from bench import history

from footfall.cli.exporting import export
from footfall.cli.slices import Bounds
from tests.lake.rows import NOON, Row, open_events, put, reading, row
from tests.serving import PROGRAM

from .commands import output, peak, started

ROWS = 500_000
FILE_ROWS = 25_000
# The day's events are 415 MiB of text, and 640 with all columns. A command that does nothing takes 90.
PEAK_MIB = {"ndjson": 300, "csv": 400, "parquet": 500}
QUERY_PEAK_MIB = 250
LARGEST_PEAK_MIB = 550
DAY, MOMENT = "2026-11-20", "2026-11-21"
FORMATS = ("ndjson", "csv", "parquet")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of half a million events, and another on which all of them came at one moment."""
    data = tmp_path_factory.mktemp("large")
    lake = open_events(data / "lake")
    for part in islice(history.days(history.DAYS * ROWS), 2):
        column = part.table.schema.get_field_index("received_at")
        shift = pa.scalar(date.fromisoformat(DAY) - part.day, pa.duration("us"))
        moment = pa.scalar(datetime.fromisoformat(MOMENT), pa.timestamp("us"))
        times = {DAY: pc.add(part.table.column(column), shift), MOMENT: pa.repeat(moment, part.table.num_rows)}
        for day, received in times.items():
            table = part.table.set_column(column, part.table.schema.field(column), received)
            files = (table.slice(start, FILE_ROWS) for start in range(0, table.num_rows, FILE_ROWS))
            lake.commit([lake.write(file, {"day": day, "fate": "stored"}) for file in files], {})
    return data


def mids_of_ndjson(path: Path) -> list[str]:
    with path.open() as lines:
        return [json.loads(line)["mid"] for line in lines]


def columns_of(path: Path) -> Iterator[pa.RecordBatch]:
    """When events were received, and their mids."""
    names = ["received_at", "mid"]
    if path.suffix == ".csv":
        return iter(pyarrow.csv.open_csv(path, convert_options=pyarrow.csv.ConvertOptions(include_columns=names)))
    return iter(pq.ParquetFile(path).iter_batches(columns=names))


@pytest.mark.parametrize("file_format", FORMATS)
def test_half_a_million_events_are_written_in_bounded_memory(large: Path, tmp_path: Path, file_format: str) -> None:
    target = tmp_path / f"events.{file_format}"
    taken = peak(large, "export", "--day", DAY, "--format", file_format, "--output", str(target))
    assert taken < PEAK_MIB[file_format]
    if file_format == "ndjson":
        mids = mids_of_ndjson(target)
    else:
        batches = list(columns_of(target))
        times = [
            at for batch in batches for at in batch.column(0).cast(pa.timestamp("us")).cast(pa.int64()).to_pylist()
        ]
        mids = [mid for batch in batches for mid in batch.column(1).to_pylist()]
        assert all(before <= after for before, after in pairwise(times))
    assert len(mids) == len(set(mids)) == ROWS
    assert mids == in_order(large)


def in_order(data: Path) -> list[str]:
    with reading(data / "lake") as reader:
        sql = f"SELECT mid FROM events WHERE day = '{DAY}' ORDER BY received_at, journal, record, idx"
        return [mid for (mid,) in reader.query(sql).rows]


def test_so_are_as_many_that_came_at_one_moment(large: Path, tmp_path: Path) -> None:
    target = tmp_path / "events.ndjson"
    assert peak(large, "export", "--day", MOMENT, "--output", str(target)) < PEAK_MIB["ndjson"]
    mids = mids_of_ndjson(target)
    assert len(mids) == len(set(mids)) == ROWS


@pytest.mark.parametrize("shown", ["table", "csv", "json"])
def test_a_query_prints_as_many_in_bounded_memory(large: Path, shown: str) -> None:
    sql = f"SELECT received_at, mid, event_type, sid, env FROM events WHERE day = '{DAY}'"
    assert peak(large, "query", sql, "--format", shown) < QUERY_PEAK_MIB


def test_the_largest_events_are_written_in_bounded_memory(tmp_path: Path) -> None:
    """A megabyte each: the rows of a slice by their number would be all of them."""
    lake = open_events(tmp_path / "lake")
    chance = random.Random(5)
    for start in range(0, 720, 30):
        rows = [
            row(number, NOON + timedelta(seconds=number), event=json.dumps({"x": chance.randbytes(500_000).hex()}))
            for number in range(start, start + 30)
        ]
        put(lake, rows)
    assert peak(tmp_path, "export", "--day", DAY, "--output", str(tmp_path / "events.ndjson")) < LARGEST_PEAK_MIB
    with (tmp_path / "events.ndjson").open() as lines:
        assert sum(len(json.loads(line)["x"]) == 1_000_000 for line in lines) == 720


def crowded() -> list[Row]:
    """Some spread over the day, many in a second, many in a millisecond, and many at a moment."""
    chance = random.Random(7)
    second, millisecond = timedelta(seconds=1), timedelta(milliseconds=1)
    times = [
        *(datetime.fromisoformat(DAY) + timedelta(seconds=chance.randrange(86_400)) for _ in range(300)),
        *(NOON + chance.random() * second for _ in range(300)),
        *(NOON + 2 * second + chance.random() * millisecond for _ in range(300)),
        *(NOON + 3 * second for _ in range(300)),
    ]
    chance.shuffle(times)
    return [row(number, at, idx=number) for number, at in enumerate(times)]


@pytest.mark.parametrize("bounds", [Bounds(20), Bounds(size=200), Bounds(1), Bounds()], ids=repr)
@pytest.mark.parametrize("file_format", FORMATS)
def test_slices_of_any_size_are_the_same_file(tmp_path: Path, file_format: str, bounds: Bounds) -> None:
    rows = crowded()
    put(open_events(tmp_path / "lake"), rows)
    target = tmp_path / f"events.{file_format}"
    with reading(tmp_path / "lake") as reader:
        export(reader, date.fromisoformat(DAY), None, file_format, target, bounds=bounds)
    received: dict[str, Any] = {found["mid"]: found["received_at"] for found in rows}
    if file_format == "ndjson":
        mids = mids_of_ndjson(target)
    else:
        mids = [mid for batch in columns_of(target) for mid in batch.column(1).to_pylist()]
    assert sorted(mids) == sorted(received)
    assert all(received[before] <= received[after] for before, after in pairwise(mids))


def test_clean_columns_are_worded_as_duckdb_words_them(tmp_path: Path) -> None:
    rows = [
        row(1, ets=1.5, sid="", did=None, edata_duration=-0.25, warnings=["a", "b"], event='{"a": "b, \\"c\\""}'),
        row(2, NOON + timedelta(microseconds=1200), occurred_at=None, warnings=[], reasons=None),
    ]
    put(open_events(tmp_path / "lake"), rows)
    header, *lines = output(tmp_path, "export", "--day", DAY, "--format", "csv").decode().splitlines()
    with reading(tmp_path / "lake") as reader:
        assert reader.query("SELECT count(*) FROM events").rows == [(2,)]
        reader._connection.execute(f"COPY (SELECT * FROM events ORDER BY record) TO '{tmp_path}/other.csv' (HEADER)")
    assert [header, *lines] == (tmp_path / "other.csv").read_text().splitlines()


def test_only_the_channel_that_was_named_is_written(tmp_path: Path) -> None:
    put(open_events(tmp_path / "lake"), [row(number, channel="it's" if number % 2 else "dev") for number in range(10)])
    lines = output(tmp_path, "export", "--day", DAY, "--channel", "it's").splitlines()
    assert [json.loads(line)["mid"] for line in lines] == ["m1", "m3", "m5", "m7", "m9"]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_day_without_events_is_a_file_without_events(tmp_path: Path, file_format: str) -> None:
    put(open_events(tmp_path / "lake"), [row(1)])
    target = tmp_path / f"events.{file_format}"
    output(tmp_path, "export", "--day", "2026-11-01", "--format", file_format, "--output", str(target))
    if file_format == "parquet":
        assert pq.read_table(target).num_rows == 0
        assert "mid" in pq.read_schema(target).names
    else:
        assert len(target.read_text().splitlines()) == (file_format == "csv")


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path, file_format: str) -> None:
    put(open_events(tmp_path / "lake"), [row(1)])
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "events").write_text("old")
    arguments = ["export", "--day", DAY, "--format", file_format, "--output", str(folder / "events")]
    command = ["bash", "-c", 'ulimit -f 0; exec "$@"', "-", PROGRAM, *arguments, "--data", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert [path.read_text() for path in folder.iterdir()] == ["old"]
    output(tmp_path, *arguments)
    assert [path.name for path in folder.iterdir()] == ["events"]
    assert (folder / "events").read_bytes() != b"old"


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_disk_that_is_full_is_said_and_leaves_nothing(large: Path, tmp_path: Path, file_format: str) -> None:
    """A limit on the size of files stands for the disk."""
    arguments = ["export", "--day", DAY, "--format", file_format, "--output", str(tmp_path / "events")]
    command = ["bash", "-c", 'ulimit -f 20000; exec "$@"', "-", PROGRAM, *arguments, "--data", str(large)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 2
    assert done.stderr == f"footfall: cannot write {tmp_path / 'events'}: File too large\n"
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    put(open_events(tmp_path / "lake"), [row(1)])
    target = tmp_path / "pipe"
    os.mkfifo(target)
    with started(tmp_path, "export", "--day", DAY, "--output", str(target)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert str(target) in err.decode()
    assert target.is_fifo()
