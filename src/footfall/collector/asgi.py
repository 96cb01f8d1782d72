"""The same door as an ASGI application, for `footfall micro` and wherever another server is in front."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from footfall.collector.http_error import HttpError
from footfall.collector.request import RequestHead, is_ingest
from footfall.collector.responses import Reply, with_caution
from footfall.collector.service import AcceptedRequest, JudgedRequest, Service
from footfall.collector.state import Journal
from footfall.collector.time_slices import SLICE_SECONDS
from footfall.journal.base import JournalFullError, WriteFailedError
from footfall.schema.reasons import Reason

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class _GoneError(Exception):
    """The client went away before its body was here."""


class IngestMiddleware:
    """Answers requests with events; every other request goes to the application behind it."""

    def __init__(self, service: Service, journal: Journal, behind: Application, *, max_body: int = 5 << 20) -> None:
        self._service = service
        self._journal = journal
        self._behind = behind
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        dialect_path = self._service.router.find_text(scope["path"]) if scope["type"] == "http" else ""
        if scope["type"] != "http" or not (dialect_path or is_ingest(scope["path"])):
            await self._behind(scope, receive, send)
            return
        pairs = [(name.lower(), value) for name, value in scope["headers"]]
        head = RequestHead.make(scope["method"].encode("latin-1"), scope.get("query_string", b""), pairs)
        head.path, head.peer = dialect_path, _peer(scope)
        try:
            reply = await self._answer(head, receive)
        except _GoneError:
            return
        await send_reply(reply, send, with_body=head.method != b"HEAD")

    async def _answer(self, head: RequestHead, receive: Receive) -> Reply:
        accepted = self._service.accept_head(head)
        if isinstance(accepted, Reply):
            return accepted
        body = await self._read(receive)
        if body is None:
            return self._service.refuse(head, HttpError(413, Reason.BODY_TOO_LARGE))
        entry: JudgedRequest | Reply | None = self._service.glance(accepted, body)
        if entry is None:
            entry = await self._judge(accepted, body)
        return entry if isinstance(entry, Reply) else await self._write(entry)

    async def _judge(self, accepted: AcceptedRequest, body: bytes) -> JudgedRequest | Reply:
        """Judge in slices, between which others have a turn."""
        steps, began = self._service.judging(accepted, body), time.perf_counter()
        while True:
            try:
                next(steps)
            except StopIteration as done:
                self._service.budgets.spend(accepted.entry.channel.name, time.perf_counter() - began)
                outcome: JudgedRequest | Reply = done.value
                return outcome
            if time.perf_counter() - began > SLICE_SECONDS:
                self._service.budgets.spend(accepted.entry.channel.name, time.perf_counter() - began)
                await asyncio.sleep(0)
                began = time.perf_counter()

    async def _write(self, entry: JudgedRequest) -> Reply:
        record, entry.record = entry.record, None
        try:
            if record is not None:
                await self._journal.append(record)
        except (JournalFullError, WriteFailedError) as error:
            return self._service.on_failure(entry, error)
        return self._service.on_durable(entry)

    async def _read(self, receive: Receive) -> bytes | None:
        """The body; None when it is too large."""
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise _GoneError
            body += message.get("body", b"")
            if len(body) > self._max_body:
                return None
            if not message.get("more_body", False):
                return bytes(body)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def send_reply(reply: Reply, send: Send, *, with_body: bool) -> None:
    """Send a whole reply; without its body for HEAD."""
    headers = list(with_caution(reply.headers))
    if reply.status not in (204, 304):
        headers.append((b"content-length", b"%d" % len(reply.body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body if with_body else b""})
