"""What no collector answers goes to the web process over its Unix socket, and comes back."""

import asyncio
from pathlib import Path

from footfall.collector.asgi import Receive, Scope, Send, send_reply
from footfall.collector.framing import request_headers
from footfall.collector.http_error import HttpError
from footfall.collector.peer import address_of
from footfall.collector.responses import failure
from footfall.peer import PeerHeader
from footfall.schema.reasons import Reason


class Proxy:
    """An ASGI application; `draining` ends streams that would otherwise keep this process from ending.

    Requests with a body of more than `max_body` bytes are refused, and those that would be more than `most` at once.
    """

    def __init__(
        self, path: Path | None, peer: PeerHeader, draining: asyncio.Event, *, max_body: int, most: int
    ) -> None:
        self._path = path
        self._peer = peer
        self._draining = draining
        self._max_body = max_body
        self._places = asyncio.Semaphore(most)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        try:
            if self._path is None:
                raise HttpError(503, Reason.UNAVAILABLE, "There is no web process.", retry_after=1)
            if self._places.locked():
                raise HttpError(503, Reason.OVERLOADED, retry_after=1)
            async with self._places:
                await self._forward(self._path, scope, receive, send)
        except HttpError as error:
            await send_reply(failure(error, ((b"connection", b"close"),)), send, with_body=scope["method"] != "HEAD")

    async def _forward(self, path: Path, scope: Scope, receive: Receive, send: Send) -> None:
        from footfall.collector.web_client import WebExchange  # the collector's start does not wait for its libraries

        headers = request_headers(scope["headers"]) + self._peer.lines(address_of(scope))
        await WebExchange(scope, headers, receive, send, self._max_body).run(path, self._draining)
