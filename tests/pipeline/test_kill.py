"""kill -9 at every step of a commit, and at random: every event acknowledged is in the lake once."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from footfall.journal.writer import SegmentWriter
from footfall.lake.audit import audit
from footfall.lake.query import LakeReader

from . import children
from .records import append, ask, drain, event, fates, record

ROOT = Path(__file__).parents[2]


def check(data: Path, sent: list[str]) -> None:
    """All events are stored once, the books balance, and the counts are those of the rows."""
    drain(data)
    assert sorted(mid for mid, fate in fates(data) if fate == "stored") == sorted(sent)
    reader = LakeReader(data / "lake")
    books = audit(reader)
    assert books.balances, books
    by_fate = "SELECT event_type, fate, count(*)::BIGINT FROM ledger GROUP BY ALL ORDER BY ALL"
    counted = "SELECT event_type, fate, sum(n)::BIGINT FROM hourly GROUP BY ALL ORDER BY ALL"
    assert reader.query(by_fate).rows == reader.query(counted).rows
    reader.close()


MOMENTS = [(point, "before") for point in children.POINTS]
MOMENTS += [(point, "after") for point in ("commit", "truncate", "merge", "compaction", "vacuum")]


@pytest.mark.parametrize(("point", "moment"), MOMENTS)
def test_killed_at_every_step(tmp_path: Path, point: str, moment: str) -> None:
    sent = [f"m{n}" for n in range(60)]
    events = [event(mid) for mid in sent]
    append(tmp_path, [record([one]) for one in events[:30]], "0", segment_bytes=1 << 13)
    append(tmp_path, [*(record([one, events[0]]) for one in events[30:]), b"bad"], "1", segment_bytes=1 << 13)
    nth = 2 if point in ("read", "parquet", "commit", "sync", "hourly", "truncate") else 1
    arguments = [sys.executable, "-m", "tests.pipeline.children", str(tmp_path), point, moment, str(nth)]
    child = subprocess.run(arguments, cwd=ROOT, stderr=subprocess.PIPE, check=False)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    check(tmp_path, sent)


def test_killed_at_random_while_events_come_in(tmp_path: Path) -> None:
    chance = random.Random(7)
    environment = os.environ | {
        "FOOTFALL_DATA": str(tmp_path),
        "FOOTFALL_BATCH_SECONDS": "0.02",
        "FOOTFALL_COMPACT_SECONDS": "0.1",
        "FOOTFALL_DEDUP_BYTES": str(1 << 20),
        "FOOTFALL_LOG_LEVEL": "error",
    }
    writer = SegmentWriter(tmp_path / "journal" / "0", segment_bytes=1 << 16)
    sent: list[str] = []
    for _ in range(4):
        child = subprocess.Popen([sys.executable, "-m", "footfall.services", "pipeline"], env=environment, cwd=ROOT)
        heartbeat = tmp_path / "run" / "pipeline.json"
        heartbeat.unlink(missing_ok=True)
        while not heartbeat.exists():
            assert child.poll() is None
            time.sleep(0.01)
        end = time.monotonic() + chance.uniform(0.05, 0.9)
        while time.monotonic() < end:
            events = [event(f"m{len(sent) + n}") for n in range(chance.randint(1, 20))]
            writer.append([record(events), record(events[:1])])
            sent += [one["mid"] for one in events]
            time.sleep(0.005)
        child.kill()
        child.wait()
    writer.close()
    check(tmp_path, sent)
    assert not [path for path in (tmp_path / "lake" / "events" / "_delta_log").iterdir() if "torn" in path.name]


def test_sigterm_brings_everything_that_is_durable_into_the_lake(tmp_path: Path) -> None:
    environment = os.environ | {"FOOTFALL_DATA": str(tmp_path), "FOOTFALL_BATCH_SECONDS": "60"}
    append(tmp_path, [record([event("first")])])
    child = subprocess.Popen([sys.executable, "-m", "footfall.services", "pipeline"], env=environment, cwd=ROOT)
    while not (tmp_path / "lake" / "events" / "_delta_log" / f"{1:020d}.json").exists():
        assert child.poll() is None
        time.sleep(0.01)
    append(tmp_path, [record([event(f"m{n}")]) for n in range(50)])
    child.terminate()
    assert child.wait(30) == 0
    assert ask(tmp_path, "SELECT count(*) FROM events") == [(51,)]
