"""The web application behind a port, as the collectors would put it there."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from litestar import Litestar

from footfall.peer import PeerHeader

SECRET = "0123456789abcdef" * 2


@contextmanager
def serving(app: Litestar, *, peer: str = "127.0.0.1") -> Iterator[str]:
    """Serve on a free port of the loopback address, to clients at an address; yields the origin."""

    async def stamped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["headers"] = [*scope["headers"], *PeerHeader(SECRET).lines(peer)]
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
