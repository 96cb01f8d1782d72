"""The web process: serves the application on a Unix socket behind the collectors."""

import contextlib
import ctypes
import logging
import os
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import uvicorn
from litestar.concurrency import set_asyncio_executor

from footfall.failure import TransientError
from footfall.insights.app import create
from footfall.insights.threshold import place_of
from footfall.peer import PeerHeader
from footfall.settings import Settings

_THREADS = 4
_MEMORY = "160MB"  # for all questions under way; what does not fit goes to disk
_TIDY_SECONDS = 10.0


def run(settings: Settings, *, uds: Path) -> None:
    """Serve on a Unix socket that only this user can open, until SIGTERM or SIGINT; raises TerminalError."""
    from footfall.lake.damage import LakeDamagedError
    from footfall.lake.reading import LakeReader

    _configure_log(settings)
    _keep_small()
    set_asyncio_executor(_threads())
    reader = LakeReader(settings.lake, memory=_MEMORY)
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
        uvicorn.Server(config).run(sockets=[listener])


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
        listener.bind(str(uds))
    finally:
        os.umask(before)
    listener.listen(1024)
    return listener


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
