"""One HTTP request with a batch, and what its answer means."""

import gzip
import http.client
import socket
import ssl
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from enum import Enum
from time import time
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

PATH = "/v1/telemetry"
_LONGEST_ANSWER = 8 << 20
_SMALL = 1 << 10

# What says that the batch itself is wrong; whatever else is refused may be taken another day, and is kept.
_WRONG = frozenset((400, 411, 414, 415, 422, 431))


class Verdict(Enum):
    """What an answer means for the batch that it answers."""

    TAKEN = "taken"
    LATER = "later"
    TOO_LARGE = "too_large"
    WRONG = "wrong"
    LOCKED_OUT = "locked_out"


class Complaint(Struct, frozen=True):
    """What the server says of one event."""

    index: int = -1
    code: str = ""
    message: str = ""
    path: str = ""


class Answer(Struct, frozen=True):
    """An answer; `after` is for how many seconds the server asks to be left alone."""

    verdict: Verdict
    complaints: list[Complaint] = []
    duplicate: int = 0
    after: float = 0.0
    code: str = ""
    message: str = ""


class _Result(Struct):
    duplicate: int = 0
    errors: list[Complaint] = []
    code: str = ""
    message: str = ""


class _Body(Struct):
    result: _Result | None = None


_body = msgspec.json.Decoder(_Body)


class HttpTransport:
    """Sends batches to one address over a connection that is kept. Not for two threads at once."""

    def __init__(self, endpoint: str, key: str = "", *, headers: Sequence[tuple[str, str]] = (), timeout: float = 10.0):
        """`endpoint` is the server's URL, with or without a path; `timeout` is in seconds. Raises ValueError."""
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not the address of a server: {parts.scheme}://{parts.hostname or ''}")
        self._is_tls = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path if parts.path.strip("/") else PATH
        self._timeout = timeout
        self._headers = {"Content-Type": "application/json", "User-Agent": "footfall-tracker", **dict(headers)}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._connection: http.client.HTTPConnection | None = None

    def send(self, body: bytes) -> Answer:
        """Send a body and read the answer; whatever goes wrong on the way is an answer too."""
        headers = self._headers
        if len(body) > _SMALL:
            body, headers = gzip.compress(body, 1), headers | {"Content-Encoding": "gzip"}
        try:
            return self._exchange(body, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(Verdict.LATER, code="unreachable", message=type(error).__name__)

    def close(self) -> None:
        """Close the connection; the next `send` opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def forget(self) -> None:
        """After a fork: leave the parent's connection to the parent."""
        self._connection = None

    def _exchange(self, body: bytes, headers: dict[str, str]) -> Answer:
        is_new = self._connection is None
        try:
            return self._ask(body, headers)
        except (ConnectionError, http.client.RemoteDisconnected, http.client.CannotSendRequest):
            self.close()
            if is_new:
                raise
        return self._ask(body, headers)  # the server had closed the connection that was kept

    def _ask(self, body: bytes, headers: dict[str, str]) -> Answer:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request("POST", self._path, body, headers)
        response = self._connection.getresponse()
        content = response.read(_LONGEST_ANSWER)
        if response.will_close or not response.isclosed():
            self.close()
        return read_answer(response.status, response.headers.get("Retry-After"), content)

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_tls:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
        connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def read_answer(status: int, retry_after: str | None, content: bytes) -> Answer:
    """What a status and a body mean; a body that is none of footfall's is no fault."""
    result = _result(content)
    said: dict[str, Any] = {"code": result.code or f"http_{status}", "message": result.message}
    if 200 <= status < 300:
        return Answer(Verdict.TAKEN, result.errors, result.duplicate)
    if status == 413:
        return Answer(Verdict.TOO_LARGE, **said)
    if status in _WRONG:
        return Answer(Verdict.WRONG, **said)
    if status in (408, 425, 429) or status >= 500 or 300 <= status < 400:
        return Answer(Verdict.LATER, after=_seconds(retry_after), **said)
    return Answer(Verdict.LOCKED_OUT, after=_seconds(retry_after), **said)


def _result(content: bytes) -> _Result:
    try:
        return _body.decode(content).result or _Result()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Result()


def _seconds(value: str | None) -> float:
    """A Retry-After, in seconds or as a date; 0 where there is none that can be read."""
    if not value:
        return 0.0
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    except (ValueError, TypeError, OverflowError):
        return 0.0
