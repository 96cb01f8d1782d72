"""How fast events are acknowledged: judged, written and synced, then answered."""

import secrets
from collections.abc import Iterator

from msgspec import Struct

from bench.books import Claim, check
from bench.figure import FSYNC, Figure, Site, median
from bench.load import Outcome, flood
from bench.pool import Pool, make
from bench.server import Server, serve
from bench.watch import costs

NAME = "ack"
TITLE = "validated and fsynced before the ack"


class Size(Struct, frozen=True):
    """Events in a request, connections that send them, what must be reached: events a second, and p99 in ms."""

    batch: int
    connections: int
    floor: float
    p99: float | None = None


SIZES = (Size(20, 32, 100_000, 25.0), Size(100, 16, 180_000), Size(1, 64, 12_000))


class Run(Struct, frozen=True):
    """One run of the load generator and what it claims."""

    size: Size
    outcome: Outcome
    claim: Claim
    cpu: str

    @property
    def rate(self) -> float:
        """Acknowledged events a second."""
        return self.outcome.rate * self.size.batch


def measure(site: Site) -> list[Figure]:
    """The three sizes, run in turn; what comes after the ack is paused meanwhile and does its work afterwards."""
    with serve(site.make("data")) as server:
        runs = list(_rounds(site, server))
        busy = _run(site, server, SIZES[0])  # the pipeline is still taking in the rounds before
        server.wait_drained()
        books = check(server.settings.data, [run.claim for run in [*runs, busy]])
    figures = [figure for size in SIZES for figure in _figures(size, [run for run in runs if run.size == size])]
    return [*figures, _busy(busy), books]


def _rounds(site: Site, server: Server) -> Iterator[Run]:
    for number in range(site.scale.rounds):
        with server.paused("pipeline", "flows"):
            for size in SIZES:
                yield _run(site, server, size)
        if site.scale.full and number < site.scale.rounds - 1:
            server.wait_drained()  # or the journals would reach their budget


def _run(site: Site, server: Server, size: Size) -> Run:
    pool = make(site.folder, server.port, run=secrets.token_hex(8), batch=size.batch)
    before = server.cpu()
    outcome = flood(pool, server.port, connections=size.connections, seconds=site.scale.flood)
    return Run(size, outcome, claim(pool, outcome), costs(before, server.cpu(), outcome.acknowledged * size.batch))


def claim(pool: Pool, outcome: Outcome) -> Claim:
    """What a run says was acknowledged; what was sent in the last moments may still have been under way."""
    margin = outcome.issued - outcome.acknowledged
    if margin:
        margin += round(2 * outcome.rate * outcome.longest / 1000)
    certain = 0 if outcome.refused else max(0, outcome.issued - margin)
    return Claim(pool.run, outcome.issued * pool.batch, outcome.acknowledged * pool.batch, certain * pool.batch)


def _figures(size: Size, runs: list[Run]) -> Iterator[Figure]:
    name = f"batches of {size.batch}" if size.batch > 1 else "one event a request"
    bad = sum(run.outcome.refused + run.outcome.broken for run in runs)
    note = f"{size.connections} connections; {runs[-1].cpu}" + (f"; {bad} REQUESTS FAILED" if bad else "")
    yield median(name, [run.rate for run in runs], "events/s", FSYNC, floor=size.floor, note=note)
    latency = [run.outcome.p99 for run in runs]
    yield median(f"{name}, p99", latency, "ms", FSYNC, floor=size.p99, most=True)


def _busy(run: Run) -> Figure:
    return Figure(
        what=f"batches of {run.size.batch}, while the pipeline is catching up",
        value=run.rate,
        unit="events/s",
        durability=FSYNC,
        note=f"p99 {run.outcome.p99:.1f} ms; {run.cpu}",
    )
