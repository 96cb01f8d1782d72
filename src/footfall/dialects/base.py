"""What a dialect is to the collector: paths that it answers, and a translation of what is sent there.

The collector does everything else as for /v1/telemetry: keys, rates, limits, encodings, CORS, timeouts, the journal.
A dialect gets the whole body, and gives back V3 events together with a function that words the reply once it is known
what became of them:

    class Greeting(Dialect):
        paths = ("/v1/greetings",)

        def translate(self, request: Request) -> Translation:
            if not request.body:
                raise RefusalError(400, Reason.NOT_A_BATCH, "A greeting has a body.")
            return Translation(events, lambda outcome: Answer(200, b'{"repeated":%d}' % len(outcome.duplicates)))

It is put into service in `footfall.collector.dialect_router`.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct

from footfall.schema.event_limits import EventLimits
from footfall.schema.reasons import Reason
from footfall.schema.stepwise import Steps
from footfall.schema.verdict import Finding

Headers = tuple[tuple[bytes, bytes], ...]


class Request(Struct, frozen=True):
    """One request whose key was good. Header names are in lower case.

    `path` is the one in the dialect's `paths`; `body` is without encodings, `raw` is as it arrived; `now` is in epoch
    milliseconds. Events belong in `channel`. `peer` is the client's address, empty where it is not known; behind a
    proxy it is the proxy's. `is_trusted` says that the key is secret or none is needed: it was not sent by a browser.
    There may be `at_most` events, each within `extent`, which a dialect has to see to before it decodes one.
    Others may send what `schema.trust` lets them, and the event types in `public_types`; the collector sees to that.
    """

    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    channel: str
    peer: str
    is_trusted: bool
    public_types: tuple[str, ...]
    now: int
    raw: bytes
    body: bytes
    ndjson: bool
    at_most: int
    extent: EventLimits = EventLimits()


class Answer(Struct, frozen=True):
    """A reply; `headers` replace the ordinary content type, and CORS headers are added to them."""

    status: int
    body: bytes
    headers: Headers = ((b"content-type", b"application/json"),)


class Outcome(Struct, frozen=True):
    """What became of the events of a translation, by their index; those in neither of the first two were accepted."""

    duplicates: frozenset[int] = frozenset()
    rejected: Mapping[int, list[Finding]] = {}
    warnings: Mapping[int, list[Finding]] = {}


class Lost(Struct, frozen=True):
    """Something that could not become an event; it is kept as a rejected one, without what it said."""

    findings: list[Finding]
    mid: str | None = None
    eid: str | None = None
    ets: float | None = None


class Translation(Struct, frozen=True):
    """V3 events as the text of a JSON array, what was lost, and how the reply is worded once all that is on disk.

    With neither events nor losses nothing is written. `sent_at` is the sender's clock at sending (epoch ms); where it
    is known, the events' times are corrected by how far it is off. `warnings` are stored with the events, by index.
    `is_vouched` says that the sender has proved by other means than the key who it is.
    """

    events: bytes
    answer: Callable[[Outcome], Answer]
    lost: list[Lost] = []
    sent_at: float | None = None
    warnings: Mapping[int, list[Finding]] = {}
    is_vouched: bool = False


class RefusalError(Exception):
    """A request is refused as a whole, and nothing of it is kept; `answer` takes the place of the ordinary reply."""

    def __init__(
        self,
        status: int,
        reason: Reason,
        detail: str | None = None,
        *,
        answer: Answer | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(detail or reason.sentence)
        self.status = status
        self.reason = reason
        self.answer = answer
        self.line = line
        self.column = column


class Dialect:
    """Answers POST at `paths`, which begin with a slash and end without; clients may add one. Keeps no state."""

    paths: tuple[str, ...] = ()

    def translate(self, request: Request) -> Translation:
        """Say the same in V3; raises RefusalError."""
        raise NotImplementedError

    def translating(self, request: Request) -> Steps[Translation]:
        """`translate` in slices, for dialects of which a request may hold many events."""
        yield
        return self.translate(request)

    def refuse(self, error: RefusalError) -> Answer | None:
        """The dialect's own words where the collector refuses (401, 403, 405, 413, 429, 503 …); None for ours."""
        return error.answer
