"""The installed `footfall serve` as a real process, for tests that look at it from outside.

    with serving(tmp_path / "data", batch_seconds=0.2) as footfall:
        footfall.post([event])
        footfall.wait_for("SELECT mid FROM events", lambda rows: len(rows) == 1)

Keyword arguments are settings, but for `environment`: further variables. On leaving the block the server is ended: by
SIGTERM, which must go cleanly, or by SIGKILL where the block raised. To start it again on the same folder, use
`serving` again. The end of its log is added to what the block raises, and by `tests/conftest.py` to the report of any
test that fails while it runs.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import httpx
import psutil

from footfall.lake.query import LakeReader
from footfall.runtime import heartbeat, runtime_folder

Json = dict[str, Any]
Rows = list[Json]

PROGRAM = str(Path(sys.executable).with_name("footfall"))
RUNNING: list["Served"] = []
_EXCEPTION = re.compile(r'Traceback|"exception":')
_ADDRESS = re.compile(r"footfall is at (http://\S+)")
_START_SECONDS = 60.0
_STOP_SECONDS = 90.0
_POLL_SECONDS = 0.02
_LOG_LINES = 80
_LOGIN, _PASSWORD = "operator", "correct horse battery"


class Served:
    """A server under test: `url` is its address, `data` its folder, `pid` the supervisor's."""

    def __init__(self, data: Path, folder: Path, arguments: Sequence[str], settings: dict[str, object]) -> None:
        self.data = data
        self._folder = folder
        self._environment = _environment(folder, settings)
        command = [
            PROGRAM,
            "serve",
            "--data",
            str(data),
            *([] if "--port" in arguments else ["--port", "0"]),
            *arguments,
        ]
        with self._stdout.open("wb") as out, self._stderr.open("wb") as err:
            self._process = subprocess.Popen(
                command, env=self._environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        self.pid = self._process.pid
        self._client = httpx.Client(timeout=30, trust_env=False)
        self._reader: LakeReader | None = None
        self._known: dict[int, psutil.Process] = {}
        self.url = ""

    @property
    def log(self) -> str:
        """Everything that the processes have written to stderr so far."""
        return self._stderr.read_text(errors="replace")

    @property
    def is_running(self) -> bool:
        """Whether the supervisor lives."""
        return self._process.poll() is None

    def wait_ready(self) -> None:
        """Wait until the address is announced, every path answers, and the pipeline says that it runs."""
        until(lambda: self._address() is not None, _START_SECONDS, self._require_running)
        self.url = self._address() or ""
        until(lambda: self.get("/login").status_code != 503, _START_SECONDS, self._require_running)
        until(self._has_pipeline, _START_SECONDS, self._require_running)

    def wait_up(self) -> bool:
        """Wait until its health can be asked for, whatever it says; False when it has ended instead."""
        until(lambda: self._address() is not None or not self.is_running, _START_SECONDS)
        if not self.is_running:
            return False
        self.url = self._address() or ""
        until(lambda: not self.is_running or self._answers(), _START_SECONDS)
        return self.is_running

    def pause(self, role: str) -> None:
        """Stop the processes of a role where they are; only `kill` ends them."""
        for pid in self.children()[role]:
            os.kill(pid, signal.SIGSTOP)

    def post(
        self, events: Sequence[object], *, key: str | None = None, path: str = "/v1/telemetry", **headers: str
    ) -> httpx.Response:
        """Send a batch of events; header names are written with underscores: `x_device_id="d1"`."""
        batch = {"id": "api.sunbird.telemetry", "ver": "3.0", "ets": time.time_ns() // 1_000_000, "events": events}
        named = {name.replace("_", "-"): value for name, value in headers.items()} | _bearer(key)
        return self._client.post(self.url + path, json=batch, headers=named)

    def get(self, path: str, *, key: str | None = None, **parameters: str | int) -> httpx.Response:
        """Ask for a path, with a query string."""
        return self._client.get(self.url + path, params=parameters, headers=_bearer(key))

    def forget_connections(self) -> None:
        """Connect anew: those that were kept may lead to a process that is gone."""
        self._client.close()
        self._client = httpx.Client(timeout=30, trust_env=False, cookies=self._client.cookies)

    def log_in(self) -> None:
        """Make a login, with which `get` asks from now on."""
        self.run("user", "add", _LOGIN, typed=_PASSWORD)
        form = {"login": _LOGIN, "password": _PASSWORD, "next": "/"}
        answer = self._client.post(f"{self.url}/login", data=form, headers={"sec-fetch-site": "same-origin"})
        assert answer.status_code == 303, answer.text

    def query(self, sql: str) -> Rows:
        """Ask the lake, from this process, as `footfall query` would. Raises QueryError."""
        if self._reader is None:
            self._reader = LakeReader(self.data / "lake")
        return self._reader.query(sql).records()

    def wait_for(self, sql: str, predicate: Callable[[Rows], bool], timeout: float = 60.0) -> Rows:
        """Ask the lake again and again until the rows are as wanted; fails after `timeout` seconds."""
        rows: Rows = []

        def asked() -> bool:
            nonlocal rows
            rows = self.query(sql)
            return predicate(rows)

        try:
            until(asked, timeout, self._require_running)
        except AssertionError as error:
            raise AssertionError(f"{error}; the last answer to {sql!r} was {rows[:20]}") from None
        return rows

    def run(self, *arguments: str, code: int = 0, typed: str = "") -> str:
        """What a `footfall` command on this data folder prints; fails if it does not exit with `code`.

        `typed` is what it reads from its standard input.
        """
        command = [PROGRAM, *arguments, "--data", str(self.data)]
        done = subprocess.run(
            command, env=self._environment, input=typed, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == code, f"{arguments} exited with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout

    def run_json(self, *arguments: str, code: int = 0) -> Any:
        """The same for a command that prints JSON."""
        return json.loads(self.run(*arguments, "--format", "json", code=code))

    def status(self, *arguments: str) -> tuple[int, Any]:
        """How a command that prints JSON exits, and what it prints; an empty object for nothing."""
        command = [PROGRAM, *arguments, "--data", str(self.data)]
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, json.loads(done.stdout or "{}")

    def children(self) -> dict[str, list[int]]:
        """Process ids by role: `collector` (in the order of their numbers), `pipeline`, `web`."""
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.pid).children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    _, _, given = " ".join(child.cmdline()).partition("-m footfall.services ")
                    self._known[child.pid] = child
                    if given:
                        found[given.split()[0]].append((given, child.pid))
        return {role: [pid for _, pid in sorted(pairs)] for role, pairs in found.items()}

    def terminate(self) -> None:
        """End it as an operator does; fails if it does not exit with 0, leaves a process, or logs an exception."""
        self.children()
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(_STOP_SECONDS)
        left = self._left()
        self._close()
        assert code == 0, f"footfall exited with {code}"
        assert not left, f"footfall left processes behind: {left}"
        assert not _EXCEPTION.search(self.log), "footfall logged an exception"

    def kill(self) -> None:
        """SIGKILL to all its processes, as when the machine loses power; nothing gets to tidy up."""
        if self.is_running:
            # Stopped first, so that it cannot start anew what dies before it.
            self._process.send_signal(signal.SIGSTOP)
            self.children()
        for process in self._known.values():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.kill()
        self._process.wait(_STOP_SECONDS)
        until(lambda: not self._left(), _STOP_SECONDS)
        self._close()

    def report(self) -> str:
        """The end of the log, for a person."""
        lines = self.log.splitlines()
        return "\n".join([f"{self.url} {self.data}, log of {len(lines)} lines:", *lines[-_LOG_LINES:]])

    @property
    def _stdout(self) -> Path:
        return self._folder / "stdout"

    @property
    def _stderr(self) -> Path:
        return self._folder / "stderr"

    def _address(self) -> str | None:
        found = _ADDRESS.search(self._stdout.read_text())
        return found[1] if found else None

    def _answers(self) -> bool:
        with suppress(httpx.TransportError):
            return bool(self.get("/health").status_code)
        return False

    def _has_pipeline(self) -> bool:
        beat = heartbeat.read((runtime_folder.noted(self.data) or self.data / "run") / "pipeline.json")
        return beat is not None and beat.pid in self.children().get("pipeline", [])

    def _require_running(self) -> None:
        code = self._process.poll()
        assert code is None, f"footfall exited with {code}"

    def _left(self) -> list[int]:
        return [process.pid for process in self._known.values() if _lives(process)]

    def _close(self) -> None:
        self._client.close()
        if self._reader is not None:
            self._reader.close()
            self._reader = None


@contextmanager
def serving(data: Path, *arguments: str, **settings: object) -> Iterator[Served]:
    """Serve `data`, on a port of its own; `arguments` go to `footfall serve`, keyword arguments are settings."""
    with starting(data, *arguments, **settings) as served:
        served.wait_ready()
        yield served
        if served.is_running:
            served.terminate()


@contextmanager
def starting(data: Path, *arguments: str, **settings: object) -> Iterator[Served]:
    """The same for one that may not come up; killed at the end."""
    # A short path, because the name of a Unix socket must be; and it goes with the server, however that ends.
    folder = Path(tempfile.mkdtemp(prefix="ff-"))
    served = Served(data, folder, arguments, settings)
    RUNNING.append(served)
    try:
        yield served
    except Exception as error:
        error.add_note(served.report())
        raise
    finally:
        served.kill()
        RUNNING.remove(served)
        shutil.rmtree(folder, ignore_errors=True)


def until(condition: Callable[[], bool], timeout: float = 60.0, check: Callable[[], None] = lambda: None) -> None:
    """Wait for a condition, calling `check` in between; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not condition():
        check()
        assert time.monotonic() < deadline, f"waited {timeout:g} s in vain"
        time.sleep(_POLL_SECONDS)


def _environment(folder: Path, settings: dict[str, object]) -> dict[str, str]:
    further = cast("dict[str, str]", settings.pop("environment", {}))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
    chosen = {f"FOOTFALL_{name.upper()}": str(value) for name, value in settings.items()}
    return kept | chosen | {"TMPDIR": str(folder)} | further


def _lives(process: psutil.Process) -> bool:
    """Whether it still runs; what only waits for init to take note of its end holds no lock and no socket."""
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _bearer(key: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}
