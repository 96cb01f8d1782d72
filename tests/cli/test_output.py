"""What commands print: CSV that is safe to open, tables that can be read, and no more than was asked for."""

import csv
import io
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from footfall.cli.tables import print_table
from footfall.schema.hashing import key_hash
from tests.lake.rows import open_events, put, row

from .commands import at_terminal, output, started

EVIL = [
    "=cmd|' /C calc'!A0",
    "+1",
    "-1",
    "@SUM(1)",
    " =1",
    '"=1',
    "\uff1d1",
    "\t=1",
    "\r=1",
    "\n=1",
    "a;=1",
    "\x1b]0;mine\x07",
    "\0\x7f\x9b2J",
    "\u202egnp.exe",
]
LIMIT_SAID = "--limit 0 shows all"


def rows_of(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode(), newline="")))


def controls(text: str) -> set[str]:
    """Characters that steer a terminal or turn text around; newline ends lines."""
    turning = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    return {sign for sign in text if unicodedata.category(sign) == "Cc" or sign in turning} - {"\n"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stored and rejected events with all that is evil in every column of text."""
    data = tmp_path_factory.mktemp("evil")
    lake = open_events(data / "lake")
    texts = ("mid", "eid", "actor_id", "edata_pageid", "object_id", "findings", "agent_family", "channel")
    rows = [
        row(number, ets=-5.0, event=json.dumps({"edata": evil}, ensure_ascii=False), reasons=[evil], warnings=[evil])
        | dict.fromkeys(texts, evil)
        | {"key_hash": int(np.uint64(key_hash(evil, evil)).view(np.int64)), "content_hash": -7}
        for number, evil in enumerate(EVIL)
    ]
    put(lake, rows)
    put(lake, rows, fate="rejected")
    return data


CSV_COMMANDS = [
    ["export", "--day", "2026-11-20", "--format", "csv"],
    ["query", "SELECT * FROM ledger", "--format", "csv"],
    ["failed", "list", "--format", "csv"],
    ["failed", "show", "--format", "csv"],
    ["fate", EVIL[0], "--channel", EVIL[0], "--format", "csv"],
    ["audit", "--format", "csv"],
]


@pytest.mark.parametrize("command", CSV_COMMANDS, ids=lambda command: " ".join(command[:2]))
def test_no_command_writes_csv_that_a_spreadsheet_runs(data: Path, command: list[str]) -> None:
    text = output(data, *command, code=int(command[0] == "audit")).decode()
    assert not controls(text)
    typed = {"ets", "key_hash", "content_hash", "edata_duration"}
    cells = [(name, value) for found in rows_of(text.encode()) for name, value in found.items() if name not in typed]
    assert cells
    for name, value in cells:
        assert not value.lstrip(' \n"\ufffd').startswith(("=", "+", "-", "@", "\uff1d")), name
        assert ";=" not in value


@pytest.mark.parametrize("source", ["query", "export"])
def test_typed_numbers_and_times_stay_as_they_are(data: Path, source: str) -> None:
    arguments = ["export", "--day", "2026-11-20"] if source == "export" else ["query", "SELECT * FROM events"]
    found = rows_of(output(data, *arguments, "--format", "csv"))
    assert len(found) == len(EVIL)
    assert {one["ets"] for one in found} == {"-5.0"}
    assert {one["content_hash"] for one in found} == {"-7"}
    assert {one["received_at"].rstrip("Z").replace("T", " ") for one in found} == {"2026-11-20 12:00:00"}


def test_names_of_columns_are_text_too(data: Path) -> None:
    sql = "SELECT 1 AS \"=1\", 2 AS \"a\x1b[31m\", ['=1', 'a;=2'] AS list, {'=k': '-1'} AS struct"
    header, values = csv.reader(io.StringIO(output(data, "query", sql, "--format", "csv").decode()))
    assert header == ["'=1", "a\ufffd[31m", "list", "struct"]
    assert values == ["1", "2", '["=1","a;\'=2"]', '{"=k":"-1"}']
    assert output(data, "query", 'SELECT 1 AS "a\x1b[31m"') == "a\ufffd[31m\n1\n".encode()


@pytest.mark.parametrize("shown", ["table", "json"])
@pytest.mark.parametrize("command", [["query", "SELECT * FROM ledger"], ["failed", "list"], ["failed", "show"]])
def test_nothing_steers_the_terminal(data: Path, command: list[str], shown: str) -> None:
    assert not controls(output(data, *command, "--format", shown).decode())


def test_an_error_does_not_either(data: Path) -> None:
    shown = at_terminal(data, "query", "SELECT mid::INT FROM events WHERE contains(mid, chr(27))")
    assert shown.code == 2
    assert "mine" in shown.err
    assert not controls(shown.err)


def test_json_has_every_value_as_it_is(data: Path) -> None:
    found = json.loads(output(data, "query", "SELECT mid FROM events ORDER BY record", "--format", "json"))
    assert [one["mid"] for one in found] == EVIL
    lines = output(data, "export", "--day", "2026-11-20").decode().removesuffix("\n").split("\n")
    assert [json.loads(line)["edata"] for line in lines] == EVIL


def test_an_event_that_was_sent_in_several_lines_is_exported_in_one(tmp_path: Path) -> None:
    event = json.dumps({"mid": "m", "edata": {"values": [-1, "a\nb"]}}, indent=2).replace("[\n", "[\r\n")
    put(open_events(tmp_path / "lake"), [row(1, event=event)])
    (line,) = output(tmp_path, "export", "--day", "2026-11-20").splitlines()
    assert json.loads(line) == json.loads(event)
    (found,) = rows_of(output(tmp_path, "export", "--day", "2026-11-20", "--format", "csv"))
    assert json.loads(found["event"]) == json.loads(event)


def table(columns: list[str], rows: list[list[Any]]) -> list[str]:
    out = io.StringIO()
    print_table(columns, rows, out)
    return out.getvalue().split("\n")[:-1]


def test_columns_are_as_wide_as_they_need_be() -> None:
    assert table(["name", "n"], [["a", 1], ["日本語", None], [None, 10]]) == [
        "name    n",
        "a       1",
        "日本語",
        "        10",
    ]


def test_later_rows_make_columns_wider() -> None:
    lines = table(["a", "b"], [["x", 1]] * 200 + [["x" * 30, 2]])
    assert lines[1] == "x  1"
    assert lines[-1] == "x" * 30 + "  2"


def test_long_text_is_folded_and_its_lines_stay_in_their_column() -> None:
    lines = table(["long", "n"], [["x" * 300, 1], ["a\nb", 2]])
    assert lines[1:] == ["x" * 197 + "  1", "x" * 103, "a" + " " * 198 + "2", "b"]


def test_wide_signs_are_folded_by_their_width() -> None:
    lines = table(["long", "n"], [["日" * 150, 1], ["b", 2]])
    assert lines[1:3] == ["日" * 98 + "   1", "日" * 52]


def test_a_single_record_that_does_not_fit_is_printed_line_by_line() -> None:
    assert table(["a", "b", "c"], [["x" * 300, "1\nb: 2", None]]) == ["a: " + "x" * 300, "b: 1", "  b: 2", "c:"]


def test_so_are_many_records_whose_columns_would_be_too_narrow() -> None:
    names = [f"c{number}" for number in range(20)]
    lines = table(names, [["x" * 30] * 20] * 300)
    assert lines[:3] == ["c0: " + "x" * 30, "c1: " + "x" * 30, "c2: " + "x" * 30]
    assert lines[20] == ""
    assert len(lines) == 300 * 21 - 1


def test_no_rows_leave_the_names_of_columns() -> None:
    assert table(["a", "b"], []) == ["a  b"]
    names = [f"column_{number}" * 3 for number in range(12)]
    assert table(names, []) == ["  ".join(names)]


def test_an_event_with_all_columns_can_be_read(data: Path) -> None:
    lines = output(data, "fate", EVIL[0], "--channel", EVIL[0]).decode().split("\n")
    assert "fate: stored" in lines
    assert "fate: rejected" in lines
    assert "received_at: 2026-11-20T12:00:00Z" in lines


MANY = "SELECT range AS n FROM range(3000)"


def test_a_terminal_gets_the_first_thousand_rows_and_is_told(data: Path) -> None:
    shown = at_terminal(data, "query", MANY)
    assert len(shown.out.splitlines()) == 1001
    assert shown.err.startswith("1,000 rows are shown")
    assert LIMIT_SAID in shown.err


@pytest.mark.parametrize(("limit", "rows"), [("0", 3000), ("7", 7), ("3000", 3000), ("2999", 2999)])
def test_a_terminal_gets_what_is_asked_for(data: Path, limit: str, rows: int) -> None:
    shown = at_terminal(data, "query", MANY, "--limit", limit)
    assert len(shown.out.splitlines()) == rows + 1
    assert (LIMIT_SAID in shown.err) == (0 < int(limit) < 3000)


@pytest.mark.parametrize("shown", ["json", "csv"])
def test_programs_get_everything_even_at_a_terminal(data: Path, shown: str) -> None:
    found = at_terminal(data, "query", MANY, "--format", shown)
    assert len(found.out.splitlines()) >= 3000
    assert not found.err


@pytest.mark.parametrize("shown", ["table", "json", "csv"])
def test_without_a_terminal_there_is_no_limit_but_the_one_asked_for(data: Path, shown: str) -> None:
    assert len(output(data, "query", MANY, "--format", shown).splitlines()) == 3000 + (shown != "json")
    assert len(output(data, "query", MANY, "--format", shown, "--limit", "5").splitlines()) == 5 + (shown != "json")


def test_what_does_not_fit_a_narrow_terminal_is_printed_line_by_line(data: Path) -> None:
    sql = "SELECT 'a' AS one, repeat('b', 40) AS two, repeat('c', 40) AS three FROM range(2)"
    lines = at_terminal(data, "query", sql, width=60).out.splitlines()
    assert lines == [*(record := ["one: a", "two: " + "b" * 40, "three: " + "c" * 40]), "", *record]
    assert at_terminal(data, "query", sql, width=120).out.splitlines()[-1] == f"a    {'b' * 40}  {'c' * 40}"


@pytest.mark.parametrize("command", [["query", "SELECT 1"], ["export", "--day", "2026-11-20"], ["failed", "list"]])
def test_a_full_disk_is_said(data: Path, command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full, started(data, *command, stdout=full.fileno()) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert b"No space left on device" in err
    assert b"Traceback" not in err
