"""The web process: serves the application on a Unix socket behind the collectors."""

import asyncio
import contextlib
import ctypes
import logging
import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import uvicorn
from litestar.concurrency import set_asyncio_executor

from footfall.dashboard.app import create
from footfall.dashboard.middleware import place_of
from footfall.errors import TransientError
from footfall.peer import PeerHeader
from footfall.runtime import heartbeat, runtime_folder
from footfall.runtime.heartbeat import Heartbeat
from footfall.settings import Settings

_log = logging.getLogger(__name__)
_BEAT_TICKS = 10  # of a tenth of a second
_THREADS = 4
_MEMORY = "160MB"  # for all questions under way; what does not fit goes to disk
_TIDY_SECONDS = 10.0


def run(settings: Settings, *, uds: Path) -> None:
    """Serve on a Unix socket that only this user can open, until SIGTERM or SIGINT; raises TerminalError."""
    from footfall.lake.damage import LakeDamagedError
    from footfall.lake.query import LakeReader

    _configure_log(settings)
    _keep_small()
    set_asyncio_executor(_threads())
    reader = LakeReader(settings.lake, memory=_MEMORY, spill=settings.spill)
    with contextlib.suppress(TransientError, LakeDamagedError):
        reader.version()  # deltalake starts its threads with the first look; without them it would hang for ever
    config = uvicorn.Config(
        create(settings, reader=reader, peer=PeerHeader.from_environment()),
        http="httptools",
        loop="uvloop",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=round(settings.shutdown_timeout),
    )
    with _listen(uds) as listener:
        _Server(config, uds, settings).run(sockets=[listener])


class TerseFormatter(logging.Formatter):
    """Lines without tracebacks, whoever logs: a traceback and its message quote what strangers sent."""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        said = record.getMessage().partition("\n")[0]  # asyncio goes on with what the error said
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            said = f"{said}: {type(error).__qualname__} at {place_of(error)}"
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {"event": said, "role": "web", "level": record.levelname.lower(), "timestamp": at}
        return msgspec.json.encode(line).decode() if self._as_json else f"{at} [{line['level']}] {said} role=web"


def _configure_log(settings: Settings) -> None:
    """Log as the other processes do, without what they need for it: it costs 4 MiB of memory."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TerseFormatter(as_json=as_json))
    level = max(logging.INFO, logging.getLevelNamesMapping()[settings.log_level.upper()])
    logging.basicConfig(handlers=[handler], level=level)
    logging.getLogger("uvicorn").setLevel(max(logging.WARNING, level))  # its start and end go unsaid
    logging.raiseExceptions = False  # a full disk must not end those who report it


def _threads() -> ThreadPoolExecutor:
    """The threads that answer, all of them started while there are threads to be had."""
    pool = ThreadPoolExecutor(_THREADS, "query")
    together = threading.Barrier(_THREADS + 1)
    for _ in range(_THREADS):
        pool.submit(together.wait)
    together.wait()
    return pool


def _listen(uds: Path) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        uds.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        with runtime_folder.socket_name(uds) as name:
            listener.bind(name)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(1024)
    return listener


class _Server(uvicorn.Server):
    """uvicorn's server, which says that it lives, and listens anew where the name of its socket is gone."""

    def __init__(self, config: uvicorn.Config, uds: Path, settings: Settings) -> None:
        super().__init__(config)
        self._uds = uds
        self._beat_path = settings.web_heartbeat
        self._spill = settings.spill
        self._is_silent = False
        self._threads = ThreadPoolExecutor(1, "beat")

    async def on_tick(self, counter: int) -> bool:
        if counter % _BEAT_TICKS == 0 and not self.should_exit:
            await asyncio.get_running_loop().run_in_executor(self._threads, self._beat)
            if not self._uds.exists():
                await self._listen_anew()
        return await super().on_tick(counter)

    def _beat(self) -> None:
        try:
            runtime_folder.prepare(self._spill)
            heartbeat.write(self._beat_path, Heartbeat(at=time.time_ns() // 1_000_000, pid=os.getpid()))
        except OSError as error:
            if not self._is_silent:
                _log.warning("heartbeat not written: %s", error.strerror)
            self._is_silent = True
        else:
            self._is_silent = False

    async def _listen_anew(self) -> None:
        try:
            runtime_folder.prepare(self._uds.parent)
            listener = _listen(self._uds)
        except OSError as error:
            _log.error("the socket cannot be made: %s", error.strerror)
            return
        _log.warning("the socket was gone, and is made again")
        serving = await asyncio.get_running_loop().create_server(self._protocol, sock=listener)
        self.servers.append(serving)

    def _protocol(self) -> asyncio.Protocol:
        made: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return made


def _keep_small() -> None:
    """Give memory that queries no longer need back to the system; glibc by itself keeps about 15 MiB of it."""
    if sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "malloc_trim"):
        return
    trim = ctypes.CDLL(None).malloc_trim

    def run() -> None:
        never = threading.Event()
        while not never.wait(_TIDY_SECONDS):
            trim(0)

    threading.Thread(target=run, name="tidy", daemon=True).start()
