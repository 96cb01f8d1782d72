"""A web site whose pages load the tracker, and a desk that answers what it sends as a test says.

The site's host may be asked by two names: `http://127.0.0.1` is a secure context, where browsers have locks, and
`http://school.example` is none.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from footfall.collector import browser_tracker

Json = dict[str, Any]
Reply = tuple[int, Json, dict[str, str]]
TAKEN: Reply = (200, {"responseCode": "SUCCESS", "result": {}}, {})

PACKAGES = Path(__file__).parents[1] / "sdk" / "node_modules"
_PLAIN = '<!doctype html><title>A page</title><link rel="icon" href="data:,"><main>A page</main>'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status: int, media: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content-type": media, "content-length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


class _Pages(_Handler):
    """`/footfall.js`, the published SDKs under `/sdk/`, and a page for every other path.

    `?with=` is put into the page, `?csp=` is its policy.
    """

    def do_GET(self) -> None:
        place = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(place.query).items()}
        if place.path == "/footfall.js":
            self.reply(200, "text/javascript", browser_tracker.load().plain)
        elif place.path.startswith("/sdk/"):
            self.reply(200, "text/javascript", (PACKAGES / place.path.removeprefix("/sdk/")).read_bytes())
        else:
            policy = {"content_security_policy": asked["csp"]} if "csp" in asked else {}
            self.reply(200, "text/html", (_PLAIN + asked.get("with", "")).encode(), **policy)


class Desk:
    """`answer` is called with every batch; what it returns is sent back, None cuts the connection.

    `batches` are those received, in order, `taken` the events of those answered with 200, `headers` of each request.
    """

    def __init__(self, answer: Callable[[Json], Reply | None]) -> None:
        self.batches: list[Json] = []
        self.taken: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self._answer = answer
        self._changed = threading.Condition()
        desk = self

        class Handler(_Handler):
            def do_OPTIONS(self) -> None:
                self.reply(204, "text/plain", b"", **_ALLOWED)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                reply = desk.receive(json.loads(body), {name.lower(): value for name, value in self.headers.items()})
                if reply is None:
                    self.close_connection = True
                    return
                status, said, headers = reply
                self.reply(status, "application/json", json.dumps(said).encode(), **_ALLOWED, **headers)

        self.handler = Handler
        self.url = ""

    def receive(self, batch: Json, headers: dict[str, str]) -> Reply | None:
        """Note a batch and answer it."""
        reply = self._answer(batch)
        with self._changed:
            self.headers.append(headers)
            self.batches.append(batch)
            if reply and reply[0] == 200:
                self.taken += batch["events"]
            self._changed.notify_all()
        return reply


_ALLOWED = {
    "access_control_allow_origin": "*",
    "access_control_allow_headers": "authorization, content-type, x-channel-id, x-app-id, x-device-id",
    "access_control_expose_headers": "retry-after",
}


@contextmanager
def desk(answer: Callable[[Json], Reply | None] = lambda _: TAKEN) -> Iterator[Desk]:
    """A desk for as long as the block lasts."""
    found = Desk(answer)
    with _listening(found.handler) as port:
        found.url = f"http://127.0.0.1:{port}"
        yield found


@contextmanager
def pages() -> Iterator[int]:
    """The site's port."""
    with _listening(_Pages) as port:
        yield port


@contextmanager
def _listening(handler: type[_Handler]) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def mixed(html: str, policy: str = "") -> str:
    """The path of a page that holds this, under this Content Security Policy."""
    return "/?" + urlencode({"with": html} | ({"csp": policy} if policy else {}))
