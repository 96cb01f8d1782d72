"""The same door as an ASGI application, for `footfall micro` and wherever another server is in front."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from footfall.collector.door import Door, Entry, Visit
from footfall.collector.head import Head, is_ingest
from footfall.collector.lobby import Journal
from footfall.collector.refusal import RefusedError
from footfall.collector.reply import Reply, with_caution
from footfall.journal.log import JournalFullError, WriteFailedError
from footfall.spec.reasons import Reason

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_SLICE_SECONDS = 0.005


class _GoneError(Exception):
    """The client went away before its body was here."""


class Intaker:
    """Answers requests with events; every other request goes to the application behind it."""

    def __init__(self, door: Door, journal: Journal, behind: Application, *, max_body: int = 5 << 20) -> None:
        self._door = door
        self._journal = journal
        self._behind = behind
        self._max_body = max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        dialect_path = self._door.interpreter.find_text(scope["path"]) if scope["type"] == "http" else ""
        if scope["type"] != "http" or not (dialect_path or is_ingest(scope["path"])):
            await self._behind(scope, receive, send)
            return
        pairs = [(name.lower(), value) for name, value in scope["headers"]]
        head = Head.make(scope["method"].encode("latin-1"), scope.get("query_string", b""), pairs)
        head.path, head.peer = dialect_path, _peer(scope)
        try:
            reply = await self._answer(head, receive)
        except _GoneError:
            return
        await send_reply(reply, send, with_body=head.method != b"HEAD")

    async def _answer(self, head: Head, receive: Receive) -> Reply:
        visit = self._door.admit(head)
        if isinstance(visit, Reply):
            return visit
        body = await self._read(receive)
        if body is None:
            return self._door.refuse(head, RefusedError(413, Reason.BODY_TOO_LARGE))
        entry: Entry | Reply | None = self._door.glance(visit, body)
        if entry is None:
            entry = await self._judge(visit, body)
        return entry if isinstance(entry, Reply) else await self._write(entry)

    async def _judge(self, visit: Visit, body: bytes) -> Entry | Reply:
        """Judge in slices, between which others have a turn."""
        steps, began = self._door.judging(visit, body), time.perf_counter()
        while True:
            try:
                next(steps)
            except StopIteration as done:
                self._door.budgets.spend(visit.entry.channel.name, time.perf_counter() - began)
                outcome: Entry | Reply = done.value
                return outcome
            if time.perf_counter() - began > _SLICE_SECONDS:
                self._door.budgets.spend(visit.entry.channel.name, time.perf_counter() - began)
                await asyncio.sleep(0)
                began = time.perf_counter()

    async def _write(self, entry: Entry) -> Reply:
        record, entry.record = entry.record, None
        try:
            if record is not None:
                await self._journal.append(record)
        except (JournalFullError, WriteFailedError) as error:
            return self._door.failed(entry, error)
        return self._door.stored(entry)

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
