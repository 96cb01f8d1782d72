"""The database file: private, shared by processes, and sometimes broken."""

import multiprocessing
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from footfall.control import database
from footfall.control.errors import ControlBusyError, DamagedControlError
from footfall.control.store import Control
from footfall.errors import TransientError

WRITERS, EACH = 3, 5


def files(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.name}*"))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_the_owner_may_read_the_files(control: Control, path: Path) -> None:
    control.add_channel("a")
    assert [name.name for name in files(path)] == ["control.db", "control.db-shm", "control.db-wal"]
    assert [mode(name) for name in files(path)] == [0o600] * 3


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    with Control.open(path) as control:
        control.add_channel("a")
        for name in files(path):
            name.chmod(0o644)
        Control.open(path).close()
        assert [mode(name) for name in files(path)] == [0o600] * 3


def test_the_file_tells_no_secret(control: Control, path: Path) -> None:
    control.add_user("maria", "correct horse")
    keys, rotated = control.add_channel("a"), control.rotate("a", grace_seconds=5)
    tokens = [keys.public, keys.secret, rotated.public, rotated.secret, control.add_secret_key("a")]
    session = control.log_in("maria", "correct horse", 60)
    assert session is not None
    secrets = [token.split("_")[2] for token in tokens] + ["correct horse", session.token, session.browser]
    content = b"".join(name.read_bytes() for name in files(path))
    assert b"maria" in content
    for secret in secrets:
        assert secret.encode() not in content
        if len(secret) == 48:
            assert bytes.fromhex(secret) not in content


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b"SQLite format 3\x00" + bytes(4000)])
def test_a_damaged_file_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(DamagedControlError, match=r"control\.db cannot be used"):
        Control.open(path)
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(DamagedControlError, match=r"control\.db cannot be used"):
        Control.open(path)


def test_a_file_in_place_of_its_folder_is_refused(path: Path) -> None:
    path.parent.write_bytes(b"")
    with pytest.raises(DamagedControlError, match=r"control\.db cannot be used"):
        Control.open(path)


def test_a_writer_that_waits_too_long_may_try_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.01)
    with Control.open(path) as control, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ControlBusyError, match="database is locked") as caught:
            control.add_channel("a")
        assert isinstance(caught.value, TransientError)
        assert control.channels() == []
        other.execute("ROLLBACK")
        control.add_channel("a")


def test_threads_may_share_the_database(control: Control) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda number: control.add_channel(f"c{number}"), range(24)))
    assert len({keys.secret for keys in made}) == len(control.channels()) == 24


def _write(path: Path, writer: int, start: Barrier) -> None:
    start.wait(60)
    with Control.open(path) as control:
        for number in range(EACH):
            control.add_channel(f"w{writer}.{number}")
            control.rotate(f"w{writer}.{number}", grace_seconds=60)


@pytest.fixture
def start() -> Barrier:
    return multiprocessing.get_context("spawn").Barrier(WRITERS)


def test_many_processes_make_the_database_and_write_at_once(path: Path, start: Barrier) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_write, args=(path, number, start)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    with Control.open(path) as control:
        assert len(control.channels()) == WRITERS * EACH
        assert len(control.write_keys()) == WRITERS * EACH * 4
