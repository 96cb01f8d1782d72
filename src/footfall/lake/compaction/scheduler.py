"""Compaction in the background: many small files of the events table become few sorted ones.

Rewriting happens in a short-lived process of low priority, so that neither its memory nor its time is the pipeline's;
the pipeline commits the result, as it is the table's only writer.
"""

import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, date, datetime

import msgspec
import pyarrow as pa
import structlog
from deltalake.transaction import AddAction
from msgspec import Struct

from footfall.lake.background_lock import BackgroundLock
from footfall.lake.columns import Column
from footfall.lake.data_files import write_number
from footfall.lake.table import CommitError, LakeTable
from footfall.runtime import lifeline
from footfall.runtime.os_process import low_memory_env

_log = structlog.get_logger()
_SMALLEST = 64 << 10
_TIER_FACTOR = 8
_TIERS = 4
_FILES_PER_TIER = 8
_MOST_FILES = 120
_MOST_BYTES = 1 << 30
_PATIENCE = 120.0
_BEHIND_PATIENCE = 300.0
_FIRST_PAUSE = 60.0
_LONGEST_PAUSE = 3600.0
_BROKEN_SECONDS = 3600.0
_LITTLE_BYTES = 1 << 20
_LITTLE_RESTS = 2  # times: where little comes, starting a process costs more than what it saves
BROKEN_INPUT = 65
_LARGE = _SMALLEST * _TIER_FACTOR ** (_TIERS - 1)


class Plan(Struct, frozen=True):
    """Files of one partition to be rewritten as one of the present schema; paths are relative to the table's folder.

    `group` names the files that they were chosen from, `left` tells how many of those must wait for another time;
    `number` is that of the newest, `size` how many bytes they are together.
    """

    folder: str
    partition: dict[str, str]
    paths: list[str]
    rows: int
    columns: tuple[Column, ...]
    group: str
    left: int
    number: int
    size: int = 0

    @property
    def is_little(self) -> bool:
        """Whether it is done in a moment, and in little memory."""
        return self.size <= _LITTLE_BYTES


class Rewritten(Struct, frozen=True):
    """The file that takes their place."""

    path: str
    size: int
    modified_ms: int
    stats: str


class Broken(Struct, frozen=True):
    """The file that kept a plan from being carried out."""

    broken: str


class Small(Struct, frozen=True):
    """A file that may be compacted."""

    path: str
    size: int
    rows: int


class _Group(Struct, frozen=True):
    """Files that may become one."""

    name: str
    partition: dict[str, str]
    files: list[Small]


class _Stats(Struct):
    rows: int = msgspec.field(name="numRecords")


class _Running(Struct, frozen=True):
    process: "subprocess.Popen[bytes]"
    plan: Plan


class _Postponed(Struct, frozen=True):
    """Until when a group of files has to wait (monotonic time), and for how long it had to."""

    until: float
    seconds: float


