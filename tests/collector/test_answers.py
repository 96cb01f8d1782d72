"""Whatever the web process answers, it goes to the one who asked, or to nobody."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from footfall.collector import web_client
from footfall.collector.proxy import Proxy
from footfall.peer import PeerHeader

from .running import Collector, collecting, get, until
from .tricks import ask
from .upstream import Asked, Upstream, echo, upstream
from .witness import witness

_OK = b"HTTP/1.1 200 OK\r\n"
_FOREIGN = _OK + b"content-length: 7\r\nset-cookie: of=foreign\r\n\r\nFOREIGN"

# What the web process says, and what the client is told: a status, and a body where it is told a whole answer.
ANSWERS: dict[str, tuple[bytes, int, bytes | None]] = {
    "nothing": (b"", 503, None),
    "half a head": (_OK + b"content-le", 503, None),
    "nonsense": (b"nonsense\r\n\r\n", 503, None),
    "an endless head": (_OK + b"x: " + b"x" * 200_000, 503, None),
    "two lengths": (_OK + b"content-length: 2\r\ncontent-length: 3\r\n\r\nhi!", 503, None),
    "a length that is none": (_OK + b"content-length: x\r\n\r\nhi", 503, None),
    "an unknown coding": (_OK + b"transfer-encoding: gzip\r\n\r\nhi", 503, None),
    "a status that is none": (b"HTTP/1.1 999 Odd\r\ncontent-length: 0\r\n\r\n", 503, None),
    "a status that is no number": (b"HTTP/1.1 abc Odd\r\ncontent-length: 0\r\n\r\n", 503, None),
    "another protocol": (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", 503, None),
    "only informational": (b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", 503, None),
    "less than announced": (_OK + b"content-length: 100\r\n\r\nhi", 200, None),
    "chunks without an end": (_OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n", 200, None),
    "a bad chunk": (_OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n", 200, None),
    "more than announced": (_OK + b"content-length: 2\r\n\r\nhi" + _FOREIGN, 200, b"hi"),
    "more than announced, in chunks": (
        _OK + b"transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + _FOREIGN,
        200,
        b"hi",
    ),
    "a length and chunks": (
        _OK + b"content-length: 9\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + _FOREIGN,
        200,
        b"hi",
    ),
    "until the end": (_OK + b"connection: close\r\n\r\nhi", 200, b"hi"),
    "informational before": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + _OK + b"content-length: 2\r\n\r\nhi",
        200,
        b"hi",
    ),
    "204 with a body": (b"HTTP/1.1 204 No Content\r\n\r\n" + _FOREIGN, 204, b""),
    "204 with a length": (b"HTTP/1.1 204 No Content\r\ncontent-length: 7\r\n\r\nFOREIGN", 204, b""),
    "304 with a length": (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n" + _FOREIGN, 304, b""),
    "headers for one connection": (
        _OK + b"connection: x-hop, content-length\r\nx-hop: 1\r\nkeep-alive: timeout=5\r\ncontent-length: 2\r\n\r\nhi",
        200,
        b"hi",
    ),
}


def answer(asked: Asked) -> bytes:
    """What the target's name says, or the request itself."""
    name = asked.target.removeprefix("/early").removeprefix("/answer/").replace("-", " ")
    return ANSWERS[name][0] if name in ANSWERS else echo(asked)


@pytest.fixture(scope="module")
def web() -> Iterator[Upstream]:
    with upstream() as web:
        web.answer = answer
        yield web


