"""Reading the lake from another process or thread: consistent, bounded, never in the writer's way."""

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.lake import table_view
from footfall.lake.damage import LakeDamagedError
from footfall.lake.query import LakeFileError, LakeReadError, QueryError, QueryTimeoutError
from footfall.lake.table import LakeTable

from .rows import open_events, put, reading, row

SLOW = "SELECT count(*) FROM range(100000000) a, range(1000) b WHERE a.range % 7 = b.range % 5"


def test_an_empty_lake_has_all_views(tmp_path: Path) -> None:
    with reading(tmp_path / "nowhere") as reader:
        assert reader.version() == -1
        for view in ("events", "failed", "ledger", "hourly"):
            assert reader.query(f"SELECT * FROM {view}").rows == []
    assert not (tmp_path / "nowhere").exists()


def test_views_show_the_newest_version(tmp_path: Path) -> None:
    with reading(tmp_path) as reader:
        lake = open_events(tmp_path)
        for number in range(5):
            put(lake, [row(number)], fate="rejected" if number % 2 else "stored")
            assert reader.version() == number + 1
        assert reader.query("SELECT mid FROM events ORDER BY mid").rows == [("m0",), ("m2",), ("m4",)]
        assert reader.query("SELECT mid FROM failed ORDER BY mid").rows == [("m1",), ("m3",)]
        assert reader.query("SELECT count(*) FROM ledger").rows == [(5,)]
        rows = reader.query("SELECT mid, day FROM ledger WHERE record = $record", {"record": 2})
        assert [str(found["day"]) for found in rows.records()] == ["2026-11-20"]


def test_one_query_sees_one_version_while_others_are_committed(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(number) for number in range(10_000)])
    with reading(tmp_path) as reader, reader.stream("SELECT record FROM events") as (columns, batches):
        first = next(batches)
        put(lake, [row(10_000 + number) for number in range(100)])
        assert columns == ["record"]
        assert len(first) + sum(len(batch) for batch in batches) == 10_000


def test_threads_share_a_reader_while_the_lake_grows(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(0)])
    wrong: list[object] = []
    stop = threading.Event()

    with reading(tmp_path) as reader:

        def ask() -> None:
            seen = 0
            while not stop.is_set():
                found = reader.query("SELECT count(*) FROM events").rows[0][0]
                if found < seen:
                    wrong.append(found)
                seen = found

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for number in range(1, 15):
            put(lake, [row(number)])
        stop.set()
        for thread in threads:
            thread.join()
        assert wrong == []
        assert reader.query("SELECT count(*) FROM events").rows == [(15,)]


def test_a_query_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with reading(tmp_path) as reader:
        begun = time.monotonic()
        with pytest.raises(QueryTimeoutError, match=r"took longer than 0\.2 s"):
            reader.query(SLOW, timeout=0.2)
        assert time.monotonic() - begun < 5
        assert reader.query("SELECT 1", timeout=5).rows == [(1,)]


def test_what_does_not_fit_in_memory_goes_to_the_disk_and_is_removed(tmp_path: Path) -> None:
    with reading(tmp_path, memory="60MB") as reader:
        reader.lock_down()
        rows = reader.query(
            "SELECT count(*) FROM (SELECT DISTINCT md5(range::VARCHAR), range FROM range(900000))", timeout=60
        ).rows
        assert rows == [(900_000,)]
        (spill,) = reader._connection.execute("SELECT current_setting('temp_directory')").fetchone() or ("",)
    assert not Path(spill).exists()


@pytest.mark.parametrize(
    "sql", ["SELECT nothing FROM events", "SELECT 1/", "", "  ", ";", "SELECT $x", "SELECT 1; SELECT 2"]
)
def test_a_query_that_cannot_be_answered_says_why(tmp_path: Path, sql: str) -> None:
    with reading(tmp_path) as reader, pytest.raises(QueryError, match=r"."):
        reader.query(sql)


def test_a_torn_log_is_a_passing_trouble(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(1)])
    torn = tmp_path / "events" / "_delta_log" / f"{1:020d}.json"
    whole = torn.read_bytes()
    torn.write_bytes(b"\0" * 100)
    with reading(tmp_path) as reader:
        with pytest.raises(LakeReadError, match=r"^the table events cannot be read: [ -~]+$"):
            reader.query("SELECT 1 FROM events")
        torn.write_bytes(whole)
        assert reader.query("SELECT mid FROM events").rows == [("m1",)]


def days(root: Path, rows: int = 100) -> LakeTable:
    """A lake with a file for each of three days."""
    lake = open_events(root)
    for number, day in enumerate(("2026-11-18", "2026-11-19", "2026-11-20")):
        put(lake, [row(number * rows + n, event="x" * 900) for n in range(rows)], day=day)
    return lake


def flip_page(data: bytes) -> bytes:
    half = len(data) // 2
    return data[:4] + bytes(byte ^ 0xFF for byte in data[4:half]) + data[half:]


def flip_footer(data: bytes) -> bytes:
    """A file whose footer, without its length and the format's name, holds something else from a third on."""
    end = len(data) - 8
    start = end - int.from_bytes(data[end : end + 4], "little") * 2 // 3
    return data[:start] + bytes(byte ^ 0x55 for byte in data[start:end]) + data[end:]


