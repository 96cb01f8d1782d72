"""Finding stored events again by their hashes: no boundary of a file or row group hides one."""

import uuid
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from footfall.lake.key_index import File, Lookup, read_hashes, recent_files, stored_files

from .rows import open_events, partition, put, row, table

DAY = 20_777
TIMES = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(1.7e12, 1.9e12),
    st.integers(-(2**60), 2**60).map(float),
    st.sampled_from([0.0, -0.0, 5e-324, 1.7e308, -1.7e308, 0.1 + 0.2, 1795262400000.0001]),
)


def fail(path: Path, error: Exception) -> None:
    raise AssertionError(path) from error


def signed(numbers: list[int]) -> NDArray[np.uint64]:
    return np.array(numbers, np.int64).view(np.uint64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hashes")


@given(st.lists(TIMES, min_size=1, max_size=6))
@settings(max_examples=40)
def test_an_event_is_found_at_any_time(folder: Path, times: list[float]) -> None:
    """The range of a file has been through the log as text, that of a row group through Parquet."""
    lake = open_events(folder / uuid.uuid4().hex)
    put(lake, [row(number, ets=ets) for number, ets in enumerate(times)])
    (file,) = stored_files(lake.adds(), lake.folder)
    keys = signed([row(number)["key_hash"] for number in range(len(times))])
    for number, ets in enumerate(times):
        found = list(Lookup(fail).find([file], keys[number : number + 1], np.array([ets])))
        assert [(hashes.ets[0], int(hashes.content[0])) for hashes in found] == [(ets, number)]
        assert sum(len(hashes) for hashes in read_hashes(file, ets, ets)) == len(times)


def test_only_files_and_row_groups_of_the_right_time_are_read(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(table([row(number, ets=number * 1000.0) for number in range(100)]), path, row_group_size=10)
    file = File(path, DAY, 0.0, 99_000.0)
    lookup = Lookup(fail)
    keys = signed([row(number)["key_hash"] for number in range(100)])

    wanted = np.array([25_000.0, 78_000.0])
    found = np.concatenate([hashes.ets for hashes in lookup.find([file], keys, wanted)])
    assert sorted(found) == [1000.0 * number for number in [*range(20, 30), *range(70, 80)]]
    assert list(lookup.find([file], keys, np.array([-1.0, 99_000.1, 9_500.0]))) == []
    assert len(next(iter(read_hashes(file, 19_500.0, 20_000.0)))) == 10

    path.unlink()
    assert list(lookup.find([file], keys, np.array([9_500.0]))) == [], "what is known of a file spares opening it"
    missing: list[Path] = []
    assert list(Lookup(lambda gone, _: missing.append(gone)).find([file], keys, wanted)) == []
    assert missing == [path]


def test_keys_that_share_their_low_bits_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "f.parquet"
    pq.write_table(table([row(n, key_hash=(n << 20) + 5, ets=1.0) for n in range(50)]), path)
    found = list(Lookup(fail).find([File(path, DAY, 0, 2)], signed([(7 << 20) + 5]), np.array([1.0])))
    assert [hashes.content.tolist() for hashes in found] == [[7]]


def test_only_stored_events_of_the_window_are_looked_at(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    for fate in ("stored", "duplicate", "rejected"):
        for day in ("2026-11-18", "2026-11-19", "2026-11-20"):
            lake.commit([lake.write(table([row(1)]), partition(fate, day))], {})
    files = recent_files(stored_files(lake.adds(), lake.folder), DAY, 1)
    assert sorted(file.day for file in files) == [DAY - 1, DAY]


def files_of(*days: int) -> list[File]:
    """Files written one after the other, by the days that clocks named then."""
    return [File(Path(str(number)), day, 0.0, 0.0, number) for number, day in enumerate(days, 1)]


@pytest.mark.parametrize(
    ("days", "today", "kept"),
    [
        ([DAY - 9, DAY - 8, DAY - 1, DAY], DAY, [DAY - 9, DAY - 8, DAY - 1, DAY]),  # days without events do not count
        ([*range(DAY - 9, DAY + 1)], DAY, [*range(DAY - 7, DAY + 1)]),
        ([*range(DAY - 9, DAY + 1), DAY + 365], DAY + 365, [*range(DAY - 6, DAY + 1), DAY + 365]),
        ([*range(DAY - 9, DAY + 1), DAY + 365], DAY, [*range(DAY - 7, DAY + 1), DAY + 365]),
        ([*range(DAY - 9, DAY), 0, DAY], DAY, [*range(DAY - 7, DAY), 0, DAY]),  # a clock that was behind, lately
        ([0, *range(DAY - 9, DAY + 1)], DAY, [*range(DAY - 7, DAY + 1)]),  # and one that was so long ago
    ],
)
def test_what_belongs_to_the_window_whatever_clocks_said(days: list[int], today: int, kept: list[int]) -> None:
    assert [file.day for file in recent_files(files_of(*days), today, 7)] == kept
