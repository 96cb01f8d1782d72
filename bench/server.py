"""`footfall serve` as a process of its own, watched from outside like any user's."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psutil
from msgspec import Struct

from footfall import heartbeat
from footfall.settings import Settings

_START_SECONDS = 60.0
_STOP_SECONDS = 120.0
_KINDS = ("collector", "pipeline", "web", "compaction")


class ServerError(RuntimeError):
    """The server did not start, or did not do what was waited for."""


class Server(Struct, frozen=True):
    """A running installation."""

    process: subprocess.Popen[bytes]
    settings: Settings
    log: Path

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.settings.port

    def family(self) -> dict[int, str]:
        """All its processes by id, each with what it is."""
        with suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self.process.pid)
            return {parent.pid: "supervisor"} | {child.pid: _kind(child) for child in parent.children(recursive=True)}
        return {}

    def memory(self) -> dict[str, float]:
        """Proportional set size (PSS) by kind of process, in MiB."""
        return _sums(self.family(), _pss)

    def cpu(self) -> dict[str, float]:
        """CPU time used so far by kind of process, in seconds; what ended is in its parent's."""
        return _sums(self.family(), _cpu)

    @contextmanager
    def paused(self, kind: str) -> Iterator[None]:
        """Keep the processes of a kind from running."""
        chosen = [pid for pid, name in self.family().items() if name == kind]
        for pid in chosen:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in chosen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def heartbeat(self) -> heartbeat.Heartbeat | None:
        """What the pipeline last said."""
        return heartbeat.read(self.settings.heartbeat)

    def wait_drained(self, seconds: float) -> float:
        """Wait until the pipeline has nothing left to do; return how long that took. Raises ServerError."""
        begun = time.time()

        def is_drained() -> bool:
            beat = self.heartbeat()
            return beat is not None and beat.at > (begun + 0.2) * 1000 and beat.lag_bytes == 0

        wait_until(is_drained, seconds, self, "the pipeline to take everything in")
        return time.time() - begun


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serve(data: Path, *, ready: bool = True) -> Iterator[Server]:
    """Run `footfall serve` on a data folder and a free port; ends it, and whatever is left of it, at the end."""
    settings = Settings(data=data, port=free_port())
    log = data.with_suffix(".log")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
    command = [sys.executable, "-m", "footfall", "serve", "--data", str(data), "--port", str(settings.port)]
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, start_new_session=True)
    server = Server(process, settings, log)
    try:
        if ready:
            for path in ("/health", "/schemas"):  # the one answered by the collectors, the other by the web process
                wait_until(partial(_answers, settings.port, path), _START_SECONDS, server, f"an answer at {path}")
        yield server
    finally:
        _end(server)


def wait_until(is_so: Callable[[], bool], seconds: float, server: Server, what: str) -> None:
    """Ask every 20 ms; raises ServerError after so many seconds, or when the server has died."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if server.process.poll() is not None or time.monotonic() > deadline:
            tail = server.log.read_text(errors="replace")[-2000:]
            raise ServerError(f"gave up waiting for {what}; the log's end:\n{tail}")
        time.sleep(0.02)


def _end(server: Server) -> None:
    family = server.family()
    server.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(_STOP_SECONDS)
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait()


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _kind(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        words = process.cmdline()
        return next((kind for kind in _KINDS if kind in words or f"footfall.lake.{kind}" in words), "other")
    return "other"


def _sums(family: dict[int, str], measure: Callable[[int], float]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for pid, kind in family.items():
        with suppress(psutil.NoSuchProcess, OSError):
            sums[kind] = sums.get(kind, 0.0) + measure(pid)
    return sums


def _pss(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)
