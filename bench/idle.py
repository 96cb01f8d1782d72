"""What `footfall serve` takes while nobody sends anything."""

import time

from bench.figure import NONE, Figure, Site, median
from bench.server import serve

NAME = "idle"
TITLE = "idle memory of footfall serve"

_SECONDS = 15.0
_MOST = 400.0


def measure(site: Site) -> list[Figure]:
    """Start on a new data folder, wait, and add up the proportional set sizes of all processes."""
    runs: list[dict[str, float]] = []
    for number in range(site.scale.idle_runs):
        with serve(site.make(f"data{number}")) as server:
            time.sleep(_SECONDS)
            runs.append(server.memory())
    parts = ", ".join(f"{kind} {size:.0f}" for kind, size in runs[-1].items())
    totals = [sum(run.values()) for run in runs]
    note = f"{parts}; {_SECONDS:.0f} s after the start"
    return [median("all processes", totals, "MiB PSS", NONE, floor=_MOST, most=True, note=note)]
