"""What `footfall micro` answers: events at every ingest path, questions about them under /micro."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Meta, Struct

import footfall
from footfall.collector.asgi import Receive, Scope, Send, send_reply
from footfall.collector.http_error import HttpError
from footfall.collector.responses import JSON, Headers, Reply, failure
from footfall.hosts import is_local_name, name_of
from footfall.micro.schemas import Bad, Good
from footfall.micro.store import Keep, MemoryStore
from footfall.schema.docs import reasons_page
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Profile
from footfall.settings import Settings

_TEXT: Headers = ((b"content-type", b"text/plain; charset=utf-8"),)
_FRESH: Headers = ((b"cache-control", b"no-store"),)
_READ = ("GET", "HEAD")
_CHANGE = ("GET", "POST")

_ABOUT = """footfall micro {version}, profile {profile}: events are judged as in production and kept in memory only.

POST /v1/telemetry      send events here, or to any path that footfall serve takes them at
GET  /micro/all         how many came: total, good, bad, duplicate
GET  /micro/good        accepted events;  ?eid= &mid= &channel= &limit=
GET  /micro/bad         rejected events, and why;  the same parameters
                        &timeout=SECONDS &count=N  waits until there are N
POST /micro/reset       forget everything
GET  /health, /docs/reasons

The newest {events} events are kept ({bytes} bytes at most).
"""


class Query(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events are asked for: of those that fit, the newest `limit`.

    With a `timeout` (seconds) the answer waits for it until `count` events fit.
    """

    eid: str | None = None
    mid: str | None = None
    channel: str | None = None
    limit: Annotated[int, Meta(ge=1)] | None = None
    count: Annotated[int, Meta(ge=0)] = 1
    timeout: Annotated[float, Meta(ge=0, le=60)] = 0

    def fits(self, event: Good | Bad) -> bool:
        """Whether the event is asked for."""
        return self.eid in (None, event.eid) and self.mid in (None, event.mid) and self.channel in (None, event.channel)


Answer = Callable[[bytes], Awaitable[Reply]]


class MicroApp:
    """An ASGI application on events in memory."""

    def __init__(self, settings: Settings, profile: Profile, keep: Keep) -> None:
        self._settings = settings
        self._profile = profile
        self._keep = keep
        self._waiting: list[asyncio.Future[None]] = []
        self._closed = False
        self._store = self._fresh()
        self._routes: dict[str, tuple[tuple[str, ...], Answer]] = {
            "": (_READ, self._about),
            "/health": (_READ, self._health),
            "/docs/reasons": (_READ, self._reasons),
            "/micro/all": (_READ, self._all),
            "/micro/good": (_READ, self._good),
            "/micro/bad": (_READ, self._bad),
            "/micro/reset": (_CHANGE, self._reset),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI call."""
        await self._store.middleware(scope, receive, send)

    def close(self) -> None:
        """Let nobody wait any more."""
        self._closed = True
        self._wake()

    def _fresh(self) -> MemoryStore:
        # Made anew as a whole: a request that began before a reset belongs before it.
        return MemoryStore(self._settings, self._profile, self._behind, self._wake, self._keep)

    async def _behind(self, scope: Scope, _: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        sharing = _sharing(headers.get(b"origin", b""))
        try:
            reply = await self._answer(scope, headers)
        except HttpError as error:
            reply = failure(error)
        reply = Reply(reply.status, reply.headers + _FRESH + sharing, reply.body)
        await send_reply(reply, send, with_body=scope["method"] != "HEAD")

    async def _answer(self, scope: Scope, headers: dict[bytes, bytes]) -> Reply:
        if self._settings.is_loopback and not _is_local(headers.get(b"host", b"localhost")):
            raise HttpError(421, Reason.HOST_UNKNOWN, "footfall micro answers only under a local name.")
        route = self._routes.get(scope["path"].rstrip("/"))
        if route is None:
            raise HttpError(404, Reason.NOT_FOUND)
        methods, answer = route
        if scope["method"] not in methods:
            allow = (b"allow", ", ".join(methods).encode())
            return failure(HttpError(405, Reason.METHOD_NOT_ALLOWED, f"Use {methods[-1]}."), (allow,))
        return await answer(scope["query_string"])

    async def _about(self, _: bytes) -> Reply:
        keep = self._keep
        text = _ABOUT.format(
            version=footfall.__version__, profile=self._profile, events=f"{keep.events:,}", bytes=f"{keep.bytes:,}"
        )
        return Reply(200, _TEXT, text.encode())

    async def _health(self, _: bytes) -> Reply:
        return _json({"status": "ok", "problems": [], "version": footfall.__version__})

    async def _reasons(self, _: bytes) -> Reply:
        return Reply(200, _TEXT, reasons_page().encode())

    async def _all(self, _: bytes) -> Reply:
        return _json(self._store.totals())

    async def _good(self, query: bytes) -> Reply:
        return await self._list(query, MemoryStore.good)

    async def _bad(self, query: bytes) -> Reply:
        return await self._list(query, MemoryStore.bad)

    async def _reset(self, _: bytes) -> Reply:
        self._store = self._fresh()
        self._wake()
        return _json(self._store.totals())

    async def _list(self, text: bytes, read: "Callable[[MemoryStore, int], Iterator[Good | Bad]]") -> Reply:
        query = _query(text)
        if query.timeout:
            await self._wait(query, read)
        return _json(list(deque((event for event in read(self._store, 0) if query.fits(event)), query.limit)))

    async def _wait(self, query: Query, read: "Callable[[MemoryStore, int], Iterator[Good | Bad]]") -> None:
        """Return when enough events fit, when the time is up, or when the end has come."""
        store, position, found = self._store, 0, 0
        try:
            async with asyncio.timeout(query.timeout):
                while not self._closed:
                    if store is not self._store:
                        store, position, found = self._store, 0, 0
                    found += sum(query.fits(event) for event in read(store, position))
                    position = store.end
                    if found >= query.count:
                        return
                    await self._change()
        except TimeoutError:
            return

    async def _change(self) -> None:
        """Return after the next request with events, reset or end."""
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        await waiting

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():  # its time may be up
                future.set_result(None)


def _json(value: Any) -> Reply:
    return Reply(200, JSON, msgspec.json.encode(value))


def _query(text: bytes) -> Query:
    """The query string; raises HttpError (400)."""
    pairs = parse_qsl(text.decode("latin-1"), keep_blank_values=True)
    if len(dict(pairs)) != len(pairs):
        raise HttpError(400, Reason.BAD_REQUEST, "A parameter is given twice.")
    try:
        return msgspec.convert(dict(pairs), Query, strict=False)
    except msgspec.ValidationError as error:
        raise HttpError(400, Reason.BAD_REQUEST, f"{error}.") from None


def _is_local(host: bytes) -> bool:
    return is_local_name(name_of(host.decode("latin-1")))


def _sharing(origin: bytes) -> Headers:
    """Lets pages that this machine serves read along: tests may run in a browser."""
    try:
        is_local = _is_local(urlsplit(origin).netloc)
    except ValueError:
        is_local = False
    return ((b"access-control-allow-origin", origin), (b"vary", b"origin")) if is_local else ()
