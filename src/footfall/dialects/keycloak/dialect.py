"""The dialect of Keycloak: what its webhooks send, as the operations on accounts that it stands for.

    POST /v1/keycloak/events        one event, or an array of events

A signature over the body as it arrived proves who sends, in the header that p2-inc/keycloak-events uses. Of each event
only what `KeycloakEvent` has is looked at. What has to be remembered of earlier events is remembered by this process
for itself; with several collectors, or none of the earlier events seen, single sign-on and the login that ends a
registration may be taken for ordinary logins. `footfall import keycloak URL` knows better.
"""

import hashlib
import hmac
from collections.abc import Sequence

import msgspec
from msgspec import Struct

from footfall.dialects.base import Answer, Dialect, Lost, Outcome, RefusalError, Request, Translation
from footfall.dialects.identity.dialect import Detail
from footfall.dialects.identity.operation import Operation, events
from footfall.dialects.keycloak.event import KeycloakEvent, ReadError
from footfall.dialects.keycloak.representations import read_object
from footfall.dialects.keycloak.rules import Ignored, decide, order
from footfall.dialects.keycloak.seen import SeenEvents
from footfall.schema.batch import Batch, BatchError, opening
from footfall.schema.envelope import Event
from footfall.schema.event_limits import EventLimits
from footfall.schema.json_text import JSON_ERRORS, where
from footfall.schema.reasons import Reason
from footfall.schema.stepwise import Steps, finish
from footfall.schema.verdict import Finding

PATH = "/v1/keycloak/events"
SIGNATURE = b"x-keycloak-signature"

_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_skim = msgspec.json.Decoder(msgspec.Raw)
_encode = msgspec.json.Encoder().encode


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one event of Keycloak's: `status` is accepted, duplicate, ignored or rejected."""

    index: int
    status: str
    operation: str = ""
    fired: list[str] = []
    errors: list[Detail] = []


class Receipt(Struct, frozen=True, kw_only=True):
    """The reply: `received` is the sum of the other four."""

    received: int
    accepted: int
    duplicate: int
    ignored: int
    rejected: int
    events: list[Report]


class Keycloak(Dialect):
    """POST /v1/keycloak/events; with a secret, every request has to be signed with it."""

    paths = (PATH,)

    def __init__(self, secret: str = "") -> None:
        self._secret = secret.encode()
        self._memory = SeenEvents()

    def translate(self, request: Request) -> Translation:
        """Read the events one by one; raises RefusalError for a request that is not to be trusted, or not JSON."""
        return finish(self.translating(request))

    def translating(self, request: Request) -> Steps[Translation]:
        """The same in slices."""
        self._authenticate(request)
        texts = yield from _open(request)
        pile = _Pile()
        for index, text in enumerate(texts):
            yield
            pile.put(bytes(text), "$" if len(texts) == 1 else f"$[{index}]", request.extent)
        pile.decide(self._memory, request.channel)
        return Translation(_encode(pile.events), pile.answer, pile.lost, is_vouched=bool(self._secret))

    def _authenticate(self, request: Request) -> None:
        if not self._secret:
            if not request.is_trusted:
                raise RefusalError(
                    403, Reason.KEY_FORBIDDEN, "Without the setting keycloak_secret, this path needs a secret key."
                )
            return
        given = request.headers.get(SIGNATURE, b"").strip().lower()
        if not given:
            raise RefusalError(401, Reason.SIGNATURE_MISSING, "The header X-Keycloak-Signature is missing.")
        if not hmac.compare_digest(given, sign(self._secret, request.raw)):
            says = "X-Keycloak-Signature is not the signature of this body by keycloak_secret."
            raise RefusalError(401, Reason.SIGNATURE_INVALID, says)


def sign(secret: bytes, body: bytes) -> bytes:
    """The signature of a body: HMAC-SHA256 in hexadecimal digits."""
    return hmac.new(secret, body, hashlib.sha256).hexdigest().encode()


