"""`footfall serve`: the supervisor that starts the processes, restarts what dies, and ends them in order."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog
from msgspec import Struct, field

from footfall import peer, permissions
from footfall.errors import TerminalError
from footfall.installation import open_installation
from footfall.runtime import heartbeat, leftovers, lifeline, runtime_folder
from footfall.runtime.heartbeat import Heartbeat
from footfall.services import EX_CONFIG, bind
from footfall.settings import PREFIX, Settings

_log = structlog.get_logger()
_POLL_SECONDS = 0.1
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0
_STEADY_SECONDS = 30.0
_DRAIN_SECONDS = 60.0
_READY_SECONDS = 30.0
_BEAT_SECONDS = 1.0
_LEFT_SECONDS = 15.0
_OFTEN, _WINDOW_SECONDS = 3, 300.0
_TOLD = ("collector", "web")  # who sends a request, by a secret that no other process needs
_MEMORY = {
    # Every batch asks for the same large arrays again. On glibc's heap they lie in pages that were in use a moment ago,
    # a tenth of the pipeline's time less. Arrow's own allocator, and arrays that are mapped, begin with new pages.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "67108864",
    "MALLOC_ARENA_MAX": "2",
}


class Child(Struct):
    """One process: how it is started, and how its last starts went."""

    name: str
    command: list[str]
    number: int | None = None
    fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = _FIRST_PAUSE
    restart_at: float | None = None
    code: int = 0
    deaths: list[float] = field(default_factory=list)

    @property
    def member(self) -> str:
        """Its name, with its number where there are several; its state has a file of that name."""
        return self.name if self.number is None else f"{self.name}-{self.number}"

    def problem(self, now: float) -> str | None:
        """What to say where it keeps dying."""
        self.deaths = [at for at in self.deaths if now - at < _WINDOW_SECONDS]
        if len(self.deaths) < _OFTEN:
            return None
        return f"the {self.member} keeps dying: {len(self.deaths)} times in five minutes, at last with code {self.code}"


class Supervisor:
    """Runs all roles on this machine. Raises TerminalError when the port or the data folder cannot be had."""

    def __init__(self, settings: Settings, stop: threading.Event) -> None:
        self.installation = open_installation(settings.data, settings.installation)
        self._lock = _take(settings.data)
        self._processes = leftovers.take(settings.data, settings.shutdown_timeout + _LEFT_SECONDS, stop)
        permissions.tighten(settings.data, settings.lake_group)
        self._runtime = settings.runtime
        _prepare(self._runtime, self._lock)
        self._sockets = _listen(settings)
        self.host, self.port = self._sockets[0].getsockname()[:2]
        self._settings = settings
        self._environment = _environment(settings, self.port)
        self._secret = {peer.VARIABLE: peer.new_secret()}
        self._children = self._plan()
        self._since = _now_ms()
        self._beaten_at = 0.0
        self._is_silent = False

    def start(self) -> None:
        """Start all processes, those that answer first."""
        for child in self._children:
            self._spawn(child)

    def wait_ready(self, stop: threading.Event) -> bool:
        """Wait until the collectors answer; false if they do not, or `stop` is set first."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and not stop.is_set():
            self.check()
            if _answers(self.host, self.port):
                return True
            stop.wait(_POLL_SECONDS)
        return False

    def run(self, stop: threading.Event) -> None:
        """Watch the processes until `stop` is set. Raises TerminalError when one cannot go on without a change."""
        while not stop.wait(_POLL_SECONDS):
            self.check()

    def check(self) -> None:
        """Restart what has died, after a pause that grows when it keeps dying."""
        now = time.monotonic()
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
            if child.restart_at is not None and now >= child.restart_at:
                self._spawn(child)
        if now - self._beaten_at >= _BEAT_SECONDS:
            self._beaten_at = now
            self._beat(now)

    def stop(self) -> None:
        """End the processes in the order of the events' way, so that each can finish what the one before it left."""
        waits = {"collector": self._settings.shutdown_timeout + 5, "pipeline": _DRAIN_SECONDS, "flows": 5.0, "web": 5.0}
        for name, seconds in waits.items():
            _end([child.process for child in self._children if child.name == name and child.process], seconds)
        for bound in self._sockets:
            bound.close()
        with suppress(OSError):
            runtime_folder.sweep(self._runtime)
        os.close(self._processes)
        os.close(self._lock)

    def _plan(self) -> list[Child]:
        python = [sys.executable, "-m", "footfall.services"]
        web_socket = ["--web-socket", str(self._runtime / "web.sock")]
        collectors = [
            Child("collector", [*python, "collector", "--index", str(n), "--fd", str(fd), *web_socket], n, (fd,))
            for n, fd in enumerate(bound.fileno() for bound in self._sockets)
        ]
        return [
            *collectors,
            Child("pipeline", [*python, "pipeline"]),
            Child("web", [*python, "web", *web_socket]),
            Child("flows", [*python, "flows"]),
        ]

    def _spawn(self, child: Child) -> None:
        child.restart_at = None
        child.started_at = time.monotonic()
        environment = self._environment | (self._secret if child.name in _TOLD else {})
        try:
            child.process = lifeline.spawn(child.command, environment=environment, fds=(*child.fds, self._processes))
        except OSError as error:
            _log.error("process cannot be started, trying again", process=child.name, error=error.strerror)
            self._put_off(child, child.started_at, error.errno or 0)

    def _bury(self, child: Child, now: float) -> None:
        code = child.process.returncode if child.process is not None else 0
        child.process = None
        if code == EX_CONFIG:
            raise TerminalError(f"the {child.name} cannot run: see its message above")
        if now - child.started_at > _STEADY_SECONDS:
            child.pause = _FIRST_PAUSE
        _log.error("process died, restarting", process=child.name, code=code, seconds=child.pause)
        self._put_off(child, now, code)

    def _put_off(self, child: Child, now: float, code: int) -> None:
        child.code = code
        child.deaths.append(now)
        child.restart_at = now + child.pause
        child.pause = min(child.pause * 2, _LONGEST_PAUSE)

    def _beat(self, now: float) -> None:
        """Say how the processes are, for whoever answers /health."""
        beat = Heartbeat(
            at=_now_ms(),
            pid=os.getpid(),
            problems=[problem for child in self._children if (problem := child.problem(now)) is not None],
            members=[child.member for child in self._children],
            since=self._since,
        )
        try:
            heartbeat.write(self._settings.supervisor_heartbeat, beat)
        except OSError as error:
            if not self._is_silent:
                _log.warning("heartbeat not written", error=error.strerror)
            self._is_silent = True
        else:
            self._is_silent = False


