"""What a broken file of the lake does to commands: the rest is answered, and what is missing is said."""

import random
from pathlib import Path

import pytest

from tests.lake.rows import open_events, put, row

from .commands import started

DAYS = ("2026-11-19", "2026-11-20")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lake = open_events(tmp_path / "lake")
    for number, day in enumerate(DAYS):
        put(lake, [row(number * 100 + n, event=f'{{"mid":"{n:0900}"}}') for n in range(100)], day=day)
    return tmp_path


def file_of(data: Path, day: str) -> Path:
    (path,) = (data / "lake" / "events" / f"day={day}").rglob("*.parquet")
    return path


def said(data: Path, *arguments: str) -> tuple[int, bytes, str]:
    with started(data, *arguments) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err.decode()


def test_a_query_says_what_its_answer_is_without(data: Path) -> None:
    path = file_of(data, DAYS[0])
    path.write_bytes(path.read_bytes()[:-100])
    code, out, err = said(data, "query", "SELECT count(mid) AS n FROM events", "--format", "json")
    assert (code, out) == (0, b'[{"n":100}]\n')
    assert err.count(path.name) == 1
    assert "100 rows of the table events are left out" in err
    code, _, err = said(data, "query", "SELECT channel, count(mid) FROM events GROUP BY ALL", "--format", "csv")
    assert (code, path.name in err) == (0, True)


@pytest.mark.parametrize("seed", range(8))
def test_an_export_has_nothing_that_a_disk_has_changed(data: Path, seed: int) -> None:
    """One bit anywhere, which a query may take for what was sent."""
    path = file_of(data, DAYS[0])
    content = bytearray(path.read_bytes())
    place = random.Random(seed).randrange(len(content) * 8)
    content[place // 8] ^= 1 << place % 8
    path.write_bytes(content)
    for day, lines, expected in ((DAYS[0], 0, 1), (DAYS[1], 100, 0)):
        target = data / f"{day}.ndjson"
        code, _, err = said(data, "export", "--day", day, "--output", str(target))
        assert (code, len(target.read_text().splitlines())) == (expected, lines)
        assert (path.name in err) == bool(expected)
