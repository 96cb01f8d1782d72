"""The web application behind a port, as the collectors would put it there."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from footfall.insights.threshold import Threshold


@contextmanager
def serving(app: Threshold, *, peer: str = "loopback") -> Iterator[str]:
    """Serve on a free port of the loopback address; yields the origin. The header x-test-peer names another peer."""

    async def stamped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            told = next((value for name, value in scope["headers"] if name == b"x-test-peer"), peer.encode())
            scope["headers"] = [*scope["headers"], (b"x-footfall-peer", told)]
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