class _Item(Struct):
    """An event of the request: what it stands for has its own events from the index `first` on."""

    found: KeycloakEvent | Finding
    path: str
    operation: Operation | None = None
    first: int = 0


class _Pile:
    """The events of a request."""

    def __init__(self) -> None:
        self._items: list[_Item] = []
        self.events: list[Event] = []
        self.lost: list[Lost] = []

    def put(self, text: bytes, path: str, extent: EventLimits) -> None:
        """Read an event."""
        excess = extent.fault(text)
        found = _read(text, path) if excess is None else Finding.make(excess.reason, path)
        self._items.append(_Item(found, path))

    def decide(self, memory: SeenEvents, channel: str) -> None:
        """Turn Keycloak's events into operations, in the order in which they happened, and these into their events."""
        readable = [(item.found, item) for item in self._items if isinstance(item.found, KeycloakEvent)]
        for event, item in sorted(readable, key=lambda pair: order(pair[0])):
            try:
                decided = decide(event, memory)
            except ReadError as error:
                item.found = _finding(error, item.path)
                continue
            if not isinstance(decided, Ignored):
                item.operation, item.first = decided, len(self.events)
                self.events += events(decided, channel)
        self.lost = [Lost([item.found]) for item in self._items if isinstance(item.found, Finding)]

    def answer(self, outcome: Outcome) -> Answer:
        """The reply, once the events have met their fates."""
        reports = [_report(index, item, outcome) for index, item in enumerate(self._items)]
        statuses = [report.status for report in reports]
        receipt = Receipt(
            received=len(reports),
            accepted=statuses.count("accepted"),
            duplicate=statuses.count("duplicate"),
            ignored=statuses.count("ignored"),
            rejected=statuses.count("rejected"),
            events=reports,
        )
        return Answer(200, _encode(receipt))


def _report(index: int, item: _Item, outcome: Outcome) -> Report:
    if isinstance(item.found, Finding):
        return Report(index=index, status="rejected", errors=[_detail(item.found)])
    if item.operation is None:
        return Report(index=index, status="ignored")
    fired = item.operation.fires
    places = range(item.first, item.first + len(fired))
    errors = [_detail(found) for place in places for found in outcome.rejected.get(place, ())]
    status = "duplicate" if all(place in outcome.duplicates for place in places) else "accepted"
    return Report(
        index=index,
        status="rejected" if errors else status,
        operation=item.operation.operation,
        fired=list(fired),
        errors=errors,
    )


def _read(text: bytes, path: str) -> KeycloakEvent | Finding:
    try:
        found = read_object(text)
        if found is None:
            raise ReadError("this is no event of Keycloak's", reason=Reason.MISSING_FIELD)
    except ReadError as error:
        return _finding(error, path)
    return found


def _finding(error: ReadError, path: str) -> Finding:
    return Finding.make(error.reason, path + error.path.removeprefix("$"), message=f"{error}.")


def _detail(found: Finding) -> Detail:
    return Detail(found.code, found.path, found.message, found.reason.hint, found.reason.docs)


def _open(request: Request) -> Steps[Sequence[bytes | msgspec.Raw]]:
    """The texts of the events; raises RefusalError."""
    body = request.body.removeprefix(_BOM).strip(_SPACE)
    try:
        if request.ndjson:
            batch = yield from opening(body, ndjson=True, at_most=request.at_most)
            return (yield from batch.parting(request.at_most))
        if body[:1] == b"[":
            return (yield from Batch(array=body).parting(request.at_most))
        _skim.decode(body)
    except BatchError as error:
        status = 413 if error.reason is Reason.TOO_MANY_EVENTS else 400
        raise RefusalError(status, error.reason, str(error), line=error.line, column=error.column) from None
    except JSON_ERRORS as error:
        at = where(body, error)
        raise RefusalError(400, Reason.MALFORMED_JSON, f"Not JSON: {at}.", line=at.line, column=at.column) from None
    return [body]
