"""Reading the lake from another process or thread: consistent, bounded, never in the writer's way."""

import threading
import time
from pathlib import Path

import pytest

from footfall.lake.reading import LakeReadError, QueryError, QueryTimeoutError

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


def test_a_file_that_is_missing_is_said_and_recovered_from(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(1)])
    (path,) = lake.files()
    with reading(tmp_path) as reader:
        assert reader.query("SELECT mid FROM events").rows == [("m1",)]
        path.rename(tmp_path / "aside")
        with pytest.raises(LakeReadError):
            reader.query("SELECT mid, 2 FROM events")
        (tmp_path / "aside").rename(path)
        assert reader.query("SELECT mid FROM events").rows == [("m1",)]
