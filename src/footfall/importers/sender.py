"""Operations on accounts, sent through the front door as any client sends them, until they are on disk."""

import http.client
import threading
import time
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from footfall.dialects.identity.dialect import PATH
from footfall.dialects.identity.operation import Operation
from footfall.errors import TerminalError, TransientError

AT_MOST = 400  # operations in a request; each fires up to two events
PATIENCE_SECONDS = 60.0
_TIMEOUT_SECONDS = 30.0
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 15.0
_BUSY = (408, 429, 500, 502, 503, 504)


class Complaint(Struct, frozen=True):
    """What footfall has against an operation."""

    path: str = "$"
    message: str = ""


class Verdict(Struct, frozen=True):
    """What became of one operation."""

    id: str | None = None
    status: str = ""
    errors: list[Complaint] = []


class Receipt(Struct, frozen=True):
    """What became of operations, counted and one by one."""

    accepted: int
    duplicate: int
    rejected: int
    operations: list[Verdict]


class Taker(Protocol):
    """Where operations go."""

    def send(self, operations: list[Operation]) -> Receipt:
        """Hand over operations; when this returns they are safe. Raises TerminalError or TransientError."""


class _Params(Struct):
    errmsg: str | None = None


class _Refusal(Struct):
    params: _Params = msgspec.field(default_factory=_Params)


class _BusyError(TransientError):
    """Footfall asks to come again."""

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class OperationSender:
    """A kept connection to the collector at `url`; waits out what passes, for `patience` seconds or until `stop`."""

    def __init__(
        self, url: str, key: str | None, channel: str | None, stop: threading.Event, patience: float = PATIENCE_SECONDS
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise TerminalError("the address of footfall is written http://HOST:PORT or https://HOST")
        if key and key.startswith("ffp_"):
            raise TerminalError("an import needs a secret key: a public one may not say what administrators did")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, parts.port, timeout=_TIMEOUT_SECONDS)
        self._path = parts.path.rstrip("/") + PATH
        self._headers = {"Content-Type": "application/json", "User-Agent": "footfall-import"}
        self._headers |= {"Authorization": f"Bearer {key}"} if key else {}
        self._headers |= {"X-Channel-Id": channel} if channel else {}
        self._stop = stop
        self._patience = patience

    def send(self, operations: list[Operation]) -> Receipt:
        """Send operations, again and again while footfall is away or busy."""
        body = msgspec.json.encode(operations)
        deadline = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                reply = self._post(body)
                break
            except TransientError as error:
                wait = max(pause, error.retry_after if isinstance(error, _BusyError) else 0.0)
                if time.monotonic() + wait > deadline or self._stop.wait(wait):
                    raise
            pause = min(2 * pause, _LONGEST_PAUSE)
        if reply is not None:
            return reply
        half = len(operations) // 2
        return _sum(self.send(operations[:half]), self.send(operations[half:]))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def _post(self, body: bytes) -> Receipt | None:
        """The reply; None if the request was too large and can be halved."""
        try:
            self._connection.request("POST", self._path, body, self._headers)
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise TransientError(f"footfall cannot be reached: {type(error).__name__}") from error
        if answer.status == http.client.OK:
            return _decode(text)
        if answer.status in _BUSY:
            raise _BusyError(f"footfall is busy (HTTP {answer.status})", _seconds(answer.headers.get("Retry-After")))
        if answer.status == 413 and b"},{" in body:
            return None
        raise TerminalError(f"footfall refused the operations (HTTP {answer.status}): {_message(text)}")


def _decode(text: bytes) -> Receipt:
    try:
        return msgspec.json.decode(text, type=Receipt)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TerminalError("the answer is not one that footfall gives: is --url right?") from error


def _message(text: bytes) -> str:
    try:
        return msgspec.json.decode(text, type=_Refusal).params.errmsg or "no reason given"
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return "is --url right?"


def _sum(one: Receipt, other: Receipt) -> Receipt:
    return Receipt(
        one.accepted + other.accepted,
        one.duplicate + other.duplicate,
        one.rejected + other.rejected,
        one.operations + other.operations,
    )


def _seconds(header: str | None) -> float:
    try:
        return min(max(float(header or "1"), 0.0), 60.0)
    except ValueError:  # a date, which footfall does not send
        return 1.0
