"""One request to the web process and its answer, streaming both ways.

Each has a connection of its own, which is cut after the answer: one that is used again would hand whatever an answer
left on it to the next client.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import httpcore2

from footfall.collector.asgi import Receive, Scope, Send
from footfall.collector.framing import Pairs, answer_headers
from footfall.collector.http_error import HttpError
from footfall.collector.unix_socket import UnixSocketBackend
from footfall.schema.reasons import Reason

_WEB = httpcore2.Origin(b"http", b"web", 80)  # a name that nobody looks up: the socket's path says where it is
_BACKEND = UnixSocketBackend()
_CONNECT_SECONDS = 5.0
_HEAD_SECONDS = 120.0
_STATUSES = range(200, 600)
_LOST = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, TimeoutError)


class _GoneError(Exception):
    """The client went away."""


class WebExchange:
    """One ASGI call, with the headers that its request has for the web process."""

    def __init__(self, scope: Scope, headers: Pairs, receive: Receive, send: Send, max_body: int) -> None:
        self._scope = scope
        self._headers = headers
        self._receive = receive
        self._send = send
        self._max_body = max_body
        self._uploaded = asyncio.Event()
        self._has_begun = self._is_gone = self._is_drained = False

    async def run(self, path: Path, draining: asyncio.Event) -> None:
        """Forward both ways; raises HttpError while the client was told nothing yet.

        An answer that breaks off is left unfinished, for which the server cuts the client's connection.
        """
        try:
            async with httpcore2.AsyncHTTPConnection(_WEB, uds=str(path), network_backend=_BACKEND) as line:
                await self._run(line, draining)
        except _LOST:
            if self._is_gone or self._has_begun:
                return
            raise HttpError(503, Reason.UNAVAILABLE, "The web process does not answer.", retry_after=1) from None
        except _GoneError:
            return

    async def _run(self, line: httpcore2.AsyncHTTPConnection, draining: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS) as stay:
                watches = [asyncio.create_task(self._until_gone(stay))]
                try:
                    response = await line.handle_async_request(self._request(stay))
                    stay.reschedule(None)
                    await self._begin(response)
                    if _is_stream(response):
                        watches.append(asyncio.create_task(self._until_drained(stay, draining)))
                    await self._download(response)
                finally:
                    for watch in watches:
                        watch.cancel()
        except TimeoutError:
            if not self._is_drained:
                raise
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _request(self, stay: asyncio.Timeout) -> httpcore2.Request:
        path, query = self._scope["raw_path"], self._scope["query_string"]
        return httpcore2.Request(
            self._scope["method"],
            httpcore2.URL(scheme=_WEB.scheme, host=_WEB.host, target=path + (b"?" + query if query else b"")),
            headers=self._headers,
            content=self._upload(stay),
            extensions={"timeout": {"connect": _CONNECT_SECONDS}},
        )

    async def _upload(self, stay: asyncio.Timeout) -> AsyncIterator[bytes]:
        """The request's body; the time for the answer's head begins anew with each piece."""
        size, more = 0, True
        try:
            while more:
                message = await self._receive()
                if message["type"] != "http.request":
                    raise _GoneError
                body, more = message.get("body", b""), message.get("more_body", False)
                size += len(body)
                if size > self._max_body:
                    raise HttpError(413, Reason.BODY_TOO_LARGE)
                stay.reschedule(asyncio.get_running_loop().time() + _HEAD_SECONDS)
                yield body
        finally:
            self._uploaded.set()

    async def _begin(self, response: httpcore2.Response) -> None:
        if response.status not in _STATUSES:
            raise httpcore2.RemoteProtocolError
        headers = answer_headers(response.status, response.headers)
        self._has_begun = True
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})

    async def _download(self, response: httpcore2.Response) -> None:
        async with aclosing(response.aiter_stream()) as pieces:
            async for piece in pieces:
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def _until_gone(self, stay: asyncio.Timeout) -> None:
        await self._uploaded.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        _end(stay)

    async def _until_drained(self, stay: asyncio.Timeout, draining: asyncio.Event) -> None:
        await draining.wait()
        self._is_drained = True
        _end(stay)


def _end(stay: asyncio.Timeout) -> None:
    if not stay.expired():
        stay.reschedule(0)


def _is_stream(response: httpcore2.Response) -> bool:
    """Whether it goes on until somebody ends it."""
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in response.headers
    )
