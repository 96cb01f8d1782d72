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

from bench.programs import die_with_parent
from footfall.runtime import heartbeat
from footfall.runtime.heartbeat import Heartbeat
from footfall.settings import Settings

_PATIENCE = 60.0
_LOOK_EVERY = 0.02
_FRESH = 0.2  # seconds after which a heartbeat knows of what was done before
_STOP_SECONDS = 120.0
_KINDS = ("collector", "pipeline", "web", "compaction", "flows")


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
    def paused(self, *kinds: str) -> Iterator[None]:
        """Keep the processes of some kinds from running."""
        chosen = [pid for pid, name in self.family().items() if name in kinds]
        for pid in chosen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in chosen:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def heartbeat(self) -> Heartbeat | None:
        """What the pipeline last said."""
        return heartbeat.read(self.settings.heartbeat)

    def wait_drained(self) -> float:
        """Wait until the pipeline has nothing left to do; return how long that took.

        Raises ServerError when the server has died, or nothing moves for a minute.
        """
        return self._wait(
            self.settings.heartbeat,
            lambda beat: beat.lag_bytes,
            lambda beat: beat.lag_bytes == 0,
            "the pipeline to take everything in",
        )

    def wait_folded(self) -> float:
        """Wait until everything in the lake is part of its flows; return how long that took.

        Raises ServerError when nothing moves for a minute.
        """
        return self._wait(
            self.settings.flows_heartbeat,
            lambda beat: beat.version,
            lambda beat: beat.state in ("idle", "running") and beat.lag_ms == 0,
            "flows to be folded",
        )

    def _wait(
        self,
        path: Path,
        mark: Callable[[Heartbeat], int],
        is_done: Callable[[Heartbeat], bool],
        what: str,
    ) -> float:
        """Wait for a heartbeat of from now on that says it is done, as long as its mark changes."""
        begun = moved = time.time()
        last = None
        while True:
            beat = heartbeat.read(path)
            if beat is not None and beat.at > (begun + _FRESH) * 1000:
                if is_done(beat):
                    return time.time() - begun
                if mark(beat) != last:
                    moved, last = time.time(), mark(beat)
            if time.time() - moved > _PATIENCE:
                raise self.error(what)
            time.sleep(_LOOK_EVERY)

    def error(self, what: str) -> ServerError:
        """That something was waited for in vain, with the end of the log."""
        return ServerError(
            f"gave up waiting for {what}; the log's end:\n{self.log.read_text(errors='replace')[-2000:]}"
        )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serve(data: Path, *, ready: bool = True, flow_plans: str = Settings().flow_plans) -> Iterator[Server]:
    """Run `footfall serve` on a data folder and a free port; ends it, and whatever is left of it, at the end."""
    settings = Settings(data=data, port=free_port(), flow_plans=flow_plans)
    log = data.with_suffix(".log")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
    environment["FOOTFALL_FLOW_PLANS"] = flow_plans
    command = [sys.executable, "-m", "footfall", "serve", "--data", str(data), "--port", str(settings.port)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
    server = Server(process, settings, log)
    try:
        if ready:
            for path in ("/health", "/schemas"):  # the one answered by the collectors, the other by the web process
                _wait_until(partial(_answers, settings.port, path), server, f"an answer at {path}")
        yield server
    finally:
        _end(server)


def _wait_until(is_so: Callable[[], bool], server: Server, what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise server.error(what)
        time.sleep(_LOOK_EVERY)


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
        modules = {kind: {kind, f"footfall.lake.{kind}", f"footfall.{kind}"} for kind in _KINDS}
        return next((kind for kind, names in modules.items() if not names.isdisjoint(words)), "other")
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
