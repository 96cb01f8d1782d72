"""HTTP to lake at a steady rate: whether the pipeline keeps up, and nothing is lost or doubled on the way."""

import secrets
import statistics

from bench.ack import claim
from bench.books import check
from bench.figure import COMMIT, Figure, Site
from bench.load import REST, Outcome, pace
from bench.pool import make
from bench.server import serve
from bench.watch import Watch, costs, slope, watching

NAME = "sustained"
TITLE = "HTTP to lake, exactly once, sustained"

RATE = 50_500  # a little more than the floor, as the first and last moments count too
_FLOOR = 50_000
_CONNECTIONS = {20: 64, 100: 32}  # by the size of a batch
_OVERHEAD = 17  # bytes in the journal for each event besides its own: two hashes and a comma
_MOST_GROWTH = 0.01  # of what comes in: a backlog that grows more slowly than this is noise


def measure(site: Site) -> list[Figure]:
    """Send at the rate for the whole time, watch the backlog, then compare the lake with what was acknowledged."""
    return [figure for batch in _CONNECTIONS for figure in _sustained(site, batch)]


def _sustained(site: Site, batch: int) -> list[Figure]:
    seconds = site.scale.sustained
    with serve(site.make(f"data-{batch}")) as server:
        pool = make(site.folder, server.port, run=secrets.token_hex(8), batch=batch)
        before = server.cpu()
        with watching(server) as watch:
            outcome = pace(pool, server.port, connections=_CONNECTIONS[batch], rate=RATE / batch, seconds=seconds)
        cpu = costs(before, server.cpu(), outcome.acknowledged * batch)
        rest = server.wait_drained()
        books = check(server.settings.data, [claim(pool, outcome)])
    return [
        _taken(outcome, batch, seconds, f"all in {rest:.1f} s after the end; {cpu}"),
        _backlog(watch, batch, pool.size + _OVERHEAD),
        _memory(watch, batch),
        books,
    ]


def _taken(outcome: Outcome, batch: int, seconds: float, note: str) -> Figure:
    """Events a second from the first request until the last event was in the lake."""
    failed = outcome.refused + outcome.broken
    return Figure(
        what=f"batches of {batch}: acknowledged and in the lake, {RATE:,} events/s sent for {seconds} s",
        value=outcome.acknowledged * batch / max(seconds, outcome.seconds - REST),
        unit="events/s",
        durability=COMMIT,
        floor=_FLOOR,
        note=f"ack p50 {outcome.p50:.1f}, p99 {outcome.p99:.1f} ms; {note}"
        + (f"; {failed} REQUESTS FAILED" if failed else ""),
    )


def _backlog(watch: Watch, batch: int, size: float) -> Figure:
    half = watch.second_half()
    growth = slope([(sample.at, sample.lag_bytes / size) for sample in half])
    lag = statistics.median(sample.lag_bytes for sample in half) / size
    longest = max(sample.lag_bytes for sample in half) / size
    return Figure(
        what=f"batches of {batch}: growth of the backlog in the second half",
        value=round(growth),
        unit="events/s",
        durability=COMMIT,
        floor=RATE * _MOST_GROWTH,
        most=True,
        note=f"backlog {lag:,.0f} events (median), {longest:,.0f} (most)",
    )


def _memory(watch: Watch, batch: int) -> Figure:
    peak = watch.peak
    parts = ", ".join(f"{kind} {size:.0f}" for kind, size in peak.memory.items())
    return Figure(
        what=f"batches of {batch}: memory at its peak, all processes",
        value=peak.total,
        unit="MiB PSS",
        durability=COMMIT,
        note=parts,
    )
