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
_BATCH = 20
_CONNECTIONS = 64
_OVERHEAD = 17  # bytes in the journal for each event besides its own: two hashes and a comma
_MOST_GROWTH = 0.01  # of what comes in: a backlog that grows more slowly than this is noise


def measure(site: Site) -> list[Figure]:
    """Send at the rate for the whole time, watch the backlog, then compare the lake with what was acknowledged."""
    with serve(site.make("data")) as server:
        pool = make(site.folder, server.port, run=secrets.token_hex(8), batch=_BATCH)
        before = server.cpu()
        with watching(server) as watch:
            outcome = pace(
                pool, server.port, connections=_CONNECTIONS, rate=RATE / _BATCH, seconds=site.scale.sustained
            )
        cpu = costs(before, server.cpu(), outcome.acknowledged * _BATCH)
        rest = server.wait_drained()
        books = check(server.settings.data, [claim(pool, outcome)])
    seconds = site.scale.sustained
    return [
        _taken(outcome, seconds, rest, cpu),
        _backlog(watch, pool.size + _OVERHEAD),
        _memory(watch),
        books,
    ]


def _taken(outcome: Outcome, seconds: float, rest: float, cpu: str) -> Figure:
    """Events a second from the first request until the last event was in the lake."""
    events = outcome.acknowledged * _BATCH
    failed = outcome.refused + outcome.broken
    return Figure(
        what=f"acknowledged and in the lake, {RATE:,} events/s sent for {seconds} s",
        value=events / max(seconds, outcome.seconds - REST),
        unit="events/s",
        durability=COMMIT,
        floor=_FLOOR,
        note=f"ack p50 {outcome.p50:.1f}, p99 {outcome.p99:.1f} ms; all in {rest:.1f} s after the end; {cpu}"
        + (f"; {failed} REQUESTS FAILED" if failed else ""),
    )


def _backlog(watch: Watch, size: float) -> Figure:
    half = watch.second_half()
    growth = slope([(sample.at, sample.lag_bytes / size) for sample in half])
    lag = statistics.median(sample.lag_bytes for sample in half) / size
    longest = max(sample.lag_bytes for sample in half) / size
    return Figure(
        what="growth of the backlog in the second half",
        value=round(growth),
        unit="events/s",
        durability=COMMIT,
        floor=RATE * _MOST_GROWTH,
        most=True,
        note=f"backlog {lag:,.0f} events (median), {longest:,.0f} (most)",
    )


def _memory(watch: Watch) -> Figure:
    peak = watch.peak
    parts = ", ".join(f"{kind} {size:.0f}" for kind, size in peak.memory.items())
    return Figure(
        what="memory at its peak, all processes", value=peak.total, unit="MiB PSS", durability=COMMIT, note=parts
    )
