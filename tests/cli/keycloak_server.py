"""A Keycloak as far as an import sees it: tokens, and the two lists of its event store, over real HTTP.

    with keycloak(events=[...]) as server:
        server.events.append(...)

An `old` one takes dates only and gives the newest first, whatever order is asked for.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.dialects.keycloak_samples import NOON, Json

CLIENT = "footfall"
PASSWORD = "a password of the client"
REALM = "school"


class Keycloak:
    """What the server has, and how it behaves; `asked` are the paths that were asked for."""

    def __init__(self, *, old: bool) -> None:
        self.old = old
        self.events: list[Json] = []
        self.admin_events: list[Json] = []
        self.now = NOON + 3_600_000
        self.largest_page = 10_000
        self.asked: list[str] = []
        self.failures: list[int] = []
        self.tokens = 0
        self.refuses_tokens: set[str] = set()
        self.lock = threading.Lock()
        self.url = ""

    @property
    def pages(self) -> list[str]:
        """The questions for events."""
        return [path for path in self.asked if path.startswith("/auth/admin/")]

    def grant(self, form: dict[str, list[str]]) -> tuple[int, Any]:
        """A token for the one client that is known."""
        if (form.get("client_id"), form.get("client_secret")) != ([CLIENT], [PASSWORD]):
            return 401, {"error": "unauthorized_client"}
        self.tokens += 1
        return 200, {"access_token": f"token-{self.tokens}", "expires_in": 60}

    def give(self, path: str, query: dict[str, str], token: str) -> tuple[int, Any]:
        """A page of events."""
        if token in self.refuses_tokens or not token.startswith("token-"):
            return 401, {"error": "HTTP 401 Unauthorized"}
        if not path.startswith(f"/auth/admin/realms/{REALM}/"):
            return 404, {"error": "Realm not found."}
        kept = self.admin_events if path.endswith("/admin-events") else self.events
        since = self._since(query.get("dateFrom", ""))
        if since is None:
            return 400, {"error": "Invalid value for 'Date(From)', expected format is yyyy-MM-dd"}
        rising = not self.old and query.get("direction") == "asc"
        found = sorted((event for event in kept if event.get("time", 0) >= since), key=lambda event: event["time"])
        found = found if rising else found[::-1]
        first, size = int(query.get("first", 0)), min(int(query.get("max", 100)), self.largest_page)
        return 200, found[first : first + size]

    def _since(self, text: str) -> int | None:
        if not text:
            return 0
        if text.isdigit():
            return None if self.old else int(text)
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)


@contextmanager
def keycloak(*, old: bool = False) -> Iterator[Keycloak]:
    """A server for the length of a block, at `url`."""
    state = Keycloak(old=old)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            with state.lock:
                state.asked.append(self.path)
                self._answer(*state.grant(parse_qs(body)))

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            with state.lock:
                state.asked.append(self.path)
                failure = state.failures.pop(0) if state.failures else 200
                if failure == 0:
                    self.close_connection = True
                elif failure != 200:
                    self._answer(failure, {"error": "on purpose"})
                else:
                    self._answer(*state.give(parts.path, query, self.headers["Authorization"].split()[-1]))

        def _answer(self, status: int, value: Any) -> None:
            text = json.dumps(value).encode()
            self.send_response_only(status)
            self.send_header("Date", format_datetime(datetime.fromtimestamp(state.now / 1000, UTC), usegmt=True))
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}/auth"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