class CompactionScheduler:
    """Starts a compaction when one is due, and commits its result when it is done.

    Every `seconds` each group of files gets its turn once, or until few are left; every third time where it is little.
    Other work in the background is asked to make room first, unless it is, and while `is_behind` says that storing
    events needs the machine, none is started; but neither is waited for for ever.
    """

    def __init__(self, table: LakeTable, seconds: float, is_behind: Callable[[], bool] = lambda: False) -> None:
        self._table = table
        self._seconds = seconds
        self._is_behind = is_behind
        self._looked_at = time.monotonic()
        self._running: _Running | None = None
        self._turn = BackgroundLock(table.folder.parent)
        self._asked_at: float | None = None
        self._broken: dict[str, float] = {}
        self._postponed: dict[str, _Postponed] = {}
        self._done: set[str] = set()
        self._resting: dict[str, int] = {}

    @property
    def broken(self) -> set[str]:
        """Files, relative to the table's folder, that could not be read when they were to be compacted."""
        return set(self._broken)

    def step(self) -> None:
        """Do what is due; never blocks for long."""
        running = self._running
        if running is None:
            late = time.monotonic() - self._looked_at - self._seconds
            if late >= 0 and (late >= _BEHIND_PATIENCE or not self._is_behind()):
                self._plan()
        elif running.process.poll() is not None:
            self._running = None
            self._finish(running)
            self._turn.release()

    def close(self) -> None:
        """End a compaction under way; what it wrote is removed by the next vacuum."""
        if self._running is not None:
            self._running.process.kill()
            self._running.process.communicate()
            self._running = None
        self._turn.release()

    def _plan(self) -> None:
        try:
            now = time.monotonic()
            self._broken = {path: until for path, until in self._broken.items() if until > now}
            waiting = {group for group, postponed in self._postponed.items() if postponed.until > now}
            plan = choose(self._table, avoided=self._broken, done=self._done | waiting | self._resting.keys())
        except CommitError as error:
            _log.warning("nothing can be compacted", error=str(error))
            plan = None
        if plan is None:
            self._done.clear()
            self._resting = {group: rests - 1 for group, rests in self._resting.items() if rests > 1}
            self._looked_at = time.monotonic()
            self._turn.release()
            self._asked_at = None
        elif plan.is_little or self._may_start():
            self._start(plan)

    def _may_start(self) -> bool:
        """Whether others have made room, or had long enough to."""
        now = time.monotonic()
        try:
            if not self._turn.take():
                self._turn.ask()
                self._asked_at = self._asked_at or now
                if now - self._asked_at < _PATIENCE:
                    return False
        except OSError as error:
            _log.warning("others cannot be asked to make room", error=error.strerror)
        self._asked_at = None
        return True

    def _start(self, plan: Plan) -> None:
        if not plan.left:
            self._done.add(plan.group)
        try:
            new = self._table.new_file(plan.partition, plan.number)
            texts = [msgspec.json.encode(part).decode() for part in (plan, new)]
            command = [sys.executable, "-m", "footfall.lake.compaction.worker", *texts]
            process = lifeline.spawn(command, environment=low_memory_env(), stdout=subprocess.PIPE)
        except OSError as error:
            self._looked_at = time.monotonic()
            self._turn.release()
            _log.warning("compaction could not be started", error=error.strerror)
            return
        self._running = _Running(process, plan)

    def _finish(self, running: _Running) -> None:
        answer, _ = running.process.communicate()
        plan, code = running.plan, running.process.returncode
        if code == BROKEN_INPUT:
            self._leave_out(plan, msgspec.json.decode(answer, type=Broken).broken)
            return
        if code != 0:
            self._postpone(plan, f"the process ended with {code}")
            return
        new = msgspec.json.decode(answer, type=Rewritten)
        if msgspec.json.decode(new.stats, type=_Stats).rows != plan.rows:
            self._postpone(plan, "the rows differ in number")
            return
        add = AddAction(new.path, new.size, plan.partition, new.modified_ms, False, new.stats)
        try:
            self._table.commit([*self._table.removals(set(plan.paths)), add], {}, note="compaction")
        except CommitError as error:
            self._postpone(plan, str(error))
            return
        self._postponed.pop(plan.group, None)
        if plan.is_little and self._seconds:
            self._resting[plan.group] = _LITTLE_RESTS
        _log.info("compacted", files=len(plan.paths), bytes=new.size, **plan.partition)

    def _leave_out(self, plan: Plan, path: str) -> None:
        """Leave a broken file alone for an hour, so that the others of its group have their turn at once."""
        self._broken[path] = time.monotonic() + _BROKEN_SECONDS
        self._done.discard(plan.group)
        _log.error("a lake file cannot be compacted", file=path)

    def _postpone(self, plan: Plan, why: str) -> None:
        """Let a group wait, the longer the more often it failed, so that all others have their turn meanwhile."""
        before = self._postponed.get(plan.group)
        pause = _FIRST_PAUSE if before is None else min(2 * before.seconds, _LONGEST_PAUSE)
        self._postponed[plan.group] = _Postponed(time.monotonic() + pause, pause)
        _log.warning("compaction failed", why=why, files=len(plan.paths), seconds=pause, **plan.partition)


def choose(
    table: LakeTable, *, avoided: Collection[str] = (), done: Collection[str] = (), today: date | None = None
) -> Plan | None:
    """The files to compact next, or None when there is nothing to do. Raises CommitError.

    Of a day that is under way, enough of one order of size, so that no row is rewritten more than a few times; of a
    day that is over, all that are not large, once. Files to be `avoided` and groups that are `done` are left out.
    """
    due = [group for group in _due(table.adds(), avoided, today or datetime.now(UTC).date()) if group.name not in done]
    if not due:
        return None
    group = max(due, key=lambda found: len(found.files))
    chosen = _affordable(group.files)
    return Plan(
        folder=str(table.folder),
        partition=group.partition,
        paths=[file.path for file in chosen],
        rows=sum(file.rows for file in chosen),
        columns=table.columns,
        group=group.name,
        left=len(group.files) - len(chosen),
        number=max(write_number(file.path) for file in chosen),
        size=sum(file.size for file in chosen),
    )


def _due(adds: pa.Table, avoided: Collection[str], today: date) -> Iterator[_Group]:
    for (day, fate), files in _partitions(adds, avoided).items():
        partition = {"day": day.isoformat(), "fate": fate}
        if day < today and len(files) > 1:
            yield _Group(f"{day} {fate}", partition, files)
        elif day >= today:
            for number, tier in enumerate(_tiers(files)):
                if len(tier) >= _FILES_PER_TIER:
                    yield _Group(f"{day} {fate} {number}", partition, tier)


def _partitions(adds: pa.Table, avoided: Collection[str]) -> dict[tuple[date, str], list[Small]]:
    """The files that are not large, by partition."""
    found: dict[tuple[date, str], list[Small]] = defaultdict(list)
    columns = ["path", "size_bytes", "num_records", "partition.day", "partition.fate"]
    for path, size, rows, day, fate in zip(*(adds.column(name).to_pylist() for name in columns), strict=True):
        if size < _LARGE and path not in avoided:
            found[day, fate].append(Small(path, size, rows))
    return found


def _tiers(files: Iterable[Small]) -> list[list[Small]]:
    tiers: list[list[Small]] = [[] for _ in range(_TIERS)]
    for file in files:
        tiers[_tier(file.size)].append(file)
    return tiers


def _tier(size: int) -> int:
    tier = 0
    while size >= _SMALLEST * _TIER_FACTOR**tier:
        tier += 1
    return tier


def _affordable(files: list[Small]) -> list[Small]:
    """The smallest, at least two, as many as one compaction may take."""
    chosen: list[Small] = []
    total = 0
    for file in sorted(files, key=lambda found: found.size)[:_MOST_FILES]:
        total += file.size
        if total > _MOST_BYTES and len(chosen) > 1:
            break
        chosen.append(file)
    return chosen
