"""Unix sockets for httpcore, on the event loop's own operations.

Those of anyio, which it takes by itself, log a traceback when a read is cancelled as its data arrive, as happens when a
client hangs up. And asyncio's streams forget what was received when sending fails, though the web process may well
answer before it has read a body that it does not want.
"""

import asyncio
import socket
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpcore2

from footfall.runtime import runtime_folder


class UnixSocketStream(httpcore2.AsyncNetworkStream):
    """One connection."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._loop = asyncio.get_running_loop()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - as httpcore calls it
        """The next bytes, empty at the end; `timeout` in seconds. Raises ReadTimeout or ReadError."""
        try:
            async with asyncio.timeout(timeout):
                return await self._loop.sock_recv(self._socket, max_bytes)
        except TimeoutError as error:
            raise httpcore2.ReadTimeout from error
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - as httpcore calls it
        """Send bytes; `timeout` in seconds. Raises WriteTimeout or WriteError."""
        try:
            async with asyncio.timeout(timeout):
                await self._loop.sock_sendall(self._socket, buffer)
        except TimeoutError as error:
            raise httpcore2.WriteTimeout from error
        except OSError as error:
            raise httpcore2.WriteError(str(error)) from error

    async def aclose(self) -> None:
        """Close it."""
        self._socket.close()


class UnixSocketBackend(httpcore2.AsyncNetworkBackend):
    """Connections to paths."""

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore calls it
        socket_options: Iterable[Any] | None = None,
    ) -> UnixSocketStream:
        """Connect; `timeout` in seconds. Raises ConnectTimeout or ConnectError."""
        new = socket.socket(socket.AF_UNIX)
        new.setblocking(False)
        with ExitStack() as undo:
            undo.callback(new.close)
            try:
                with runtime_folder.socket_name(Path(path)) as name:
                    async with asyncio.timeout(timeout):
                        await asyncio.get_running_loop().sock_connect(new, name)
            except TimeoutError as error:
                raise httpcore2.ConnectTimeout from error
            except OSError as error:
                raise httpcore2.ConnectError(str(error)) from error
            undo.pop_all()
        return UnixSocketStream(new)
