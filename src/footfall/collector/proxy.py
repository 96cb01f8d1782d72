"""Forwards requests to the web process over its Unix socket, streaming both ways."""

import asyncio
import contextlib
from pathlib import Path

import httptools

from footfall.collector.asgi import Receive, Scope, Send, send_reply
from footfall.collector.peer import is_local_peer
from footfall.collector.refusal import RefusedError
from footfall.collector.reply import failure
from footfall.spec.reasons import Reason

_HOP_BY_HOP = frozenset(
    (
        b"connection",
        b"expect",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    )
)
_OURS = b"x-footfall-"
_READ = 64 << 10
_IDLE_AT_MOST = 16
_CONNECT_SECONDS = 5.0
_HEAD_SECONDS = 120.0
_SAFE = (b"GET", b"HEAD", b"OPTIONS")

Pairs = list[tuple[bytes, bytes]]


class _LostError(Exception):
    """The web process closed the connection; `silent` tells that it never said a word on it."""

    def __init__(self, *, silent: bool) -> None:
        super().__init__()
        self.silent = silent


class _Answer:
    """Collects what the parser finds in a response."""

    def __init__(self, *, to_head: bool) -> None:
        self.status = 0
        self.headers: Pairs = []
        self.pieces: list[bytes] = []
        self.has_head = self.is_complete = False
        self.may_stay = False
        self._to_head = to_head
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        """Parse more of the response; raises httptools.HttpParserError."""
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        if self.status < 200:
            self.headers.clear()
            return
        self.has_head = True
        if self._to_head:  # the parser would wait for the body that the headers announce
            self.is_complete = True

    def on_body(self, body: bytes) -> None:
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        if self.has_head and not self._to_head:
            self.is_complete = True
            self.may_stay = self._parser.should_keep_alive()

    @property
    def is_stream(self) -> bool:
        """Whether it goes on until somebody ends it."""
        return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in self.headers)


class _Line:
    """One connection to the web process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._has_read = False
        self.is_used = False

    @property
    def is_open(self) -> bool:
        return not (self._writer.is_closing() or self._reader.at_eof())

    async def send(self, data: bytes) -> None:
        """Write; errors show when the answer is read, which may tell more."""
        self._writer.write(data)
        with contextlib.suppress(ConnectionError):
            await self._writer.drain()

    async def read(self) -> bytes:
        """The next bytes; raises _LostError at the end."""
        try:
            data = await self._reader.read(_READ)
        except ConnectionError:
            data = b""
        if not data:
            raise _LostError(silent=not self._has_read)
        self._has_read = True
        return data

    def reuse(self) -> None:
        """Make ready for the next request."""
        self._has_read = False
        self.is_used = True

    def abort(self) -> None:
        """Cut the connection."""
        self._writer.transport.abort()


class Proxy:
    """An ASGI application; `draining` ends streams that would otherwise keep this process from ending."""

    def __init__(self, path: Path | None, draining: asyncio.Event, *, max_body: int = 5 << 20) -> None:
        self._path = path
        self._draining = draining
        self._max_body = max_body
        self._idle: list[_Line] = []

    async def close(self) -> None:
        """Cut the connections that wait for reuse."""
        for line in self._idle:
            line.abort()
        self._idle.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        sender = _Sender(send)
        try:
            await self._exchange(scope, receive, sender)
        except (_LostError, OSError, TimeoutError, httptools.HttpParserError):
            if sender.has_begun:
                return  # unfinished, for which the server cuts the client's connection
            error = RefusedError(503, Reason.UNAVAILABLE, "The web process does not answer.", retry_after=1)
            await _refuse(scope, send, error)
        except RefusedError as error:
            await _refuse(scope, send, error)
        except _GoneError:
            return

    async def _exchange(self, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        head, chunked = _request_head(scope)
        while True:
            line = await self._line()
            try:
                await line.send(head)
                await self._upload(line, receive, chunked=chunked, has_body=_has_body(scope))
                await self._download(line, scope, receive, sender)
                return
            except _LostError as error:
                # The web process may close an idle connection just when it is chosen.
                if not (error.silent and line.is_used and scope["method"].encode() in _SAFE and not _has_body(scope)):
                    raise
            finally:
                if line not in self._idle:
                    line.abort()

    async def _line(self) -> _Line:
        while self._idle:
            line = self._idle.pop()
            if line.is_open:
                line.reuse()
                return line
            line.abort()
        if self._path is None:
            raise FileNotFoundError
        async with asyncio.timeout(_CONNECT_SECONDS):
            return _Line(*await asyncio.open_unix_connection(str(self._path)))

    async def _upload(self, line: _Line, receive: Receive, *, chunked: bool, has_body: bool) -> None:
        sent = 0
        while has_body:
            message = await receive()
            if message["type"] != "http.request":
                raise _GoneError
            body = message.get("body", b"")
            sent += len(body)
            if sent > self._max_body:
                raise RefusedError(413, Reason.BODY_TOO_LARGE)
            if body:
                await line.send(b"%x\r\n%b\r\n" % (len(body), body) if chunked else body)
            has_body = message.get("more_body", False)
        if chunked:
            await line.send(b"0\r\n\r\n")

    async def _download(self, line: _Line, scope: Scope, receive: Receive, sender: "_Sender") -> None:
        answer = _Answer(to_head=scope["method"] == "HEAD")
        watch = _Watch(line)
        watch.until_gone(receive)
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                while not answer.has_head:
                    answer.feed(await line.read())
            if answer.is_stream:
                watch.until_drained(self._draining)
            await sender.begin(answer)
            while not answer.is_complete:
                await sender.forward(answer)
                answer.feed(await line.read())
        except _LostError:
            if watch.is_gone:
                raise _GoneError from None
            if not watch.is_drained:
                raise
        finally:
            watch.stop()
        await sender.finish(answer)
        if answer.may_stay and line.is_open and len(self._idle) < _IDLE_AT_MOST:
            self._idle.append(line)


class _GoneError(Exception):
    """The client went away."""


class _Sender:
    """The response as it goes to the client."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False

    async def begin(self, answer: _Answer) -> None:
        """Send the head."""
        self.has_begun = True
        headers = _without_hops(answer.headers)
        await self._send({"type": "http.response.start", "status": answer.status, "headers": headers})

    async def forward(self, answer: _Answer) -> None:
        """Send what has come of the body."""
        if answer.pieces:
            body = b"".join(answer.pieces)
            answer.pieces.clear()
            await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def finish(self, answer: _Answer) -> None:
        """Send the rest."""
        await self._send({"type": "http.response.body", "body": b"".join(answer.pieces), "more_body": False})


