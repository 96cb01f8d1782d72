"""The contract of an outbox, over both, and what only one on disk can promise."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from footfall.tracker import DiskOutbox, MemoryOutbox, Outbox
from footfall.tracker.outbox import Aside

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
for number in range(500):
    outbox.put(f"m{number}", b'{"n": %d}' % number)
batch = outbox.take(10, 1 << 20)
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
    (path,) = tmp_path.glob("*.outbox")
    with sqlite3.connect(path) as looking:
        assert looking.execute("SELECT mid, event FROM events").fetchall() == [("m", b"{}")]
    looking.close()
    outbox.close()
