import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from footfall.control.access import KeyIndex
from footfall.control.errors import DamagedControlError
from footfall.control.snapshot import Snapshot
from footfall.control.store import Control

from .conftest import Clock

EMPTY = KeyIndex({}, {}, is_open=True)


@pytest.fixture
def snapshot(path: Path) -> Iterator[Snapshot]:
    made = Snapshot(path)
    yield made
    made.close()


def run(code: str, *arguments: object) -> str:
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


def replace(path: Path, content: bytes) -> None:
    fresh = path.with_name("fresh")
    fresh.write_bytes(content)
    fresh.replace(path)


def test_before_the_database_there_are_no_channels(snapshot: Snapshot) -> None:
    assert snapshot.current() == EMPTY
    assert snapshot.trouble is None


def test_a_database_made_later_is_seen(snapshot: Snapshot, path: Path) -> None:
    snapshot.current()
    path.parent.mkdir()
    path.touch()
    assert snapshot.current() == EMPTY
    assert snapshot.trouble is None
    with Control.open(path) as control:
        assert snapshot.current() == EMPTY
        control.add_channel("a")
        assert set(snapshot.current().channels) == {"a"}
    assert set(snapshot.current().channels) == {"a"}
    assert snapshot.trouble is None


def test_nothing_new_is_not_read_again(snapshot: Snapshot, control: Control) -> None:
    control.add_channel("a")
    assert snapshot.current() is snapshot.current()


def test_what_another_process_writes_is_seen(snapshot: Snapshot, control: Control, path: Path, clock: Clock) -> None:
    assert snapshot.current() == EMPTY
    token = run(
        """
import sys, pathlib
from footfall.control.store import Control
with Control.open(pathlib.Path(sys.argv[1])) as control:
    print(control.add_channel("a").secret)
""",
        path,
    )
    assert snapshot.current().find(token, clock.now) is not None
    control.rotate("a")
    assert snapshot.current().find(token, clock.now) is None


def test_a_snapshot_in_another_process_sees_what_this_one_writes(control: Control, path: Path) -> None:
    control.add_channel("a")
    names = "import sys, pathlib; from footfall.control.snapshot import Snapshot; \
print(*Snapshot(pathlib.Path(sys.argv[1])).current().channels)"
    assert run(names, path) == "a"


def test_a_write_under_way_does_not_hold_readers_up(snapshot: Snapshot, control: Control, path: Path) -> None:
    control.add_channel("a")
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("""UPDATE channels SET options = '{"profile": "sunbird"}'""")
        assert snapshot.current().channels["a"].profile == "v3"
        assert snapshot.trouble is None
        writer.execute("COMMIT")
    assert snapshot.current().channels["a"].profile == "sunbird"


def test_a_locked_database_leaves_the_last_state(snapshot: Snapshot, path: Path) -> None:
    with Control.open(path) as control:
        control.add_channel("a")
    before = snapshot.current()
    snapshot.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as owner:
        owner.execute("PRAGMA locking_mode = EXCLUSIVE")
        owner.execute("""UPDATE channels SET options = '{"profile": "sunbird"}'""")
        assert snapshot.current() is before
        assert snapshot.trouble == "control.db cannot be read: database is locked"
    assert snapshot.current().channels["a"].profile == "sunbird"
    assert snapshot.trouble is None


@pytest.mark.parametrize("content", [b"no database at all" * 1000, b"SQLite format 3\x00" + bytes(4000)])
def test_a_damaged_database_leaves_the_last_state(snapshot: Snapshot, path: Path, content: bytes) -> None:
    with Control.open(path) as control:
        control.add_channel("a")
    before = snapshot.current()
    good = path.read_bytes()
    replace(path, content)
    assert snapshot.current() is before
    assert snapshot.trouble is not None
    assert snapshot.trouble.startswith("control.db cannot be read")
    replace(path, good)
    assert snapshot.current() == before
    assert snapshot.trouble is None


