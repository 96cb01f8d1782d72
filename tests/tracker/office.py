"""A server that answers as it is told and keeps what it was sent, in a thread of the test."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

Json = dict[str, Any]
Reply = tuple[int, Json, dict[str, str]]
TAKEN: Reply = (200, {"result": {}}, {})


class Office:
    """`answer` is called with every batch; what it returns is sent back. `batches` are those received, in order."""

    def __init__(self, answer: Callable[[Json], Reply]) -> None:
        self.batches: list[Json] = []
        self.taken: list[Json] = []
        self._changed = Condition()
        self._answer = answer
        office = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                text = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
                status, said, headers = office.receive(json.loads(text))
                answer = json.dumps(said).encode()
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(answer))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def receive(self, batch: Json) -> Reply:
        """Note a batch and answer it."""
        reply = self._answer(batch)
        with self._changed:
            self.batches.append(batch)
            if reply[0] == 200:
                self.taken += batch["events"]
            self._changed.notify_all()
        return reply

    def wait(self, is_there: Callable[["Office"], bool], timeout: float = 10.0) -> None:
        """Wait until what was received is as wanted."""
        with self._changed:
            assert self._changed.wait_for(lambda: is_there(self), timeout), f"{len(self.batches)} batches received"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def office(answer: Callable[[Json], Reply] = lambda _: TAKEN) -> Iterator[Office]:
    """An office for as long as the block lasts."""
    found = Office(answer)
    try:
        yield found
    finally:
        found.close()
