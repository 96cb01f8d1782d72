"""Commands end at once and quietly when nobody waits for them any more."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.lake.rows import many, open_events, put, row
from tests.serving import until

from .commands import started

# Each would take hours: one to its first row, one after its first rows, one to sort what does not fit in memory.
BEFORE = "SELECT count(*) FROM range(100000000) a, range(100000) b WHERE a.range % 7 = b.range % 5"
AFTER = (
    "SELECT a.range AS n FROM range(100000000) a, range(100000) b WHERE a.range + b.range < 3 OR a.range * b.range = -1"
)
SPILLING = "SELECT md5(a.range::VARCHAR) AS n FROM range(100000000) a, range(1000) ORDER BY 1"
ENDLESS = "SELECT a.range AS n, 'x' AS x FROM range(100000000) a, range(100000)"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with some thousand events of one day."""
    data = tmp_path_factory.mktemp("ending")
    many(open_events(data / "lake"), 2, 2_000)
    return data


def is_at_work(process: Any) -> bool:
    """Whether it has done more than start."""
    times = psutil.Process(process.pid).cpu_times()
    return bool(times.user + times.system > 2.5)


def interrupted(process: Any) -> tuple[bytes, bytes]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    return out, err


@pytest.mark.parametrize("shown", ["table", "json", "csv"])
@pytest.mark.parametrize("sql", [BEFORE, AFTER], ids=["before", "after"])
def test_one_interrupt_ends_a_query(data: Path, sql: str, shown: str) -> None:
    with started(data, "query", sql, "--format", shown) as process:
        until(lambda: is_at_work(process), 60)
        _, err = interrupted(process)
    assert process.returncode == 130
    assert err == b""


def test_an_interrupted_query_leaves_nothing_behind(data: Path, tmp_path: Path) -> None:
    with started(data, "query", SPILLING, TMPDIR=str(tmp_path)) as process:
        until(lambda: bool(list(tmp_path.rglob("*.tmp"))), 60)
        interrupted(process)
    assert process.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_it_ends_although_what_it_prints_is_not_read(data: Path) -> None:
    with started(data, "query", ENDLESS) as process:
        os.read(process.stdout.fileno(), 1)
        until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_SLEEPING, 60)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130


@pytest.mark.parametrize("shown", ["table", "csv", "json"])
def test_head_ends_an_endless_answer(data: Path, shown: str) -> None:
    with started(data, "query", ENDLESS, "--format", shown) as process:
        done = subprocess.run(["head", "-1"], stdin=process.stdout, capture_output=True, check=True, timeout=60)
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == b""
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize("sql", [BEFORE, AFTER], ids=["before", "after"])
def test_a_closed_pipe_ends_a_query_that_prints_nothing(data: Path, sql: str) -> None:
    with started(data, "query", sql, "--format", "csv") as process:
        process.stdout.close()
        assert process.wait(60) == 0
        assert process.stderr.read() == b""


def test_head_ends_an_export(data: Path) -> None:
    with started(data, "export", "--day", "2026-11-20") as process:
        subprocess.run(["head", "-1"], stdin=process.stdout, capture_output=True, check=True, timeout=60)
        process.stdout.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == b""


@pytest.mark.parametrize("shown", ["ndjson", "csv", "parquet"])
def test_an_interrupted_export_leaves_nothing_behind(tmp_path: Path, shown: str) -> None:
    lake = open_events(tmp_path / "data" / "lake")
    for start in range(0, 20_000, 4_000):
        put(lake, [row(number, event="x" * 20_000) for number in range(start, start + 4_000)])
    folder = tmp_path / "out"
    folder.mkdir()
    arguments = ["export", "--day", "2026-11-20", "--format", shown, "--output", str(folder / "events")]
    with started(tmp_path / "data", *arguments) as process:
        until(lambda: bool(list(folder.iterdir())), 60)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == b""
    assert list(folder.iterdir()) == []
