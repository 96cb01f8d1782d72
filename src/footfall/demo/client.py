"""A connection to a running footfall, over which things are sent as its clients send them."""

import http.client
import threading
import time
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from msgspec import Struct

from footfall.demo.endpoints import Endpoint, Parcel
from footfall.errors import TerminalError, TransientError

PATIENCE_S = 60.0

_MOST_PAUSE_S = 30.0
_FIRST_PAUSE_S = 0.05
_MOST_BACKOFF_S = 5.0
_TIMEOUT_S = 30.0


class Sent(Struct, frozen=True):
    """How many things were sent (events, operations, what an LMS tracked), and what the answers said became of them.

    An LMS is not told of duplicates: they count as accepted.
    """

    events: int = 0
    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0

    def __add__(self, other: "Sent") -> "Sent":
        return Sent(
            self.events + other.events,
            self.accepted + other.accepted,
            self.duplicate + other.duplicate,
            self.rejected + other.rejected,
        )


class RefusedBatchError(TerminalError):
    """The server does not take the request, or is no footfall; says the status."""


class BusyError(TransientError):
    """The server asks to come back later."""

    def __init__(self, status: int, retry_after: float) -> None:
        super().__init__(f"the server is busy (HTTP {status})")
        self.retry_after = retry_after


class UnreachableError(TransientError):
    """No connection, or one that broke before the answer came."""

    retry_after = 0.0  # the sender chooses


class _Result(Struct):
    accepted: int
    duplicate: int
    rejected: int


class _Reply(Struct):
    result: _Result


class _Received(Struct):
    received: bool


class Client:
    """A kept-alive connection to one footfall; use it from one thread at a time."""

    def __init__(
        self, url: str, key: str | None = None, stop: threading.Event | None = None, patience_s: float = PATIENCE_S
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise RefusedBatchError("the address must begin with http:// or https:// and name a host")
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = connect(parts.hostname, parts.port, timeout=_TIMEOUT_S)
        self._base = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/json", "User-Agent": "footfall-demo"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._stop = stop or threading.Event()
        self._patience_s = patience_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def send(self, parcel: Parcel) -> Sent:
        """Send a parcel, again and again while the server is away or busy, until patience ends.

        Raises RefusedBatchError, or what stood in the way last: BusyError, UnreachableError.
        """
        if parcel.way is not Endpoint.LMS:
            return self._insist(parcel)
        return sum((self._insist(Parcel(parcel.way, [text])) for text in parcel.texts), Sent())

    def _insist(self, parcel: Parcel) -> Sent:
        deadline = time.monotonic() + self._patience_s
        backoff = _FIRST_PAUSE_S
        message = uuid4().hex
        while True:
            try:
                return self._post(parcel, message)
            except TransientError as error:
                pause = min(error.retry_after or backoff, _MOST_PAUSE_S)
                if time.monotonic() + pause > deadline or self._stop.wait(pause):
                    raise
            backoff = min(2 * backoff, _MOST_BACKOFF_S)

    def _post(self, parcel: Parcel, message: str) -> Sent:
        body = _body(parcel, message)
        try:
            self._connection.request("POST", self._base + parcel.way.value, body, self._headers)
            response = self._connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise UnreachableError(f"the server cannot be reached: {type(error).__name__}") from error
        if response.status in (429, 503):
            raise BusyError(response.status, _retry_after(response.headers.get("Retry-After")))
        return _read(parcel, response.status, answer)


def _body(parcel: Parcel, message: str) -> bytes:
    """What is posted; events are stamped anew at each try, so that a retry does not look like a slow clock."""
    things = b",".join(parcel.texts)
    match parcel.way:
        case Endpoint.TELEMETRY:
            head = f'{{"id":"api.telemetry","ver":"3.0","params":{{"msgid":"{message}"}},"ets":{now_ms()},"events":['
            return head.encode() + things + b"]}"
        case Endpoint.IDENTITY:
            return b'{"operations":[' + things + b"]}"
        case Endpoint.LMS:
            return things


def _read(parcel: Parcel, status: int, answer: bytes) -> Sent:
    count = len(parcel.texts)
    if parcel.way is Endpoint.LMS and status == 400:
        return Sent(count, rejected=count)
    if status != (201 if parcel.way is Endpoint.LMS else 200):
        raise RefusedBatchError(f"the server refused what was sent to {parcel.way.value} (HTTP {status})")
    try:
        if parcel.way is Endpoint.LMS:
            msgspec.json.decode(answer, type=_Received)
            return Sent(count, accepted=count)
        telemetry = parcel.way is Endpoint.TELEMETRY
        result = (
            msgspec.json.decode(answer, type=_Reply).result if telemetry else msgspec.json.decode(answer, type=_Result)
        )
    except msgspec.DecodeError as error:
        raise RefusedBatchError("the answer is not one that footfall gives") from error
    return Sent(count, result.accepted, result.duplicate, result.rejected)


def _retry_after(header: str | None) -> float:
    try:
        return max(float(header or "1"), 0.0)
    except ValueError:  # a date, which footfall does not send
        return 1.0


def now_ms() -> int:
    """Now, epoch milliseconds."""
    return time.time_ns() // 1_000_000
