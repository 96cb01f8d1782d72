"""Backups of a server under load, killed at random: whatever was acknowledged before a backup began is in it."""

import json
import random
import shutil
import subprocess
import threading
import time
from pathlib import Path

from msgspec import Struct, field

from tests.serving import PROGRAM, Served, serving, until
from tests.torture.clients import Ledger
from tests.torture.killing import load, settle

_SETTLE_S = 90.0


class Outcome(Struct):
    """What became of the backups: `lost` and `doubled` are counted in what was restored."""

    backups: int = 0
    killed: int = 0
    restores_killed: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    odd: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not self.lost and not self.doubled and not self.odd and self.backups > 0 and self.acknowledged > 0

    def __str__(self) -> str:
        return (
            f"{self.backups} backups under load, {self.killed} killed, {self.restores_killed} restores killed; "
            f"{self.acknowledged} events acknowledged before one began: {self.lost} lost, {self.doubled} doubled"
        )


def back_up(folder: Path, backups: int, seed: int = 1) -> Outcome:
    """Make so many backups, each after one that was killed; restore each and compare."""
    outcome, chance, ledger = Outcome(), random.Random(seed), Ledger()
    settings = {"batch_seconds": 0.3, "segment_bytes": 1 << 18, "compact_seconds": 1}
    with load(ledger) as clients, serving(folder / "data", **settings) as served:
        for client in clients:
            client.url = served.url
            client.start()
        for number in range(backups):
            _grow(ledger, 600)
            _kill_one(folder, chance, outcome)
            before = set(ledger.acknowledged)
            done = _run("backup", folder / "target", folder / "data")
            if done.returncode:
                outcome.odd.append(done.stderr[-300:])
                continue
            outcome.backups += 1
            outcome.acknowledged += len(before)
            _compare(folder, folder / f"restored-{number}", before, chance, outcome)
    whole = settle(folder / "data", ledger, 0)
    outcome.odd += [] if whole.is_clean else [str(whole)]
    return outcome


def _kill_one(folder: Path, chance: random.Random, outcome: Outcome) -> None:
    """Begin a backup and end it by SIGKILL somewhere on its way."""
    process = subprocess.Popen(
        [PROGRAM, "backup", str(folder / "target"), "--data", str(folder / "data")], stderr=subprocess.DEVNULL
    )
    threading.Event().wait(chance.uniform(0.3, 1.5))
    outcome.killed += process.poll() is None
    process.kill()
    process.wait()


def _compare(folder: Path, restored: Path, before: set[str], chance: random.Random, outcome: Outcome) -> None:
    """Restore the newest backup, after a restore that was killed, and let it be served."""
    process = subprocess.Popen(
        [PROGRAM, "restore", str(folder / "target"), "--data", str(restored)], stderr=subprocess.DEVNULL
    )
    threading.Event().wait(chance.uniform(0.2, 0.8))
    outcome.restores_killed += process.poll() is None
    process.kill()
    process.wait()
    if not (restored / "installation.json").exists() or (restored / "restoring.json").exists():
        done = _run("restore", folder / "target", restored)
        if done.returncode:
            outcome.odd.append(done.stderr[-300:])
            return
    with serving(restored, batch_seconds=0.3) as served:
        until(lambda: bool(served.run_json("audit", code=0)["pending"]["events"] == 0), _SETTLE_S)
        _count(served, before, outcome)
        again = sorted(before)[:50]
        _send_again(served, again)
        until(lambda: bool(served.run_json("audit", code=0)["pending"]["events"] == 0), _SETTLE_S)
        _count(served, before, outcome)
    shutil.rmtree(restored)


def _count(served: Served, before: set[str], outcome: Outcome) -> None:
    rows = served.query("SELECT mid, count(*) AS n FROM events GROUP BY mid")
    outcome.lost += len(before - {row["mid"] for row in rows})
    outcome.doubled += sum(row["n"] - 1 for row in rows)
    found = served.run_json("audit")
    if not found["balances"]:
        outcome.odd.append(f"the books do not balance: {found}")


def _send_again(served: Served, mids: list[str]) -> None:
    """Resends to what was restored are told from new events, and new ones are taken."""
    rows = served.query(f"SELECT event FROM events WHERE mid IN ({', '.join(repr(mid) for mid in mids)})")
    events = [json.loads(row["event"]) for row in rows]
    new = [event | {"mid": f"new:{time.monotonic_ns()}:{event['mid']}"} for event in events]
    reply = served.post([*events, *new]).json()["result"]
    assert reply["accepted"] + reply["duplicate"] == 2 * len(events)


def _run(command: str, target: Path, data: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, command, str(target), "--data", str(data)], capture_output=True, text=True, check=False, timeout=300
    )


def _grow(ledger: Ledger, events: int) -> None:
    enough = len(ledger.acknowledged) + events
    until(lambda: len(ledger.acknowledged) >= enough, 60)
