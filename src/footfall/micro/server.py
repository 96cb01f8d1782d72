"""Puts the application behind a port: until a signal ends it, or in a thread for as long as a test run needs it."""

import asyncio
import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from footfall.errors import TerminalError
from footfall.micro.app import MicroApp
from footfall.micro.store import Keep
from footfall.schema.verdict import Profile
from footfall.settings import Settings

_GRACE_SECONDS = 5
_BACKLOG = 512


def serve(host: str, port: int, profile: str, announce: Callable[[str], None], keep: Keep = Keep()) -> None:  # noqa: B008
    """Serve until SIGTERM or SIGINT; `announce` is called with the URL once it answers. Raises TerminalError."""
    server = _Server(host, port, profile, keep, announce)
    asyncio.run(server.run_bound())


@contextlib.contextmanager
def running(profile: str = "v3", *, host: str = "127.0.0.1", port: int = 0, keep: Keep = Keep()) -> Iterator[str]:  # noqa: B008
    """Serve in a thread of this process and yield the URL; on leaving, nothing stays behind. Raises TerminalError."""
    ready = threading.Event()
    server = _Server(host, port, profile, keep, lambda _: ready.set())
    thread = threading.Thread(target=_run, args=(server, ready), name="footfall-micro", daemon=True)
    thread.start()
    ready.wait()
    try:
        if not server.started:
            raise TerminalError("footfall micro could not start")
        yield server.url
    finally:
        server.should_exit = True
        thread.join()


class _Connection(HttpToolsProtocol):
    """Writes no access log; switching it off in uvicorn's settings would do so for the whole process."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.access_log = False


class _Server(uvicorn.Server):
    """uvicorn's server on a socket of its own, which leaves ending the process to whoever runs it."""

    def __init__(self, host: str, port: int, profile: str, keep: Keep, announce: Callable[[str], None]) -> None:
        self._desk = MicroApp(Settings(host=host), _profile(profile), keep)
        super().__init__(_config(self._desk))
        self._announce = announce
        self._bound = _bind(host, port)
        self.url = _url(host, self._bound.getsockname()[1])

    async def run_bound(self) -> None:
        """Serve until told to stop."""
        with self._bound:
            await self.serve([self._bound])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is threading.main_thread():
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop)
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._announce(self.url)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting and wait for the requests under way."""
        self._desk.close()
        await super().shutdown(sockets)

    def _stop(self) -> None:
        self.should_exit = True


def _run(server: _Server, ready: threading.Event) -> None:
    try:
        asyncio.run(server.run_bound())
    finally:
        ready.set()


def _config(app: MicroApp) -> uvicorn.Config:
    return uvicorn.Config(
        cast("Any", app),
        http=_Connection,
        ws="none",
        loop="none",
        lifespan="off",
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _profile(name: str) -> Profile:
    try:
        return Profile(name)
    except ValueError:
        raise TerminalError(f"there is no profile {name}; choose {' or '.join(Profile)}") from None


def _bind(host: str, port: int) -> socket.socket:
    """A listening socket that shares its port with nobody: two servers on one port would each see half of a test."""
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(where[:2], family=family, backlog=_BACKLOG)
    except OSError as error:
        why = (error.strerror or "").partition(" (")[0]  # create_server repeats the address
        raise TerminalError(f"cannot listen on {host}:{port}: {why}; choose another --host or --port") from error


def _url(host: str, port: int) -> str:
    """Where this machine reaches the port."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"
