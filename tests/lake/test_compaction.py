"""Compaction: the same rows in few sorted files, whatever happens meanwhile."""

import random
import threading
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import msgspec
import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake.transaction import AddAction

from footfall.lake.arrow import addition
from footfall.lake.compaction import scheduler as upkeep_module
from footfall.lake.compaction import worker
from footfall.lake.compaction.scheduler import CompactionScheduler, Plan, Rewritten, choose
from footfall.lake.key_index import stored_files
from footfall.lake.table import LakeTable
from tests.disks import largest_file

from .rows import NOON, many, open_events, partition, put, reading, row, table

DAY = NOON.date()
LATER = DAY + timedelta(days=1)


def pass_seconds(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let time pass for the upkeep alone: servers of other tests run in this process, and would wait for it."""
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + seconds)
    monkeypatch.setattr(upkeep_module, "time", later)


EVERYTHING = "SELECT * FROM ledger ORDER BY day, fate, record"


def finish(upkeep: CompactionScheduler, steps: int = 1) -> None:
    """Let a round of compactions run to its end."""
    for _ in range(steps):
        upkeep.step()
        while upkeep._running is not None:
            time.sleep(0.005)
            upkeep.step()


@pytest.fixture
def lake(tmp_path: Path) -> LakeTable:
    return open_events(tmp_path)


@pytest.fixture
def upkeep(lake: LakeTable) -> Iterator[CompactionScheduler]:
    upkeep = CompactionScheduler(lake, 0.0)
    yield upkeep
    upkeep.close()


def test_the_same_rows_in_one_sorted_file(tmp_path: Path, lake: LakeTable, upkeep: CompactionScheduler) -> None:
    many(lake, 12, 300)
    put(lake, [row(9000)], fate="rejected")
    with reading(tmp_path) as reader:
        before = reader.query(EVERYTHING).rows
        version = lake.version
        finish(upkeep)
        assert lake.version == version + 1
        assert lake.adds().num_rows == 2
        assert reader.query(EVERYTHING).rows == before
        assert lake.added(version + 1) == [], "nothing new came in, so nothing is counted again"
    (path,) = (path for path in lake.files() if "stored" in str(path))
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number, columns=["channel", "ets"]).to_pylist()
            assert group == sorted(group, key=lambda found: (found["channel"], found["ets"]))
    adds = lake.adds().to_pylist()
    assert sum(add["num_records"] for add in adds) == 3601
    (stored,) = (add for add in adds if add["num_records"] == 3600)
    assert stored["max.received_at"] == NOON + timedelta(minutes=11)


def test_late_events_have_row_groups_of_their_own(lake: LakeTable) -> None:
    many(lake, 8, 10_000)
    plan = choose(lake, today=LATER)
    assert plan is not None
    done = compact(lake, plan)
    with pq.ParquetFile(lake.folder / done.path) as file:
        spans = []
        for number in range(file.num_row_groups):
            ets = file.read_row_group(number, columns=["ets"]).column("ets").to_pylist()
            spans.append((max(ets) - min(ets), len(ets)))
    narrow = [rows for span, rows in spans if span < 3_600_000]
    assert sum(narrow) == 72_000
    assert sum(rows for _, rows in spans) == 80_000


def test_a_lookup_finds_every_event_before_and_after(lake: LakeTable, upkeep: CompactionScheduler) -> None:
    many(lake, 9, 200)
    before = [(file.low, file.high) for file in stored_files(lake.adds(), lake.folder)]
    finish(upkeep)
    (after,) = stored_files(lake.adds(), lake.folder)
    assert after.low == min(low for low, _ in before)
    assert after.high == max(high for _, high in before)


def test_readers_see_every_event_once_all_the_time(
    tmp_path: Path, lake: LakeTable, upkeep: CompactionScheduler
) -> None:
    many(lake, 20, 50)
    stop, wrong = threading.Event(), []

    def read() -> None:
        with reading(tmp_path) as reader:
            while not stop.is_set():
                (found,) = reader.query("SELECT count(*), count(DISTINCT mid) FROM events").rows
                if found not in ((1000, 1000), (1050, 1050)):
                    wrong.append(found)

    thread = threading.Thread(target=read)
    thread.start()
    finish(upkeep)
    put(lake, [row(number) for number in range(1000, 1050)])
    lake.vacuum(1)
    lake.sweep()
    stop.set()
    thread.join()
    assert wrong == []


def test_a_day_that_is_over_ends_up_in_one_file_and_is_left_alone(lake: LakeTable) -> None:
    many(lake, 3, 20)
    many(lake, 2, 20, fate="duplicate")
    put(lake, [row(1)], fate="rejected")
    rounds = 0
    while (plan := choose(lake, today=LATER)) is not None:
        replace(lake, plan, compact(lake, plan))
        rounds += 1
    assert rounds == 2
    assert sorted(path.parent.name for path in lake.files()) == ["fate=duplicate", "fate=rejected", "fate=stored"]


def test_a_day_under_way_waits_until_there_are_enough(lake: LakeTable) -> None:
    many(lake, 7, 5)
    assert choose(lake, today=DAY) is None
    put(lake, [row(900)])
    plan = choose(lake, today=DAY)
    assert plan is not None
    assert (len(plan.paths), plan.rows, plan.left) == (8, 36, 0)
    assert choose(lake, today=DAY, done=[plan.group]) is None


def test_no_row_is_rewritten_more_often_than_there_are_orders_of_size(lake: LakeTable) -> None:
    rewritten, chance = 0, random.Random(1)
    for number in range(100):
        put(lake, [row(number * 10 + n, event=chance.randbytes(4000).hex()) for n in range(10)])
        while (plan := choose(lake, today=DAY)) is not None:
            replace(lake, plan, compact(lake, plan))
            rewritten += plan.rows
    assert lake.adds().num_rows <= 2 * 8
    assert rewritten <= 3 * 1000


def test_while_the_pipeline_is_behind_it_waits_but_not_for_ever(
    lake: LakeTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    upkeep = CompactionScheduler(lake, 0.0, is_behind=lambda: True)
    many(lake, 8, 10)
    upkeep.step()
    assert upkeep._running is None

    pass_seconds(monkeypatch, 301)
    upkeep.step()
    assert upkeep._running is not None
    upkeep.close()


def test_a_process_that_is_killed_changes_nothing(tmp_path: Path, lake: LakeTable, upkeep: CompactionScheduler) -> None:
    many(lake, 8, 5000)
    upkeep.step()
    assert upkeep._running is not None
    upkeep._running.process.kill()
    version = lake.version
    finish(upkeep)
    assert lake.version == version
    assert lake.adds().num_rows == 8
    with reading(tmp_path) as reader:
        assert reader.query("SELECT count(*) FROM events").rows == [(40_000,)]


def test_closing_ends_the_process(lake: LakeTable, upkeep: CompactionScheduler) -> None:
    many(lake, 8, 5000)
    upkeep.step()
    assert upkeep._running is not None
    process = psutil.Process(upkeep._running.process.pid)
    upkeep.close()
    assert not process.is_running()


def test_a_broken_file_does_not_keep_others_from_their_turn(lake: LakeTable, upkeep: CompactionScheduler) -> None:
    many(lake, 9, 20)
    many(lake, 8, 20, fate="duplicate")
    broken = next(path for path in lake.files() if "stored" in str(path))
    broken.write_bytes(b"PAR1")
    finish(upkeep, 3)
    fates = [path.parent.name for path in lake.files()]
    assert fates.count("fate=duplicate") == 1
    assert fates.count("fate=stored") == 2, "the broken one, and one of the eight others"
    assert upkeep.broken == {broken.relative_to(lake.folder).as_posix()}
    assert broken in lake.files()


def test_a_flipped_bit_is_not_carried_on(lake: LakeTable, upkeep: CompactionScheduler) -> None:
    many(lake, 9, 20)
    broken = lake.files()[4]
    data = bytearray(broken.read_bytes())
    data[len(data) // 3] ^= 1  # in the middle of a page
    broken.write_bytes(data)
    finish(upkeep, 2)
    assert upkeep.broken == {broken.relative_to(lake.folder).as_posix()}
    assert sorted(add["num_records"] for add in lake.adds().to_pylist()) == [20, 160]


def test_what_failed_once_has_its_turn_again(
    lake: LakeTable, upkeep: CompactionScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(lake, 9, 20)
    path = lake.files()[0]
    whole = path.read_bytes()
    path.write_bytes(b"PAR1")
    finish(upkeep, 2)
    assert lake.adds().num_rows == 2
    path.write_bytes(whole)
    many(lake, 7, 20, seed=2)
    pass_seconds(monkeypatch, 3601)
    finish(upkeep, 2)
    assert upkeep.broken == set()
    assert lake.adds().num_rows == 1


def test_a_process_that_is_killed_is_started_again_later(
    lake: LakeTable, upkeep: CompactionScheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(lake, 8, 5000)
    upkeep.step()
    assert upkeep._running is not None
    upkeep._running.process.kill()
    finish(upkeep, 2)
    assert lake.adds().num_rows == 8, "it waits"
    pass_seconds(monkeypatch, 61)
    finish(upkeep, 2)
    assert lake.adds().num_rows == 1


def test_a_file_with_other_rows_than_were_written_is_left_alone(lake: LakeTable, upkeep: CompactionScheduler) -> None:
    many(lake, 8, 20)
    path = lake.files()[0]
    pq.write_table(pq.read_table(path, partitioning=None).slice(0, 5), path)
    finish(upkeep, 2)
    assert path in lake.files()
    assert sorted(add["num_records"] for add in lake.adds().to_pylist()) == [20, 140]


def test_a_result_with_other_rows_is_not_committed(lake: LakeTable, upkeep: CompactionScheduler) -> None:
    """A file from before names had checksums can have lost rows unnoticed."""
    many(lake, 7, 20)
    path = lake.folder / lake.write(table([row(900)]), partition()).path
    old = path.with_name("0" * 32 + ".1.parquet")
    path.rename(old)
    told = '{"numRecords":2,"minValues":{},"maxValues":{},"nullCount":{}}'
    lake.commit(
        [addition(lake.folder, old.relative_to(lake.folder).as_posix(), partition(), told, data_change=True)], {}
    )
    finish(upkeep, 2)
    assert lake.adds().num_rows == 8


def test_large_events_do_not_pile_up_in_memory(lake: LakeTable) -> None:
    for file in range(3):
        put(lake, [row(file * 100 + n, event=f"{n:03}" * 30_000) for n in range(100)])
    plan = choose(lake, today=LATER)
    assert plan is not None
    done = compact(lake, plan)
    with pq.ParquetFile(lake.folder / done.path) as file:
        assert file.num_row_groups == 2
        assert file.metadata.num_rows == 300


def test_rejected_rows_without_times_are_kept(tmp_path: Path, lake: LakeTable, upkeep: CompactionScheduler) -> None:
    for number in range(8):
        put(lake, [row(number, ets=None, occurred_at=None, eid=None, mid=None)], fate="rejected")
    finish(upkeep)
    assert lake.adds().num_rows == 1
    with reading(tmp_path) as reader:
        assert reader.query("SELECT count(*), count(ets) FROM failed").rows == [(8, 0)]


def test_a_full_disk_leaves_no_file_behind(lake: LakeTable) -> None:
    many(lake, 8, 50)
    plan = choose(lake, today=DAY)
    assert plan is not None
    with largest_file(3000), pytest.raises((OSError, pa.ArrowException)):
        compact(lake, plan)
    assert len(list(lake.folder.rglob("*.parquet"))) == 8


def compact(lake: LakeTable, plan: Plan) -> Rewritten:
    """Carry a plan out in this process."""
    return worker.compact(plan, lake.new_file(plan.partition, plan.number))


def replace(lake: LakeTable, plan: Plan, done: Rewritten) -> None:
    """Commit a compaction that was done in this process."""
    add = AddAction(done.path, done.size, plan.partition, done.modified_ms, False, done.stats)
    lake.commit([*lake.removals(set(plan.paths)), add], {})


def test_the_plan_fits_on_a_command_line(lake: LakeTable) -> None:
    files = [lake.write(table([row(number)]), partition()) for number in range(130)]
    lake.commit(files, {})
    plan = choose(lake, today=DAY)
    assert plan is not None
    assert (len(plan.paths), plan.left) == (120, 10)
    assert len(msgspec.json.encode(plan)) < 64 << 10
    assert date.fromisoformat(plan.partition["day"]) == DAY
