"""The web process: serves the application on a Unix socket behind the collectors."""

import contextlib
import ctypes
import os
import socket
import sys
import threading
from pathlib import Path

import uvicorn
from litestar.concurrency import set_asyncio_executor

from footfall.insights.app import create
from footfall.peer import PeerHeader
from footfall.settings import Settings

_THREADS = 4
_TIDY_SECONDS = 10.0


def run(settings: Settings, *, uds: Path) -> None:
    """Serve on a Unix socket that only this user can open, until SIGTERM or SIGINT; raises TerminalError."""
    from concurrent.futures import ThreadPoolExecutor

    from footfall.lake.reading import LakeReader

    _keep_small()
    set_asyncio_executor(ThreadPoolExecutor(_THREADS, "query"))
    config = uvicorn.Config(
        create(settings, reader=LakeReader(settings.lake), peer=PeerHeader.from_environment()),
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
