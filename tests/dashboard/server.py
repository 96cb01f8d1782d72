"""The web application behind a port, as the collectors would put it there, or as a process of its own."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from footfall.dashboard.middleware import ErrorBoundary
from footfall.peer import HEADER, VARIABLE, PeerHeader
from tests.serving import until

_RUN = (
    "import sys; from pathlib import Path; from footfall.dashboard.server import run; "
    "from footfall.settings import load; "
    "run(load({'data': Path(sys.argv[1])}), uds=Path(sys.argv[2]))"
)

SECRET = "0123456789abcdef" * 2


@contextmanager
def serving(app: ErrorBoundary, *, peer: str = "127.0.0.1") -> Iterator[str]:
    """Serve on a free port of the loopback address; yields the origin. The header x-test-peer names another peer."""

    async def stamped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            told = next((value.decode() for name, value in scope["headers"] if name == b"x-test-peer"), peer)
            scope["headers"] = [*scope["headers"], *PeerHeader(SECRET).lines(told)]
        await app(scope, receive, send)

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(stamped, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class WebProcess:
    """The web process alone, on its Unix socket; `client` asks as somebody on this machine does."""

    def __init__(self, data: Path, folder: Path) -> None:
        self.socket = folder / "web.sock"
        self.socket.write_bytes(b"")  # what an earlier process may have left
        self._stderr = folder / "stderr"
        environment = {**os.environ, "MALLOC_ARENA_MAX": "2", VARIABLE: SECRET}
        with self._stderr.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _RUN, str(data), str(self.socket)], env=environment, stderr=err
            )
        self.client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)),
            base_url="http://localhost",
            headers={HEADER: f"{SECRET} 127.0.0.1"},
            timeout=60,
        )

    @property
    def log(self) -> str:
        """What it has written to stderr so far."""
        return self._stderr.read_text(errors="replace")

    @property
    def peak_bytes(self) -> int:
        """The most memory that it ever had in use."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) << 10

    def listens(self) -> bool:
        """Whether it takes connections."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket)) == 0


@contextmanager
def web_process(data: Path) -> Iterator[WebProcess]:
    """Serve a data folder from a process of its own, which is killed at the end."""
    with tempfile.TemporaryDirectory(prefix="ff-") as folder:
        started = WebProcess(data, Path(folder))
        try:
            until(started.listens)
            yield started
        finally:
            started.client.close()
            started.process.kill()
            started.process.wait()
