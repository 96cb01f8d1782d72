"""Asking Keycloak over HTTP: one connection that is kept, and answers with what can be done about each."""

import http.client
import time
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from msgspec import Struct

from footfall.errors import TerminalError, TransientError

_TIMEOUT_SECONDS = 60.0
_LARGEST = 256 << 20
_LOCAL = ("localhost", "127.0.0.1", "::1")


class AwayError(TransientError):
    """Keycloak does not answer, or asks to come again later, after `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float = 1.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Reply(Struct, frozen=True):
    """An answer; `now` is Keycloak's clock (epoch ms)."""

    status: int
    body: bytes
    now: int
    retry_after: float = 1.0

    def expect(self, what: str) -> bytes:
        """The body of a good answer; raises TerminalError or AwayError for any other."""
        if self.status == 200:
            return self.body
        if self.status == 429 or self.status >= 500:
            raise AwayError(f"Keycloak cannot give {what} now (HTTP {self.status})", self.retry_after)
        if 300 <= self.status < 400:
            raise TerminalError(f"Keycloak sends elsewhere for {what} (HTTP {self.status}): give its own address")
        raise TerminalError(f"Keycloak does not give {what} (HTTP {self.status})")


class Connection:
    """A connection to a Keycloak at a base address, such as https://sso.example or https://sso.example/auth."""

    def __init__(self, base: str) -> None:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise TerminalError("the address of Keycloak is written https://HOST or https://HOST/PATH")
        if parts.username or parts.password:
            raise TerminalError("the address of Keycloak must hold no password: see footfall import keycloak --help")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS)
        self._path = parts.path.rstrip("/")
        self.base = f"{parts.scheme}://{parts.netloc.lower()}{self._path}"
        self.is_open_to_readers = parts.scheme == "http" and parts.hostname not in _LOCAL

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Reply:
        """Send a request; raises AwayError when there is no answer."""
        try:
            return self._ask(method, self._path + path, headers, body)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise AwayError(f"Keycloak cannot be reached: {type(error).__name__}") from error

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None) -> Reply:
        self._connection.request(method, path, body, {"User-Agent": "footfall", **headers})
        answer = self._connection.getresponse()
        text = answer.read(_LARGEST + 1)
        if len(text) > _LARGEST:
            self._connection.close()
            raise TerminalError(f"Keycloak answers with more than {_LARGEST} bytes: ask for less with --page")
        return Reply(
            answer.status, text, _clock(answer.headers.get("Date")), _seconds(answer.headers.get("Retry-After"))
        )


def _clock(header: str | None) -> int:
    try:
        return int(parsedate_to_datetime(header or "").timestamp() * 1000)
    except (ValueError, OverflowError):
        return time.time_ns() // 1_000_000


def _seconds(header: str | None) -> float:
    try:
        return min(max(float(header or "1"), 0.0), 300.0)
    except ValueError:  # a date
        return 1.0
