"""Something in front of a footfall that fails as networks do, and lets through what it is not told to keep."""

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


class Front:
    """`failures` are used up one by one: a status to answer with, 0 to hang up, or 1 to pass on and then hang up.

    `on_request` is called before each request is looked at.
    """

    def __init__(self) -> None:
        self.failures: list[int] = []
        self.passed = 0
        self.url = ""
        self.on_request: Callable[[], object] = lambda: None


@contextmanager
def front(target: str) -> Iterator[Front]:
    """A front before the footfall at `target`, for the length of a block."""
    state = Front()
    behind = urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.on_request()
            failure = state.failures.pop(0) if state.failures else 200
            status, text = failure, b'{"params":{"errmsg":"on purpose"}}'
            if failure in (1, 200):
                status, text = self._pass(body)
                state.passed += 1
            if failure in (0, 1):
                self.close_connection = True
            else:
                self._answer(status, text)

        def _pass(self, body: bytes) -> tuple[int, bytes]:
            connection = http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=30)
            try:
                connection.request("POST", self.path, body, {**self.headers})
                reply = connection.getresponse()
                return reply.status, reply.read()
            finally:
                connection.close()

        def _answer(self, status: int, text: bytes) -> None:
            self.send_response_only(status)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