@pytest.mark.parametrize("options", ["no list", "[1]", '{"accepts": [1]}', '{"rate": "much"}', ""])
def test_a_damaged_row_leaves_the_last_state(snapshot: Snapshot, control: Control, path: Path, options: str) -> None:
    control.add_channel("a")
    before = snapshot.current()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("UPDATE channels SET options = ?", [options])
        assert snapshot.current() is before
        assert snapshot.trouble is not None
        with pytest.raises(DamagedControlError, match="row of the control database"):
            control.channels()
        database.execute("""UPDATE channels SET options = '{"accepts": ["b"]}'""")
    assert snapshot.current().channels["a"].accepts == ("b",)
    assert snapshot.trouble is None


def test_a_database_that_vanishes_opens_no_doors(snapshot: Snapshot, path: Path) -> None:
    with Control.open(path) as control:
        control.add_channel("a")
    before = snapshot.current()
    good = path.read_bytes()
    path.unlink()
    assert snapshot.current() is before
    assert snapshot.trouble == "control.db is gone"
    with pytest.raises(DamagedControlError, match=r"control\.db is gone, with all keys and logins"):
        Control.open(path)
    assert not path.exists()
    replace(path, good)
    assert set(snapshot.current().channels) == {"a"}
    assert snapshot.trouble is None


LOST = {
    "gone": None,
    "emptied": b"",
    "no database": b"something else altogether" * 100,
    "cut off": "half",
}


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("first", ["channel", "login"])
def test_what_cannot_be_read_is_not_taken_for_empty(path: Path, how: str, first: str) -> None:
    """By a process that starts when it is lost already."""
    with Control.open(path) as control:
        if first == "channel":
            control.add_channel("a")
        else:
            control.add_user("ada", "correct horse")
    good, broken = path.read_bytes(), LOST[how]
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    path.unlink()
    if isinstance(broken, str):
        path.write_bytes(good[: len(good) // 2 - 100])
    elif broken is not None:
        path.write_bytes(broken)
    with closing(Snapshot(path)) as snapshot:
        found = snapshot.current()
        assert (found.is_known, found.is_open) == (False, False)
        assert snapshot.trouble is not None
        replace(path, good)
        found = snapshot.current()
        assert (found.is_known, found.is_open) == (True, False)
        assert not snapshot.trouble


def test_the_first_channel_or_login_ends_openness_for_good(tmp_path: Path) -> None:
    for number, make in enumerate(("channel", "login")):
        path = tmp_path / str(number) / "control.db"
        with closing(Snapshot(path)) as snapshot:
            with Control.open(path) as control:
                assert snapshot.current().is_open
                if make == "channel":
                    control.add_channel("a")
                    assert not snapshot.current().is_open
                    control.remove_channel("a")
                else:
                    control.add_user("ada", "correct horse")
                    assert not snapshot.current().is_open
                    control.remove_user("ada")
            assert (snapshot.current().is_known, snapshot.current().is_open) == (True, False)
        with closing(Snapshot(path)) as snapshot:
            assert (snapshot.current().is_known, snapshot.current().is_open) == (True, False)


def test_one_from_before_it_was_remembered(path: Path) -> None:
    with Control.open(path) as control:
        control.add_channel("a")
    (path.parent / "closed").unlink()
    with closing(Snapshot(path)) as snapshot:
        assert not snapshot.current().is_open
    Control.open(path).close()
    assert (path.parent / "closed").exists()


def test_nothing_is_made_where_that_cannot_be_remembered(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with Control.open(path) as control:
        monkeypatch.setattr("footfall.control.openness.close", refuse)
        with pytest.raises(DamagedControlError, match="No space left"):
            control.add_channel("a")
        with pytest.raises(DamagedControlError, match="No space left"):
            control.add_user("ada", "correct horse")
        assert control.channels() == []
        assert control.users() == []


def test_a_backup_put_in_place_is_seen(snapshot: Snapshot, path: Path) -> None:
    with Control.open(path) as control:
        control.add_channel("a")
    backup = path.read_bytes()
    with Control.open(path) as control:
        control.add_channel("b")
    assert set(snapshot.current().channels) == {"a", "b"}
    for rest in ("-wal", "-shm"):
        path.with_name(path.name + rest).unlink(missing_ok=True)
    replace(path, backup)
    assert set(snapshot.current().channels) == {"a"}


def test_collectors_do_not_pay_for_sqlalchemy() -> None:
    loaded = "import sys; import footfall.control.snapshot, footfall.control.access; print('sqlalchemy' in sys.modules)"
    assert run(loaded) == "False"
