"""A small real HTTP server that answers as footfall does, or as it is told to."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest
from msgspec import Struct, field


class Answer(Struct):
    """One scripted answer; status 0 closes the connection without one."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b"{}"


class Request(Struct):
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    client: tuple[str, int]

    @property
    def batch(self) -> Any:
        return msgspec.json.decode(self.body)


class Stub(Struct):
    """Takes what is sent; answers from the script first, then that all but what was resent is accepted."""

    url: str = ""
    script: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    mids: set[str] = field(default_factory=set)
    lock: Any = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            return self.script.pop(0) if self.script else self._judge(request)

    def _judge(self, request: Request) -> Answer:
        match request.path:
            case "/api/tracking/":
                is_good = "event_type" in request.batch or "tracking_event_type" in request.batch
                return Answer(201 if is_good else 400, body=b'{"received":true}')
            case "/v1/identity/operations":
                return Answer(200, body=msgspec.json.encode(self._count(request.batch["operations"], "time", "id")))
            case _:
                result = self._count(request.batch["events"], "mid", "mid")
                return Answer(200, body=msgspec.json.encode({"id": "api.telemetry", "result": result}))

    def _count(self, things: list[dict[str, Any]], needed: str, name: str) -> dict[str, int]:
        """Those without what is needed are rejected, and those whose name was there before are duplicates."""
        good = [thing[name] for thing in things if needed in thing]
        fresh = set(good) - self.mids
        self.mids |= fresh
        return {"accepted": len(fresh), "rejected": len(things) - len(good), "duplicate": len(good) - len(fresh)}


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer in one packet, for which no client waits

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = stub.answer(Request(self.path, dict(self.headers), body, self.client_address))
            if answer.status == 0:
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in (answer.headers | {"Content-Length": str(len(answer.body))}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


@pytest.fixture
def stub() -> Iterator[Stub]:
    stub = Stub()
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub)) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield stub
        server.shutdown()
        thread.join()
