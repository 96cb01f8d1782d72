"""Compaction in the background: many small files of the events table become few sorted ones.

Rewriting happens in a short-lived process of low priority, so that neither its memory nor its time is the pipeline's;
the pipeline commits the result, as it is the table's only writer.
"""

import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import msgspec
import pyarrow as pa
import structlog
from deltalake import DeltaTable
from deltalake.transaction import AddAction
from msgspec import Struct

from footfall.lake.removal import removals
from footfall.lake.table import CommitError, LakeTable

_log = structlog.get_logger()
_SMALLEST = 64 << 10
_TIER_FACTOR = 8
_TIERS = 4
_FILES_PER_TIER = 8
_MOST_FILES = 120


class Plan(Struct, frozen=True):
    """Files of one partition to be rewritten as one; paths are relative to the table's folder."""

    folder: str
    partition: dict[str, str]
    paths: list[str]


class Rewritten(Struct, frozen=True):
    """The file that takes their place."""

    path: str
    size: int
    modified_ms: int
    stats: str


class Upkeep:
    """Starts a compaction when one is due, and commits its result when it is done."""

    def __init__(self, table: LakeTable, seconds: float) -> None:
        self._table = table
        self._seconds = seconds
        self._started_at = time.monotonic()
        self._running: _Running | None = None

    def step(self) -> None:
        """Do what is due; never blocks for long."""
        running = self._running
        if running is None:
            if time.monotonic() - self._started_at >= self._seconds:
                self._start()
        elif running.process.poll() is not None:
            self._running = None
            self._finish(running)

    def close(self) -> None:
        """End a compaction under way; what it wrote is removed by the next tidying."""
        if self._running is not None:
            self._running.process.kill()
            self._running.process.communicate()
            self._running = None

    def _start(self) -> None:
        plan = choose(self._table.delta, self._table.folder)
        if plan is None:
            self._started_at = time.monotonic()
            return
        command = [sys.executable, "-m", "footfall.lake.compaction", msgspec.json.encode(plan).decode()]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)  # noqa: S603 - our own program
        self._running = _Running(process, plan)

    def _finish(self, running: "_Running") -> None:
        answer, _ = running.process.communicate()
        plan = running.plan
        if running.process.returncode != 0:
            self._started_at = time.monotonic()
            _log.warning("compaction failed", code=running.process.returncode, **plan.partition)
            return
        new = msgspec.json.decode(answer, type=Rewritten)
        add = AddAction(new.path, new.size, plan.partition, new.modified_ms, False, new.stats)
        try:
            self._table.commit([*removals(self._table.delta, set(plan.paths)), add], {}, note="compaction")
        except CommitError as error:
            _log.warning("compaction not committed", error=str(error))
        _log.info("compacted", files=len(plan.paths), bytes=new.size, **plan.partition)


class _Running(Struct, frozen=True):
    process: subprocess.Popen[bytes]
    plan: Plan


def choose(delta: DeltaTable, folder: Path) -> Plan | None:
    """The files to compact next: enough of one partition and of one order of size; None when there is nothing to do."""
    actions = pa.table(delta.get_add_actions(flatten=True))
    tiers: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    rows = actions.select(["path", "size_bytes", "partition.day", "partition.fate"]).to_pylist()
    for row in rows:
        tier = _tier(row["size_bytes"])
        if tier < _TIERS:
            tiers[row["partition.day"].isoformat(), row["partition.fate"], tier].append(row["path"])
    due = [(key, paths) for key, paths in tiers.items() if len(paths) >= _FILES_PER_TIER]
    if not due:
        return None
    (day, fate, tier), paths = max(due, key=lambda found: len(found[1]))
    return Plan(str(folder), {"day": day, "fate": fate}, paths[: _MOST_FILES // (1 + tier)])


def _tier(size: int) -> int:
    tier = 0
    while size >= _SMALLEST * _TIER_FACTOR**tier:
        tier += 1
    return tier