BROKEN: dict[str, Callable[[bytes], bytes | None]] = {
    "missing": lambda data: None,
    "empty": lambda data: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "zeros": lambda data: bytes(len(data)),
    "no footer": lambda data: data[:-8] + b"\xff\xff\0\0PAR1",
    "another footer": flip_footer,
    "a page": flip_page,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_file_takes_no_other_day_away(tmp_path: Path, how: str) -> None:
    lake = days(tmp_path)
    path = next(path for path in lake.files() if "2026-11-19" in str(path))
    whole = path.read_bytes()
    with reading(tmp_path) as reader:
        assert reader.query("SELECT count(*) FROM events").remarks == []
        broken = BROKEN[how](whole)
        path.unlink()
        if broken is not None:
            path.write_bytes(broken)
        asked = (
            "SELECT day::VARCHAR, count(*), sum(length(event)), sum(record), sum(ets) FROM events GROUP BY 1 ORDER BY 1"
        )
        for _ in range(2):
            found = reader.query(asked)
            assert [line[:3] for line in found.rows] == [("2026-11-18", 100, 90_000), ("2026-11-20", 100, 90_000)]
            (remark,) = found.remarks
            assert remark.startswith(
                f"100 rows of the table events are left out, for the file {path.name} cannot be read"
            )
        with reader.stream("SELECT event FROM events") as (_, batches):
            assert sum(len(batch) for batch in batches) == 200
        put(lake, [row(900)])
        assert reader.query("SELECT count(*) FROM events").rows == [(201,)]


def test_a_file_that_is_back_is_shown_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = days(tmp_path)
    path = lake.files()[0]
    with reading(tmp_path) as reader:
        path.rename(tmp_path / "aside")
        assert reader.query("SELECT count(*) FROM events").rows == [(200,)]
        (tmp_path / "aside").rename(path)
        monkeypatch.setattr(table_view, "_LOOK_AGAIN_SECONDS", 0.0)
        assert reader.query("SELECT count(*) FROM events").rows == [(300,)]
        assert reader.remarks == []


def test_all_files_broken(tmp_path: Path) -> None:
    lake = days(tmp_path)
    for path in lake.files():
        path.write_bytes(b"PAR1")
    with reading(tmp_path) as reader:
        assert reader.query("SELECT count(*) FROM events").rows == [(0,)]
        assert len(reader.remarks) == 3


def test_a_file_that_was_replaced_meanwhile_is_not_broken(tmp_path: Path) -> None:
    """A reader that has not seen the newest version yet looks at that first."""
    lake = days(tmp_path)
    with reading(tmp_path) as reader:
        with reader.stream("SELECT event FROM events", size=10) as (_, batches):
            next(batches)
        (source,) = (source for source in reader._sources if source.folder.name == "events")
        old = lake.files()
        put(lake, [row(1000 + n) for n in range(300)])
        lake.commit(lake.removals({path.relative_to(lake.folder).as_posix() for path in old}), {})
        follow = source.refresh
        for path in old:
            path.unlink()
        calls = []

        def late(connection: object) -> None:
            calls.append(connection)
            if len(calls) > 1:
                follow(connection)  # type: ignore[arg-type]

        source.refresh = late  # type: ignore[method-assign]
        found = reader.query("SELECT count(event) FROM events")
        assert (found.rows, found.remarks) == ([(300,)], [])


def test_an_answer_that_was_begun_cannot_be_mended_but_the_next_one_is(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    for number in range(40):
        put(lake, [row(number * 3000 + n, event=f"{n:05}" * 200) for n in range(3000)])
    last = max(lake.files())
    last.write_bytes(flip_page(last.read_bytes()))
    with reading(tmp_path, threads=1) as reader:
        try:
            with reader.stream("SELECT event FROM events", size=1) as (_, batches):
                found = sum(len(batch) for batch in batches)
        except LakeFileError as error:
            assert last.name in str(error)  # noqa: PT017 - either is right, as DuckDB reads ahead
            found = 39 * 3000
        assert found == 39 * 3000
        assert reader.query("SELECT count(event) FROM events").rows == [(39 * 3000,)]


def test_a_lake_whose_log_is_gone_is_not_empty(tmp_path: Path) -> None:
    days(tmp_path)
    shutil.rmtree(tmp_path / "events" / "_delta_log")
    with reading(tmp_path) as reader, pytest.raises(LakeDamagedError, match="the log of the table events is gone"):
        reader.query("SELECT count(*) FROM events")
    shutil.rmtree(tmp_path / "events")
    with reading(tmp_path) as reader, pytest.raises(LakeDamagedError):
        reader.query("SELECT count(*) FROM events")


def test_what_a_user_writes_about_parquet_is_a_user_s_mistake(tmp_path: Path) -> None:
    days(tmp_path)
    with reading(tmp_path) as reader:
        reader.lock_down()
        for sql in ("SELECT 'x.1.parquet'::INT", 'SELECT * FROM "a.1.parquet"', "SELECT * FROM 'a.1.parquet'"):
            with pytest.raises(QueryError):
                reader.query(sql)
        assert reader.remarks == []
