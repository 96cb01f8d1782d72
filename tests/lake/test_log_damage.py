"""A log that a power cut tore or a disk damaged is made whole where that can be proved, and else left as it is."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footfall.lake.damage import LakeDamagedError
from footfall.lake.delta_log import Discard, Proof
from footfall.lake.log_entry import entry_path
from footfall.lake.recovery_record import CHECKPOINT, RECORD
from footfall.lake.table import LakeTable
from footfall.lake.tables import EVENTS_TABLE, HOURLY_TABLE

from .rows import mids, open_events, put, row

COMMITS = 6


def log(root: Path) -> Path:
    return root / "events" / "_delta_log"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fill(root: Path) -> LakeTable:
    lake = open_events(root)
    for number in range(COMMITS):
        put(lake, [row(number)], {"j": number})
    return lake


def without_record(root: Path) -> None:
    """As if the table had been written before there was one."""
    for name in (RECORD, CHECKPOINT):
        (root / "events" / name).unlink(missing_ok=True)


def held(_: Discard) -> str | None:
    return None


TORN: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "cut": lambda data: data[: len(data) // 2],
    "cut between lines": lambda data: data[: data.rindex(b"\n", 0, -1) + 1],
    "one line short": lambda data: b"".join(data.splitlines(keepends=True)[:-1]),
    "zeros": lambda data: bytes(len(data)),
    "zeros at the end": lambda data: data[:200] + bytes(len(data) - 200),
    "another position": lambda data: data.replace(b'"version":5', b'"version":9'),
    "another path": lambda data: data.replace(b"fate=stored", b"fate=storad"),
}


@pytest.mark.parametrize("how", TORN)
@pytest.mark.parametrize("version", [COMMITS, 3])
def test_a_damaged_entry_is_put_back_from_its_copy(tmp_path: Path, how: str, version: int) -> None:
    fill(tmp_path)
    path = entry_path(tmp_path / "events", version)
    whole = path.read_bytes()
    damaged = TORN[how](whole)
    path.write_bytes(damaged)

    lake = open_events(tmp_path)
    assert (lake.version, lake.position("j")) == (COMMITS, COMMITS - 1)
    assert mids(tmp_path) == [f"m{number}" for number in range(COMMITS)]
    assert path.read_bytes() == whole
    if damaged != whole:
        assert path.with_name(path.name + ".torn").read_bytes() == damaged
    assert put(lake, [row(COMMITS)], {"j": COMMITS}) == COMMITS + 1


@pytest.mark.parametrize("how", [how for how in TORN if not how.startswith("another")])
def test_without_a_copy_it_is_put_aside_if_that_is_proved(tmp_path: Path, how: str) -> None:
    fill(tmp_path)
    without_record(tmp_path)
    path = entry_path(tmp_path / "events", 4)
    path.write_bytes(TORN[how](path.read_bytes()))
    asked: list[Discard] = []

    def proof(discard: Discard) -> str | None:
        asked.append(discard)
        return None

    lake = LakeTable(tmp_path, EVENTS_TABLE, proof)
    assert (lake.version, lake.position("j")) == (3, 2)
    assert mids(tmp_path) == ["m0", "m1", "m2"]
    (discard,) = asked
    assert discard.journals == {"j"}
    assert discard.position("j") == 2
    assert discard.reached == {"j": COMMITS - 1}
    assert put(lake, [row(3)], {"j": 3}) == 4
    assert path.with_name(path.name + ".torn").exists()
    assert open_events(tmp_path).version == 4


@pytest.mark.parametrize("version", [0, 1, 4, COMMITS])
def test_without_a_copy_and_without_proof_nothing_is_touched(tmp_path: Path, version: int) -> None:
    fill(tmp_path)
    without_record(tmp_path)
    entry_path(tmp_path / "events", version).write_bytes(b"{")
    before = contents(tmp_path)
    for proof in (None, lambda _: "the journal is gone"):
        with pytest.raises(LakeDamagedError, match=rf"the log entry {version} of the table events cannot be read"):
            LakeTable(tmp_path, EVENTS_TABLE, proof)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("proof", [None, held])
def test_a_log_that_is_gone_is_not_begun_anew(tmp_path: Path, proof: Proof | None) -> None:
    fill(tmp_path)
    shutil.rmtree(log(tmp_path))
    before = contents(tmp_path)
    with pytest.raises(LakeDamagedError, match="the log of the table events is gone"):
        LakeTable(tmp_path, EVENTS_TABLE, proof)
    without_record(tmp_path)
    with pytest.raises(LakeDamagedError):
        LakeTable(tmp_path, EVENTS_TABLE, proof)
    assert before.items() >= contents(tmp_path).items()
    assert mids_of_files(tmp_path) == COMMITS


def mids_of_files(root: Path) -> int:
    return len(list((root / "events").rglob("*.parquet")))


def test_a_derived_table_without_a_log_is_made_anew_and_its_files_are_kept(tmp_path: Path) -> None:
    lake = LakeTable(tmp_path, HOURLY_TABLE)
    lake.commit([], {"footfall.events": 1})
    (tmp_path / "hourly" / "leftover.parquet").write_bytes(b"?")
    shutil.rmtree(tmp_path / "hourly" / "_delta_log")
    lake = LakeTable(tmp_path, HOURLY_TABLE)
    assert lake.position("footfall.events") is None
    assert (tmp_path / "hourly.aside-1" / "leftover.parquet").read_bytes() == b"?"


def test_a_derived_table_needs_no_proof(tmp_path: Path) -> None:
    lake = LakeTable(tmp_path, HOURLY_TABLE)
    for number in range(1, 4):
        lake.commit([], {"footfall.events": number})
    (tmp_path / "hourly" / RECORD).unlink()
    entry_path(tmp_path / "hourly", 2).write_bytes(b"")
    assert LakeTable(tmp_path, HOURLY_TABLE).position("footfall.events") == 1


def test_a_log_that_is_older_than_the_data_is_brought_up_to_date(tmp_path: Path) -> None:
    lake = open_events(tmp_path)
    put(lake, [row(0)], {"j": 0})
    shutil.copytree(log(tmp_path), tmp_path / "old")
    for number in range(1, COMMITS):
        put(lake, [row(number)], {"j": number})
    shutil.rmtree(log(tmp_path))
    shutil.copytree(tmp_path / "old", log(tmp_path))

    lake = open_events(tmp_path)
    assert (lake.version, lake.position("j")) == (COMMITS, COMMITS - 1)
    assert mids(tmp_path) == [f"m{number}" for number in range(COMMITS)]


def test_a_table_torn_at_its_creation_is_made_anew(tmp_path: Path) -> None:
    open_events(tmp_path)
    without_record(tmp_path)
    entry_path(tmp_path / "events", 0).write_bytes(b"")
    lake = LakeTable(tmp_path, EVENTS_TABLE, held)
    put(lake, [row(1)])
    assert mids(tmp_path) == ["m1"]


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"\0" * 16_000])
@pytest.mark.parametrize("pointer", [None, b"", b'{"version":', b'{"version":99,"size":1}', "gone"])
def test_a_torn_checkpoint_does_not_keep_the_table_from_opening(
    tmp_path: Path, damage: bytes, pointer: bytes | str | None
) -> None:
    lake = open_events(tmp_path)
    for number in range(3):
        put(lake, [row(number)], {"j": number})
        lake.checkpoint()
    newest = max(log(tmp_path).glob("*.checkpoint.parquet"))
    newest.write_bytes(damage)
    if isinstance(pointer, bytes):
        (log(tmp_path) / "_last_checkpoint").write_bytes(pointer)
    elif pointer == "gone":
        (log(tmp_path) / "_last_checkpoint").unlink()

    lake = open_events(tmp_path)
    assert (lake.version, lake.position("j")) == (3, 2)
    assert mids(tmp_path) == ["m0", "m1", "m2"]
    lake.checkpoint()
    assert open_events(tmp_path).version == 3


@pytest.mark.parametrize("damage", [b"", b"PAR1", "flip"])
def test_the_only_checkpoint_is_put_back_from_its_copy(tmp_path: Path, damage: bytes | str) -> None:
    lake = fill(tmp_path)
    lake.sweep()
    for version in range(COMMITS):
        entry_path(lake.folder, version).unlink(missing_ok=True)
    put(lake, [row(COMMITS)], {"j": COMMITS})
    (path,) = log(tmp_path).glob("*.checkpoint.parquet")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(damage if isinstance(damage, bytes) else data)

    lake = open_events(tmp_path)
    assert (lake.version, lake.position("j")) == (COMMITS + 1, COMMITS)
    assert mids(tmp_path) == [f"m{number}" for number in range(COMMITS + 1)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a checkpoint of which there is a copy, and entries behind it."""
    root = tmp_path_factory.mktemp("model")
    lake = fill(root)
    lake.sweep()
    for number in range(COMMITS, 2 * COMMITS):
        put(lake, [row(number)], {"j": number})
    return root


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_no_flipped_bit_in_any_file_of_the_log_loses_anything(model: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(path.name for path in log(model).iterdir())))
    copy = model.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(model, copy)
    path = log(copy) / name
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << random.Random(name).randrange(8)
    path.write_bytes(bytes(content))

    lake = open_events(copy)
    assert (lake.version, lake.position("j")) == (2 * COMMITS, 2 * COMMITS - 1)
    assert mids(copy) == [f"m{number}" for number in range(2 * COMMITS)]


@given(st.integers(0, 1 << 20), st.integers(0, 7))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_damaged_record_harms_nobody(model: Path, place: int, bit: int) -> None:
    copy = model.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(model, copy)
    path = copy / "events" / RECORD
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= 1 << bit
    path.write_bytes(bytes(content))
    lake = open_events(copy)
    assert (lake.version, lake.position("j")) == (2 * COMMITS, 2 * COMMITS - 1)
    put(lake, [row(2 * COMMITS)], {"j": 2 * COMMITS})
    assert mids(copy) == [f"m{number}" for number in range(2 * COMMITS + 1)]
