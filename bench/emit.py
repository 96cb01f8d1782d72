"""What an application pays for an event, and what it loses when it is killed: our tracker beside others."""

import gzip
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from msgspec import Struct

from bench.emitters import BURST, EMITTERS
from bench.figure import NONE, Figure, Site, median
from bench.programs import die_with_parent

NAME = "emit"
TITLE = "emitting an event, and what a killed process loses"

_MARK = re.compile(rb"evt-([0-9]+)-x")
_RATE = 1000  # events a second, in bursts
_ANSWER_AFTER = 0.05  # seconds
_KILLED_AT = 700
_WARM = 200  # events until everything is imported and connected
_SETTLED = 1.0


class _Run(Struct):
    """What an application was told: for which events its call returned, and how long each took in µs."""

    told: list[int]
    micros: list[float]


class _Sink(ThreadingHTTPServer):
    """Takes whatever is posted, as slowly as a server some way off, and notes the events in it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: set[int] = set()
        self.heard_at = time.monotonic()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed does not read its answer."""

    def wait_quiet(self) -> None:
        """Wait until nothing has come for a while."""
        while time.monotonic() - self.heard_at < _SETTLED:
            time.sleep(0.05)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.seen.update(int(number) for number in _MARK.findall(body))
        self.server.heard_at = time.monotonic()
        time.sleep(_ANSWER_AFTER)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


def measure(site: Site) -> list[Figure]:
    """Each tracker in turn, several rounds; then each is killed, and started again once on what it left."""
    cost: dict[str, list[_Run]] = {name: [] for name in EMITTERS}
    lost: dict[str, list[float]] = {name: [] for name in EMITTERS}
    for turn in range(site.scale.rounds):
        for name in EMITTERS:
            folder = site.make(f"{name}-{turn}")
            cost[name].append(_emit(name, folder / "cost", 5 * _RATE))
            lost[name].append(_kill(name, folder / "kill"))
    return [figure for name in EMITTERS for figure in _figures(name, cost[name], lost[name])]


def _figures(name: str, runs: list[_Run], lost: list[float]) -> Iterator[Figure]:
    mode = "written to a file, not synced: survives a killed process" if name == "footfall" else NONE
    ceiling = 20.0 if name == "footfall" else None
    micros = [sorted(run.micros[_WARM:]) for run in runs]
    slow = statistics.median(found[int(0.99 * len(found))] for found in micros)
    note = f"{_RATE:,} events/s from one thread, in bursts of {BURST}; p99 {slow:.0f} µs"
    medians = [statistics.median(found) for found in micros]
    yield median(f"{name}: one call, median", medians, "µs", mode, floor=ceiling, most=True, note=note)
    note = f"killed after {_KILLED_AT} calls had returned, started again once; the server answers after 50 ms"
    yield median(
        f"{name}: lost of {_KILLED_AT}", lost, "events", mode, floor=0 if ceiling else None, most=True, note=note
    )


def _emit(name: str, folder: Path, number: int) -> _Run:
    with _sink() as sink:
        return _run(name, sink.url, folder, number)


def _kill(name: str, folder: Path) -> float:
    with _sink() as sink:
        told = _run(name, sink.url, folder, 100 * _KILLED_AT, killed_at=_KILLED_AT).told
        _run(name, sink.url, folder, 0)
        sink.wait_quiet()
        return len(set(told) - sink.seen)


def _run(name: str, url: str, folder: Path, number: int, *, killed_at: int = 0) -> _Run:
    command = [sys.executable, "-m", "bench.emitters", name, url, str(number), str(_RATE), str(folder)]
    run = _Run([], [])
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, preexec_fn=die_with_parent
    ) as application:
        for line in application.stdout or ():
            told, taken = line.split()
            run.told.append(int(told))
            run.micros.append(int(taken) / 1000)
            if len(run.told) == killed_at:
                application.send_signal(signal.SIGKILL)
                break
    return run


@contextmanager
def _sink() -> Iterator[_Sink]:
    sink = _Sink()
    thread = Thread(target=sink.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield sink
    finally:
        sink.shutdown()
        sink.server_close()
        thread.join()
