"""The load generator: wrk with one thread, driven by load.lua."""

import subprocess
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.pool import Pool
from bench.programs import find

_SCRIPT = Path(__file__).with_name("load.lua")
_MARK = b"OUTCOME "
REST = 2.0  # seconds that a paced run waits for the last answers


class LoadError(RuntimeError):
    """The load generator did not do what it was asked to."""


class Outcome(Struct, frozen=True):
    """What the load generator saw. Latencies are milliseconds, corrected by wrk for coordinated omission.

    `issued` requests were sent, `acknowledged` of them answered with 200 before the end; `refused` are answers of 400
    and more, `broken` are connections that failed or answers that took more than ten seconds.
    """

    issued: int
    acknowledged: int
    seconds: float
    refused: int
    broken: int
    p50: float
    p90: float
    p99: float
    p999: float
    longest: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.acknowledged / self.seconds


def flood(pool: Pool, port: int, *, connections: int, seconds: float, first: int = 0) -> Outcome:
    """Send as fast as answers come, for so many whole seconds; mids are numbered from `first`."""
    return _run(pool, port, connections, seconds, [first, 0, 0])


def pace(pool: Pool, port: int, *, connections: int, rate: float, seconds: float) -> Outcome:
    """Send so many requests a second whatever the answers do, and wait for all of them."""
    total = round(rate * seconds)
    return _run(pool, port, connections, seconds + REST, [0, rate, total])


def _run(pool: Pool, port: int, connections: int, seconds: float, arguments: list[float]) -> Outcome:
    options = ["-t1", f"-c{connections}", f"-d{round(seconds)}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    url = f"http://127.0.0.1:{port}/v1/telemetry"
    given = [str(pool.requests), str(pool.index), *map(str, arguments)]
    command = [find("wrk"), *options, url, "--", *given]
    ended = subprocess.run(command, capture_output=True, timeout=seconds + 30, check=False)
    _, mark, line = ended.stdout.rpartition(_MARK)
    if ended.returncode or not mark:
        raise LoadError(f"wrk failed: {(ended.stderr or ended.stdout).decode(errors='replace')[-500:]}")
    return msgspec.json.decode(line, type=Outcome)
