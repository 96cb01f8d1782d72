"""One request with events on its way through a connection."""

from footfall.collector.request import RequestHead
from footfall.collector.responses import Reply
from footfall.collector.service import AcceptedRequest


class _Silent:
    """Stands where an ASGI cycle has the event on which its task waits."""

    def set(self) -> None:
        """Wake nobody."""


_SILENT = _Silent()


class Exchange:
    """One request with events; has what uvicorn looks for in a cycle.

    `channel` is that whose key it came with, empty where it is refused. `began` is in the loop's time; `held` is how
    many bytes of its body count against the limit of all connections. `started` says that all requests before it on
    the connection are answered, `is_judged` that its body is with somebody who will answer it, even if the client goes.
    """

    __slots__ = (
        "began",
        "body",
        "channel",
        "disconnected",
        "expects_continue",
        "head",
        "held",
        "is_judged",
        "keep_alive",
        "message_event",
        "more_body",
        "outcome",
        "response_complete",
        "size",
        "started",
    )

    def __init__(
        self,
        head: RequestHead,
        outcome: AcceptedRequest | Reply,
        *,
        keep_alive: bool,
        expects_continue: bool,
        began: float,
    ):
        self.head = head
        self.outcome = outcome
        self.channel = outcome.entry.channel.name if isinstance(outcome, AcceptedRequest) else ""
        self.keep_alive = keep_alive
        self.expects_continue = expects_continue
        self.began = began
        self.body: bytes | bytearray = b""
        self.size = 0
        self.held = 0
        self.is_judged = False
        self.started = False
        self.more_body = True
        self.response_complete = False
        self.disconnected = False
        self.message_event = _SILENT