@pytest.fixture(scope="module")
def collector(web: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with collecting(tmp_path_factory.mktemp("answers") / "data", web.path) as collector:
        until(lambda: collector.ask(get("/first")).status == 200)
        yield collector


def test_each_answer_goes_to_the_one_who_asked(collector: Collector) -> None:
    with witness(collector, "first"), witness(collector, "second"):
        for name, (_, status, body) in [*ANSWERS.items()] * 3:
            with collector.talk() as talk:
                talk.send(get(f"/answer/{name.replace(' ', '-')}"))
                if body is None and status == 200:
                    assert talk.everything_after(b"").count(b"HTTP/1.1") == 1, name
                    continue
                told = talk.answer()
                assert told.status == status, name
                assert told.headers.keys().isdisjoint({"x-hop", "keep-alive", "set-cookie", "link"}), name
                if body is None:
                    assert told.headers["retry-after"] == "1", name
                else:
                    assert told.body == body, name
                    assert talk.ask(get("/next")).body == b"GET /next\n\n", name


@pytest.mark.parametrize("name", ["more than announced", "204 with a body", "304 with a length"])
def test_a_body_after_head_goes_to_nobody(collector: Collector, name: str) -> None:
    with collector.talk() as talk:
        talk.send(get(f"/answer/{name.replace(' ', '-')}", "HEAD"))
        assert talk.answer(to_head=True).status == ANSWERS[name][1]
        assert talk.ask(get("/next")).body == b"GET /next\n\n"


@pytest.mark.parametrize("size", [10, 1 << 20])
def test_an_answer_before_the_body_was_read(collector: Collector, size: int) -> None:
    body = b"x" * size
    with witness(collector, "only"):
        for _ in range(5):
            with collector.talk() as talk:
                told = talk.ask(ask(b"content-length: %d" % size, target=b"/early") + body)
                assert told.body == b"POST /early\n\n"
                assert talk.ask(get("/next")).body == b"GET /next\n\n"


def test_an_answer_before_a_body_that_turns_out_to_be_bad_is_the_only_one(collector: Collector) -> None:
    with collector.talk() as talk:
        sent = ask(b"transfer-encoding: chunked", target=b"/early") + b"100000\r\n" + b"x" * 0x100000
        assert talk.ask(sent).body == b"POST /early\n\n"
        assert talk.everything_after(b"no end of a chunk\r\n") == b""


class Client:
    """An ASGI server's side of one call; `sent` is what the client was sent."""

    def __init__(self, path: str = "/", *body: bytes) -> None:
        self._body = list(body) or [b""]
        self.gone = asyncio.Event()
        self.sent: list[Any] = []
        headers = [(b"host", b"localhost")] + ([(b"transfer-encoding", b"chunked")] if body else [])
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": headers,
            "client": None,
        }

    async def receive(self) -> dict[str, Any]:
        """A piece of the body, or, after the last, the client's end."""
        if self._body:
            piece = self._body.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self._body)}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        """Keep it."""
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        """What the client was told."""
        return self.sent[0]["status"] if self.sent else None


def proxy(path: Path | None, most: int = 9) -> Proxy:
    return Proxy(path, PeerHeader(), asyncio.Event(), max_body=100, most=most)


@contextmanager
def silent(web: Upstream) -> Iterator[threading.Event]:
    """A web process that does not answer until the event is set."""
    speaks = threading.Event()
    web.answer = lambda asked: echo(asked) if speaks.wait(10) else b""
    try:
        yield speaks
    finally:
        speaks.set()
        web.answer = answer


async def asking(web: Upstream, application: Proxy, client: Client) -> "asyncio.Task[None]":
    """A call that the web process has heard of."""
    before = len(web.asked)
    call = asyncio.create_task(application(client.scope, client.receive, client.send))
    await asyncio.to_thread(until, lambda: len(web.asked) > before)
    return call


def test_so_many_at_once_and_no_more(web: Upstream) -> None:
    async def run(speaks: threading.Event) -> None:
        application, first, second, third = proxy(web.path, most=1), Client(), Client(), Client()
        call = await asking(web, application, first)
        await application(second.scope, second.receive, second.send)
        assert second.status == 503
        speaks.set()
        await call
        await application(third.scope, third.receive, third.send)
        assert (first.status, third.status) == (200, 200)

    with silent(web) as speaks:
        asyncio.run(run(speaks))


def test_a_client_that_goes_away_is_waited_for_no_more(web: Upstream) -> None:
    async def run() -> None:
        client = Client()
        call = await asking(web, proxy(web.path), client)
        client.gone.set()
        await call
        assert client.sent == []

    with silent(web):
        asyncio.run(run())


def test_an_answer_that_does_not_come_in_time(web: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_client, "_HEAD_SECONDS", 0.1)
    client = Client()
    with silent(web):
        asyncio.run(proxy(web.path)(client.scope, client.receive, client.send))
    assert client.status == 503


def test_no_web_process(tmp_path: Path) -> None:
    async def run() -> None:
        for path in (None, tmp_path / "none", Path("/proc/self/nothing")):
            client = Client()
            await proxy(path)(client.scope, client.receive, client.send)
            assert client.status == 503
            assert dict(client.sent[0]["headers"])[b"retry-after"] == b"1"

    asyncio.run(run())


def test_a_body_over_the_limit(web: Upstream) -> None:
    async def run() -> None:
        fits, exceeds = Client("/", b"x" * 60, b"x" * 40), Client("/", b"x" * 60, b"x" * 41)
        for client in (fits, exceeds):
            await proxy(web.path)(client.scope, client.receive, client.send)
        assert (fits.status, exceeds.status) == (200, 413)

    asyncio.run(run())