def serve(settings: Settings, on_ready: Callable[[str, threading.Event], None]) -> None:
    """Serve until SIGTERM or SIGINT; `on_ready` is called with the address and the event that ends everything.

    Raises TerminalError when serving cannot start or go on.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    supervisor = Supervisor(settings, stop)
    try:
        supervisor.start()
        if supervisor.wait_ready(stop):
            on_ready(address(supervisor.host, supervisor.port), stop)
        supervisor.run(stop)
    finally:
        supervisor.stop()


def address(host: str, port: int) -> str:
    """The URL under which this machine reaches the port."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


def _take(data: Path) -> int:
    """Lock the data folder for this supervisor."""
    lock = os.open(data / runtime_folder.LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise TerminalError(f"another footfall serves {data}: stop it, or choose another --data") from error
    return lock


def _listen(settings: Settings) -> list[socket.socket]:
    """One socket for each collector, all on one port; they stay open here, so a restart refuses nobody."""
    first = bind(settings.host, settings.port)
    port = first.getsockname()[1]
    return [first, *(bind(settings.host, port) for _ in range(settings.collectors - 1))]


def _prepare(folder: Path, lock: int) -> None:
    """Make the runtime folder, without what an earlier footfall left, and note in the lock's file where it is."""
    try:
        runtime_folder.prepare(folder)
        runtime_folder.sweep(folder)
        runtime_folder.note(lock, folder)
    except OSError as error:
        _log.error("the runtime folder cannot be used", folder=str(folder), error=error.strerror)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _environment(settings: Settings, port: int) -> dict[str, str]:
    texts = {PREFIX + name.upper(): str(getattr(settings, name)) for name in settings.__struct_fields__}
    kept = {name: value for name, value in os.environ.items() if name != peer.VARIABLE}
    return {**_MEMORY, **kept, **texts, PREFIX + "PORT": str(port)}


def _answers(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host if host not in ("0.0.0.0", "::") else "localhost", port, timeout=1)  # noqa: S104
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status in (200, 503)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(processes: list[subprocess.Popen[bytes]], seconds: float) -> None:
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + seconds
    for process in processes:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
