"""A socket, and an application that is served on it until SIGTERM or SIGINT."""

import logging
import os
import socket

import uvicorn
from litestar import Litestar


def listen(host: str, port: int, fd: int) -> socket.socket:
    """A listening socket: that of a parent process, or a new one. Raises OSError."""
    if fd >= 0:
        return socket.socket(fileno=fd)
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=128)


def address(listener: socket.socket) -> str:
    """The socket's URL."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: Litestar, listener: socket.socket) -> None:
    """Answer until told to stop."""
    os.umask(0o077)  # nobody else is to read the portal's database
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    config = uvicorn.Config(
        app,
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    uvicorn.Server(config).run(sockets=[listener])
