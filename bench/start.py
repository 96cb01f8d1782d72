"""How long after `footfall serve` is called the first event is acknowledged."""

import http.client
import random
import secrets
import time
from pathlib import Path

from bench.events import event, finished
from bench.figure import FSYNC, Figure, Site, median
from bench.server import ServerError, serve

NAME = "start"
TITLE = "cold start to the first 200"

_RUNS = 5
_MOST = 2.0
_PATIENCE = 60.0
_AGAIN = 0.005


def measure(site: Site) -> list[Figure]:
    """Five starts on new data folders, and five on one that holds what the first left."""
    new = [_first_ack(site.make(f"data{number}")) for number in range(_RUNS)]
    old = [_first_ack(site.folder / "data0") for _ in range(_RUNS)]
    note = "program files in the page cache"
    return [
        median("new data folder", new, "s", FSYNC, floor=_MOST, most=True, note=note),
        median("existing data folder", old, "s", FSYNC, floor=_MOST, most=True, note=note),
    ]


def _first_ack(data: Path) -> float:
    body = finished(event(random.Random(1), secrets.token_hex(8)), 1, time.time_ns() // 1_000_000)
    begun = time.monotonic()
    with serve(data, ready=False) as server:
        while time.monotonic() - begun < _PATIENCE:
            if _post(server.port, body) == 200:
                return time.monotonic() - begun
            time.sleep(_AGAIN)
    raise ServerError("no event was acknowledged within a minute")


def _post(port: int, body: bytes) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("POST", "/v1/telemetry", body, {"Content-Type": "application/json"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
