"""The contract of an outbox, over both, and what only one on disk can promise."""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.tracker import DiskOutbox, MemoryOutbox, Outbox, disk_outbox
from footfall.tracker.append_log import left
from footfall.tracker.outbox import Aside, OutboxError

Make = Callable[..., Outbox]


@pytest.fixture(params=["memory", "disk"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    if request.param == "memory":
        return MemoryOutbox
    return lambda *sizes: DiskOutbox(tmp_path / "outbox", *sizes)


def mids(outbox: Outbox, number: int = 100) -> list[str]:
    batch = outbox.take(number, 1 << 20)
    return [waiting.mid for waiting in batch.events] if batch else []


def test_events_come_in_order_and_stay_until_done(make: Make) -> None:
    outbox = make()
    for number in range(5):
        outbox.put(f"m{number}", b"{}")
    first = outbox.take(3, 1 << 20)
    assert first is not None
    assert outbox.take(99, 1 << 20) == first
    outbox.done(first)
    assert mids(outbox) == ["m3", "m4"]
    assert outbox.waiting()[0] == 2
    outbox.close()


def test_a_batch_is_limited_by_bytes_but_holds_at_least_one_event(make: Make) -> None:
    outbox = make()
    for number in range(3):
        outbox.put(f"m{number}", b"x" * 100)
    batch = outbox.take(10, 210)
    assert batch is not None
    assert len(batch.events) == 2
    outbox.done(batch)
    batch = outbox.take(10, 5)
    assert batch is not None
    assert [waiting.mid for waiting in batch.events] == ["m2"]
    outbox.close()


def test_a_batch_can_be_split_down_to_one(make: Make) -> None:
    outbox = make()
    for number in range(4):
        outbox.put(f"m{number}", b"{}")
    for size in (4, 2, 1):
        batch = outbox.take(100, 1 << 20)
        assert batch is not None
        assert len(batch.events) == size
        outbox.split(batch)
    outbox.close()


def test_what_was_judged_wrong_lies_aside_within_bounds(make: Make) -> None:
    outbox = make(64 << 20, 3)
    for number in range(5):
        outbox.put(f"m{number}", b"{}")
        batch = outbox.take(1, 1 << 20)
        assert batch is not None
        outbox.done(batch, [Aside(f"m{number}", b"{}", "missing_field", "no eid", "$.eid")])
    assert [one.mid for one in outbox.aside()] == ["m2", "m3", "m4"]
    assert outbox.waiting() == (0, 0)
    outbox.close()


def test_the_oldest_make_way_when_it_is_full_but_nothing_under_way(make: Make) -> None:
    outbox = make(1000)
    outbox.put("first", b"x" * 100)
    under_way = outbox.take(1, 1 << 20)
    dropped = sum(outbox.put(f"m{number}", b"x" * 100) for number in range(20))
    assert dropped > 0
    assert outbox.waiting()[0] == 21 - dropped
    assert outbox.waiting()[1] <= 1000
    assert under_way is not None
    outbox.done(under_way)
    assert mids(outbox)[-1] == "m19"
    outbox.close()


_CHILD = """
import os, signal, sys
from footfall.tracker import DiskOutbox
outbox = DiskOutbox(sys.argv[1])
late = int(sys.argv[2]) if sys.argv[2:] else 0
for number in range(500 - late):
    outbox.put(f"m{number}", b'{"n": %d}' % number)
batch = outbox.take(10, 1 << 20)
for number in range(500 - late, 500):
    outbox.put(f"m{number}", b'{"n": %d}' % number)
print(batch.msgid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_process_leaves_everything_and_its_batch_keeps_its_msgid(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _CHILD, tmp_path], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL

    outbox = DiskOutbox(tmp_path)
    assert outbox.waiting()[0] == 500
    batch = outbox.take(100, 1 << 20)
    assert batch is not None
    assert (batch.msgid, len(batch.events)) == (done.stdout.strip(), 10)
    outbox.done(batch)
    assert mids(outbox, 1000)[0] == "m10"
    outbox.close()
    assert len(list(tmp_path.glob("*.outbox"))) == 1


def test_a_running_process_keeps_its_own(tmp_path: Path) -> None:
    one = DiskOutbox(tmp_path)
    one.put("mine", b"{}")
    other = DiskOutbox(tmp_path)
    assert other.waiting() == (0, 0)
    other.close()
    assert mids(one) == ["mine"]
    one.close()


def test_nothing_is_left_behind_when_all_was_sent(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    outbox.put("m", b"{}")
    batch = outbox.take(1, 1)
    assert batch is not None
    outbox.done(batch)
    outbox.close()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_put_aside_and_keeps_nobody_from_starting(tmp_path: Path) -> None:
    (tmp_path / "1-dead.outbox").write_bytes(b"this is not a database, and long enough to be looked at" * 100)
    outbox = DiskOutbox(tmp_path)
    outbox.put("m", b"{}")
    assert mids(outbox) == ["m"]
    assert len(list(tmp_path.glob("*.damaged-*"))) == 1
    outbox.close()


def test_a_forked_child_has_an_outbox_of_its_own(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    outbox.put("parent", b"{}")
    child = os.fork()
    if child == 0:
        outbox.reopen()
        outbox.put("child", b"{}")
        os._exit(0 if mids(outbox) == ["child"] else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert mids(outbox) == ["parent"]
    outbox.close()
    again = DiskOutbox(tmp_path)
    assert sorted(mids(again)) == ["child", "parent"] or again.waiting()[0] == 2
    again.close()


def test_the_file_is_an_ordinary_database(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    outbox.put("m", b"{}")
    assert mids(outbox) == ["m"]
    (path,) = tmp_path.glob("*.outbox")
    with sqlite3.connect(path) as looking:
        assert looking.execute("SELECT mid, event FROM events").fetchall() == [("m", b"{}")]
    looking.close()
    outbox.close()


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """The files of a process that was killed with 490 events in its intake only, ten under way."""
    subprocess.run([sys.executable, "-c", _CHILD, tmp_path, "490"], capture_output=True, check=False)
    (path,) = tmp_path.glob("*.intake")
    return path


def test_the_event_of_a_call_that_never_returned_is_cut_off(dead: Path) -> None:
    os.truncate(dead, dead.stat().st_size - 3)
    outbox = DiskOutbox(dead.parent)
    assert outbox.waiting()[0] == 499
    outbox.close()


def test_a_bit_that_flipped_ends_what_is_believed(dead: Path) -> None:
    content = bytearray(dead.read_bytes())
    content[-1] ^= 1
    dead.write_bytes(content)
    outbox = DiskOutbox(dead.parent)
    assert outbox.waiting()[0] == 499
    outbox.close()


def test_a_damaged_database_costs_nothing_that_the_intake_still_has(dead: Path) -> None:
    for path in dead.parent.glob("*.outbox*"):
        path.write_bytes(b"this is not a database, and long enough to be looked at" * 100)
    outbox = DiskOutbox(dead.parent)
    assert outbox.waiting()[0] == 500
    assert mids(outbox, 1000) == [f"m{number}" for number in range(500)]
    outbox.close()


def test_an_outbox_that_cannot_be_written_spoils_nothing_of_another(
    dead: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Iterator[None]:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(disk_outbox, "_transaction", full)
        with pytest.raises(OutboxError, match="disk is full"):
            DiskOutbox(dead.parent)
    outbox = DiskOutbox(dead.parent)
    assert outbox.waiting()[0] == 500
    outbox.close()


def test_an_append_that_fails_keeps_nothing_and_harms_nothing(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    outbox.put("before", b"{}")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OutboxError, match="the outbox cannot be used"):
            outbox.put("too long", b"x" * 500)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    outbox.put("after", b"{}")
    assert outbox.waiting()[0] == 2
    assert mids(outbox) == ["before", "after"]
    outbox.close()


def test_what_no_sender_takes_moves_all_the_same_and_the_intake_stays_small(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    for number in range(12_000):
        outbox.put(f"m{number}", b"x" * 1000)
    (intake,) = tmp_path.glob("*.intake")
    assert intake.stat().st_size < 6 << 20
    assert outbox.waiting() == (12_000, 12_000_000)
    taken = []
    while batch := outbox.take(1000, 4 << 20):
        taken += [waiting.mid for waiting in batch.events]
        outbox.done(batch)
    assert taken == [f"m{number}" for number in range(12_000)]
    outbox.close()


def test_however_many_wait_none_but_those_of_the_batch_are_looked_at(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    outbox.put("m", b"{}")
    assert mids(outbox) == ["m"]
    (path,) = tmp_path.glob("*.outbox")
    with closing(sqlite3.connect(path)) as looking:
        for statement in (disk_outbox._BEGUN, disk_outbox._UNDER_WAY, "DELETE FROM events WHERE batch = ?"):
            plan = looking.execute(f"EXPLAIN QUERY PLAN {statement}", ("b",) * statement.count("?")).fetchall()
            assert "under_way" in plan[0][3]
    outbox.close()


def test_the_log_of_the_database_stays_small_while_what_was_left_is_sent(tmp_path: Path) -> None:
    left_behind = DiskOutbox(tmp_path)
    for number in range(20_000):
        left_behind.put(f"m{number}", b"x" * 1000)
    left_behind.close()
    outbox = DiskOutbox(tmp_path)
    sizes = []
    while batch := outbox.take(100, 1 << 20):
        outbox.done(batch)
        (log,) = tmp_path.glob("*.outbox-wal")
        sizes.append(log.stat().st_size)
    assert len(sizes) == 200
    assert sizes[-1] < 2 * sizes[0]
    outbox.close()


def test_threads_lose_nothing_while_it_is_emptied(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    taken: list[str] = []
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(_put_many, outbox, name) for name in "abcd"]
        while not all(call.done() for call in calls) or outbox.waiting()[0]:
            if batch := outbox.take(100, 1 << 20):
                taken += [waiting.mid for waiting in batch.events]
                outbox.done(batch)
    for name in "abcd":
        assert [mid for mid in taken if mid[0] == name] == [f"{name}{number}" for number in range(3000)]
    assert outbox.waiting() == (0, 0)
    outbox.close()


def _put_many(outbox: Outbox, name: str) -> None:
    for number in range(3000):
        outbox.put(f"{name}{number}", b"x" * 900)


def test_a_closed_outbox_takes_nothing(tmp_path: Path) -> None:
    outbox = DiskOutbox(tmp_path)
    outbox.close()
    with pytest.raises(OutboxError):
        outbox.put("late", b"{}")


@given(st.binary(max_size=200))
def test_any_bytes_can_be_an_intake(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.intake"
    path.write_bytes(noise)
    assert left(path, 0) == []