class _Watch:
    """Cuts a line when nobody is left to read from it."""

    def __init__(self, line: _Line) -> None:
        self._line = line
        self._tasks: list[asyncio.Task[None]] = []
        self.is_gone = self.is_drained = False

    def until_gone(self, receive: Receive) -> None:
        """Watch for the client's going away."""
        self._tasks.append(asyncio.create_task(self._wait_for_disconnect(receive)))

    def until_drained(self, draining: asyncio.Event) -> None:
        """Watch for this process's ending."""
        self._tasks.append(asyncio.create_task(self._wait_for_drain(draining)))

    def stop(self) -> None:
        """Watch no more."""
        for task in self._tasks:
            task.cancel()

    async def _wait_for_disconnect(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        self._line.abort()

    async def _wait_for_drain(self, draining: asyncio.Event) -> None:
        await draining.wait()
        self.is_drained = True
        self._line.abort()


def _has_body(scope: Scope) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _request_head(scope: Scope) -> tuple[bytes, bool]:
    """The head of the forwarded request, and whether its body goes in chunks."""
    query = scope.get("query_string", b"")
    target = scope["raw_path"] + (b"?" + query if query else b"")
    headers = [pair for pair in _without_hops(scope["headers"]) if not pair[0].startswith(_OURS)]
    chunked = any(name == b"transfer-encoding" for name, _ in scope["headers"])
    if chunked:
        headers = [pair for pair in headers if pair[0] != b"content-length"]
        headers.append((b"transfer-encoding", b"chunked"))
    if not any(name == b"host" for name, _ in headers):
        headers.append((b"host", b""))
    headers.append((b"x-footfall-peer", b"loopback" if is_local_peer(scope) else b"remote"))
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (scope["method"].encode(), target, lines), chunked


def _without_hops(headers: Pairs) -> Pairs:
    named: set[bytes] = set()
    for name, value in headers:
        if name == b"connection":
            named.update(token.strip().lower() for token in value.split(b","))
    return [(name, value) for name, value in headers if name not in _HOP_BY_HOP and name not in named]


async def _refuse(scope: Scope, send: Send, error: RefusedError) -> None:
    await send_reply(failure(error, ((b"connection", b"close"),)), send, with_body=scope["method"] != "HEAD")
