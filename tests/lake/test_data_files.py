"""Data files say in their name what they hold, and prove it."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.lake.data_files import DataFileName, fault, file_id, quick_fault, writing
from footfall.lake.parquet import UNREADABLE, open_file
from footfall.lake.tables import EVENTS_TABLE, schema_number
from footfall.lake.vacuum import data_paths

from .rows import open_events, partition, put, row, table


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = open_events(tmp_path_factory.mktemp("lake"))
    put(lake, [row(number, event="x" * 50 * number) for number in range(300)])
    return lake.files()[0]


def test_a_name_says_what_the_file_is(written: Path) -> None:
    name = DataFileName.parse(f"day=2026-11-20/fate=stored/{written.name}")
    assert name is not None
    assert (name.number, name.schema, len(name.id)) == (1, EVENTS_TABLE.version, 32)
    assert (len(name.checksum or ""), len(name.footer or "")) == (16, 8)
    assert schema_number(written.name) == name.schema
    assert file_id(written.name) == f"00000001-{name.id}" == file_id(f".00000001-{name.id}.part")


@pytest.mark.parametrize("name", ["", "a.parquet", "notes.txt", "0" * 31 + ".1.parquet", "00000001-xyz.1.parquet"])
def test_names_that_are_not_ours(name: str) -> None:
    assert DataFileName.parse(name) is None
    assert file_id(name) is None


def test_an_older_name_is_read() -> None:
    assert DataFileName.parse("0" * 32 + ".2.parquet") == DataFileName("0" * 32, 2)


@given(st.integers(0, 1 << 30), st.integers(0, 7))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_is_seen(written: Path, place: int, bit: int) -> None:
    data = bytearray(written.read_bytes())
    data[place % len(data)] ^= 1 << bit
    path = written.with_suffix(".flipped") / written.name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    assert fault(path) == "its bytes have changed since it was written"
    assert fault(written) is None
    try:
        with open_file(path) as file:
            found = file.read()
    except UNREADABLE:
        return
    assert found.equals(pq.read_table(written, partitioning=None)), "what is read unnoticed is what was written"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda data: None, "it is missing"),
        (lambda data: data[:-1], "it has"),
        (lambda data: data[: len(data) // 2], "it has"),
        (lambda data: b"", "it has"),
        (lambda data: bytes(len(data)), "it is no Parquet file"),
        (lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1", "its footer has changed"),
    ],
)
def test_what_a_quick_look_sees(written: Path, tmp_path: Path, change: object, why: str) -> None:
    data = written.read_bytes()
    path = tmp_path / written.name
    changed = change(data)  # type: ignore[operator]
    if changed is not None:
        path.write_bytes(changed)
    assert (quick_fault(path, len(data)) or "").startswith(why)
    assert fault(path, len(data)) is not None
    assert quick_fault(written, len(data)) is None


def test_a_file_from_before_is_read_page_by_page(written: Path, tmp_path: Path) -> None:
    path = tmp_path / ("1" * 32 + ".1.parquet")
    path.write_bytes(written.read_bytes())
    assert fault(path) is None
    data = bytearray(written.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    assert (fault(path) or "").startswith("it cannot be read")


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    lake = open_events(tmp_path)

    def write(error: type[BaseException]) -> None:
        with writing(lake.folder, lake.new_file(partition())) as file:
            pq.write_table(table([row(1)]), file)
            raise error

    for error in (ValueError, KeyboardInterrupt, OSError):
        with pytest.raises(error):
            write(error)
    assert list(data_paths(lake.folder)) == []
