"""What folding events into flows takes from everything else: the same server with and without, in turn."""

import secrets
import statistics
from collections.abc import Iterator

from msgspec import Struct

from bench.ack import claim
from bench.books import Claim, check
from bench.figure import COMMIT, Figure, Site, median
from bench.load import Outcome, flood
from bench.pool import make
from bench.server import Server, serve
from bench.watch import costs

NAME = "flows"
TITLE = "the whole way with and without flows"

_BATCH = 20
_CONNECTIONS = 32
_FLOOR = 95.0


class Run(Struct, frozen=True):
    """One run: what was acknowledged in it, and all of it in the lake so many seconds after the start."""

    outcome: Outcome
    seconds: float
    claim: Claim
    cpu: str

    @property
    def events(self) -> int:
        """Acknowledged events."""
        return self.outcome.acknowledged * _BATCH


def measure(site: Site) -> list[Figure]:
    """As fast as answers come, with the pipeline at work, and beside it what folds what it has just stored."""
    with serve(site.make("with")) as folding, serve(site.make("without"), flow_plans="none") as plain:
        pairs = [(_run(site, folding), _run(site, plain)) for _ in range(site.scale.rounds)]
        books = [
            check(server.settings.data, [run.claim for run in runs])
            for server, runs in zip((folding, plain), zip(*pairs, strict=True), strict=True)
        ]
    return [*_figures(pairs), *books]


def _run(site: Site, server: Server) -> Run:
    pool = make(site.folder, server.port, run=secrets.token_hex(8), batch=_BATCH)
    before = server.cpu()
    outcome = flood(pool, server.port, connections=_CONNECTIONS, seconds=site.scale.flood)
    seconds = outcome.seconds + server.wait_drained()
    cpu = costs(before, server.cpu(), outcome.acknowledged * _BATCH)
    server.wait_folded()  # or it would go on beside the next run, which is the other server's
    return Run(outcome, seconds, claim(pool, outcome), cpu)


def _figures(pairs: list[tuple[Run, Run]]) -> Iterator[Figure]:
    on, off = ([pair[place] for pair in pairs] for place in (0, 1))
    acknowledged = [[run.events / run.outcome.seconds for run in runs] for runs in (on, off)]
    stored = [[run.events / run.seconds for run in runs] for runs in (on, off)]
    for what, (with_, without) in (("acknowledged", acknowledged), ("until in the lake", stored)):
        yield median(f"{what}, with flows", with_, "events/s", COMMIT, note=on[-1].cpu)
        yield median(f"{what}, without", without, "events/s", COMMIT, note=off[-1].cpu)
        share = 100 * statistics.median(with_) / statistics.median(without)
        yield Figure(what=f"{what}, with flows against without", value=share, unit="%", durability=COMMIT, floor=_FLOOR)
