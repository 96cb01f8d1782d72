"""SIGKILL and SIGTERM to processes under load: nothing acknowledged is lost, nothing is doubled."""

import random
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from msgspec import Struct

from tests.serving import Served, serving, until
from tests.torture.clients import Client, Ledger

CLIENTS = 4
_VICTIMS = ("collector", "collector", "pipeline", "pipeline", "web", "everything")
_SETTLE_S = 90.0


class Outcome(Struct, frozen=True):
    """What is left after the torture."""

    cycles: int
    sent: int
    acknowledged: int
    retries: int
    lost: int
    doubled: int
    odd: list[str]
    balances: bool

    def __str__(self) -> str:
        return (
            f"{self.cycles} cycles, {self.sent} events sent, {self.acknowledged} acknowledged, {self.retries} retries: "
            f"{self.lost} lost, {self.doubled} doubled, books {'balance' if self.balances else 'DO NOT BALANCE'}"
        )

    @property
    def is_clean(self) -> bool:
        """Whether every promise was kept."""
        return not self.lost and not self.doubled and not self.odd and self.balances and self.acknowledged > 0


def kill(data: Path, cycles: int, seed: int = 1, most_seconds: float = 1.5) -> Outcome:
    """Kill a random process, or all at once, at random moments under load, so many times."""
    chance = random.Random(seed)
    ledger = Ledger()
    done = 0
    with load(ledger) as clients:
        while done < cycles:
            with serving(data, batch_seconds=0.3, segment_bytes=1 << 20, compact_seconds=1) as served:
                for client in clients:
                    client.url = served.url
                start(clients)
                done += _kill_some(served, chance, cycles - done, most_seconds)
    return settle(data, ledger, done)


def _kill_some(served: Served, chance: random.Random, cycles: int, most_seconds: float) -> int:
    """Kill until everything is dead, or it is enough; returns the number of kills."""
    pause = threading.Event()
    for number in range(1, cycles + 1):
        pause.wait(chance.uniform(0.05, most_seconds))
        victim = chance.choice(_VICTIMS)
        if victim == "everything":
            served.kill()
            return number
        for pid in chance.sample(served.children().get(victim, []), k=1) if served.children().get(victim) else []:
            _signal(pid, signal.SIGKILL)
    return cycles


def terminate(data: Path, cycles: int) -> Outcome:
    """Stop the server by SIGTERM in the middle of requests, so many times."""
    ledger = Ledger()
    with load(ledger) as clients:
        for _ in range(cycles):
            before = len(ledger.acknowledged)
            with serving(data, batch_seconds=0.3, segment_bytes=1 << 20) as served:
                for client in clients:
                    client.url = served.url
                start(clients)
                until(lambda start=before: len(ledger.acknowledged) > start + 200, 60)  # type: ignore[misc]
                served.terminate()
    return settle(data, ledger, cycles)


@contextmanager
def load(ledger: Ledger) -> Iterator[list[Client]]:
    """Clients that send from the time the server is there until the end of the block."""
    stop = threading.Event()
    clients = [Client(f"client{number}", "http://127.0.0.1:9", ledger, stop) for number in range(CLIENTS)]
    try:
        yield clients
    finally:
        stop.set()
        for client in clients:
            if client.ident is not None:
                client.join()


def start(clients: list[Client]) -> None:
    for client in clients:
        if client.ident is None:
            client.start()


def settle(data: Path, ledger: Ledger, cycles: int) -> Outcome:
    """Serve once more until everything is in the lake, and compare it with what the clients know."""
    with serving(data, batch_seconds=0.3) as served:
        until(lambda: bool(served.run_json("audit", code=0)["pending"]["events"] == 0), _SETTLE_S)
        rows = served.query("SELECT mid, count(*) AS n FROM events GROUP BY mid")
        audit = served.run_json("audit")
    stored = {row["mid"] for row in rows}
    return Outcome(
        cycles,
        len(ledger.sent),
        len(ledger.acknowledged),
        ledger.retries,
        len(ledger.acknowledged - stored),
        sum(row["n"] - 1 for row in rows),
        ledger.odd[:5],
        audit["balances"],
    )


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        psutil.Process(pid).send_signal(number)
    except psutil.NoSuchProcess:
        return
