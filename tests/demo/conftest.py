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
    """Takes what is sent; answers from the script first, then that all events but resent ones are accepted."""

    url: str = ""
    script: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    mids: set[str] = field(default_factory=set)
    lock: Any = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            return self.script.pop(0) if self.script else self._judge(request.batch["events"])

    def _judge(self, events: list[dict[str, Any]]) -> Answer:
        mids = [event.get("mid") for event in events]
        fresh = {mid for mid in mids if mid is not None} - self.mids
        self.mids |= fresh
        rejected = mids.count(None)
        result = {"accepted": len(fresh), "rejected": rejected, "duplicate": len(mids) - rejected - len(fresh)}
        return Answer(200, body=msgspec.json.encode({"id": "api.telemetry", "result": result}))


def _handler(stub: Stub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

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
