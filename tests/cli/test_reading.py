"""Commands that read the lake while the server runs."""

import csv
import io
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.serving import PROGRAM, Served

TODAY = datetime.now(UTC).date().isoformat()
GOOD = {"IMPRESSION:0", "IMPRESSION:1", "IMPRESSION:2", "IMPRESSION:other"}


def test_query_answers_in_every_format(footfall: Served) -> None:
    sql = "SELECT mid, ets FROM events ORDER BY mid"
    assert {row["mid"] for row in footfall.run_json("query", sql)} == GOOD
    rows = list(csv.DictReader(io.StringIO(footfall.run("query", sql, "--format", "csv"))))
    assert {row["mid"] for row in rows} == GOOD
    assert "IMPRESSION:other" in footfall.run("query", sql)


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW events",
        "COPY (SELECT 1) TO '/tmp/footfall-must-not-exist.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "SELEKT 1",
        "",
    ],
)
def test_query_refuses_all_but_one_select_on_the_lake(footfall: Served, sql: str) -> None:
    footfall.run("query", sql, code=2)


def test_audit_balances(footfall: Served) -> None:
    found = footfall.run_json("audit")
    assert found["balances"] is True
    books = {row["channel"]: row for row in found["channels"]}
    counts = ("received", "stored", "duplicate", "rejected", "filtered")
    assert tuple(books["dev"][name] for name in counts) == (5, 3, 1, 1, 0)
    assert books["other"]["received"] == 1
    assert footfall.run_json("audit", "--day", TODAY) == found


def test_fate_tells_every_reception(footfall: Served) -> None:
    assert [row["fate"] for row in footfall.run_json("fate", "IMPRESSION:0")] == ["stored", "duplicate"]
    (rejected,) = footfall.run_json("fate", "IMPRESSION:bad")
    assert rejected["reasons"] == ["wrong_type"]
    assert footfall.run_json("fate", "IMPRESSION:unknown", code=1) == []
    assert footfall.run_json("fate", "IMPRESSION:0", "--channel", "other", code=1) == []


def test_export_writes_the_events_as_sent(footfall: Served, tmp_path: Path) -> None:
    lines = footfall.run("export", "--day", TODAY).splitlines()
    assert {json.loads(line)["mid"] for line in lines} == GOOD
    target = tmp_path / "events.ndjson"
    footfall.run("export", "--day", TODAY, "--channel", "other", "--output", str(target))
    assert [json.loads(line)["mid"] for line in target.read_text().splitlines()] == ["IMPRESSION:other"]
    assert list(tmp_path.iterdir()) == [target]


def test_export_writes_columns(footfall: Served, tmp_path: Path) -> None:
    target = tmp_path / "events.parquet"
    footfall.run("export", "--day", TODAY, "--format", "parquet", "--output", str(target))
    assert set(pq.read_table(target).column("mid").to_pylist()) == GOOD
    rows = list(csv.DictReader(io.StringIO(footfall.run("export", "--day", TODAY, "--format", "csv"))))
    assert {row["mid"] for row in rows} == GOOD


@pytest.mark.parametrize("arguments", [[], ["--day", "yesterday"], ["--day", TODAY, "--format", "parquet"]])
def test_export_refuses_what_it_cannot_do(footfall: Served, arguments: list[str]) -> None:
    footfall.run("export", *arguments, code=2)


def test_export_to_a_folder_that_is_not_there_says_so(footfall: Served, tmp_path: Path) -> None:
    for file_format in ("ndjson", "parquet"):
        target = tmp_path / "no" / "where"
        footfall.run("export", "--day", TODAY, "--format", file_format, "--output", str(target), code=2)


def test_failed_lists_and_shows_without_values(footfall: Served) -> None:
    (reason,) = footfall.run_json("failed", "list")
    assert (reason["reason"], reason["events"]) == ("wrong_type", 1)
    (shown,) = footfall.run_json("failed", "show", "--reason", "wrong_type")
    assert shown["mid"] == "IMPRESSION:bad"
    assert json.loads(shown["findings"])[0][:3] == ["wrong_type", "$.ets", "string"]
    assert footfall.run_json("failed", "show", "--mid", "IMPRESSION:none") == []


def test_journal_inspect_shows_each_collector(footfall: Served) -> None:
    reports = footfall.run_json("journal", "inspect")
    assert len(reports) == 2
    assert sum(report["records"] for report in reports) == len(footfall.run_json("journal", "inspect", "--records"))


@pytest.mark.parametrize("command", [["query", "SELECT 1"], ["audit"], ["fate", "x"], ["failed", "list"]])
def test_a_data_folder_that_is_not_there_is_named(tmp_path: Path, command: list[str]) -> None:
    data = str(tmp_path / "none")
    done = subprocess.run([PROGRAM, *command, "--data", data], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert data in done.stderr
