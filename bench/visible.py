"""A national platform's peak day: how long after its acknowledgement an event is there for queries, and the memory."""

import secrets

from bench import prefill
from bench.ack import claim
from bench.books import check
from bench.figure import COMMIT, Figure, Scale, Site
from bench.load import REST, Outcome, pace
from bench.pool import make
from bench.probes import Probes, probing
from bench.server import serve
from bench.watch import Watch, costs, slope, watching

NAME = "visible"
TITLE = "from ack to visible in a query, at 23,150 events/s"

RATE = 23_200  # a little more than what is asked for, as the first and last moments count too
_BATCH = 20
_CONNECTIONS = 64
_MOST_SECONDS = 3.0
_MOST_MEMORY = 1024.0
_MOST_GROWTH = 0.1  # of the memory, over the second half


def measure(site: Site) -> list[Figure]:
    """Send at the rate for the whole time; probes measure visibility, a watch the memory."""
    data = site.make("data")
    if site.scale.full:
        prefill.fill(data / "lake")
    with serve(data) as server:
        server.wait_drained()  # the pipeline is up then
        pool = make(site.folder, server.port, run=secrets.token_hex(8), batch=_BATCH)
        before = server.cpu()
        with watching(server) as watch, probing(server) as probes:
            outcome = pace(pool, server.port, connections=_CONNECTIONS, rate=RATE / _BATCH, seconds=site.scale.visible)
        cpu = costs(before, server.cpu(), outcome.acknowledged * _BATCH)
        server.wait_drained()
        books = check(server.settings.data, [claim(pool, outcome)])
    return [_seen(probes, outcome, site.scale.visible, cpu), *_memory(watch, site.scale), books]


def _seen(probes: Probes, outcome: Outcome, seconds: int, cpu: str) -> Figure:
    delays = probes.delays
    rate = outcome.acknowledged * _BATCH / max(seconds, outcome.seconds - REST)
    lost = f"; {probes.unseen} NEVER SEEN" if probes.unseen else ""
    failed = f"; {outcome.refused + outcome.broken + len(probes.failed)} FAILED" if probes.failed else ""
    return Figure(
        what=f"ack to visible, p99, {RATE:,} events/s sent for {seconds} s",
        value=_quantile(delays, 0.99) if delays and not lost else None,
        unit="s",
        durability=COMMIT,
        floor=_MOST_SECONDS,
        most=True,
        note=f"p50 {_quantile(delays, 0.5):.2f} s, longest {delays[-1]:.2f} s of {len(delays)} probes; taken at "
        f"{rate:,.0f} events/s; ack p99 {outcome.p99:.1f} ms; {cpu}{lost}{failed}"
        if delays
        else "no probe was ever seen",
    )


def _memory(watch: Watch, scale: Scale) -> list[Figure]:
    half, peak = watch.second_half(), watch.peak
    grown = slope([(sample.at, sample.total) for sample in half]) * (half[-1].at - half[0].at)
    parts = ", ".join(f"{kind} {size:.0f}" for kind, size in peak.memory.items())
    most = Figure(
        what="memory at its peak, all processes",
        value=peak.total,
        unit="MiB PSS",
        durability=COMMIT,
        floor=_MOST_MEMORY,
        most=True,
        note=parts,
    )
    growth = Figure(
        what="growth of the memory in the second half",
        value=max(0.0, grown / half[0].total * 100),
        unit="%",
        durability=COMMIT,
        floor=_MOST_GROWTH * 100 if scale.full else None,
        most=True,
        note=f"{half[0].total:.0f} MiB at half time, {half[-1].total:.0f} MiB at the end; "
        + ("the window of known events was full from the start" if scale.full else "the window is still filling"),
    )
    return [most, growth]


def _quantile(ascending: list[float], share: float) -> float:
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))]
