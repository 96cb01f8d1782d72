"""The dialect of systems that keep accounts: operations come in, and go out as the events that each of them fires."""

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from footfall.dialects.base import Answer, Dialect, Lost, Outcome, RefusalError, Request, Translation
from footfall.dialects.identity.operation import Operation, events, read_operation
from footfall.schema.batch import Batch, BatchError, opening
from footfall.schema.envelope import Event
from footfall.schema.event_limits import EventLimits
from footfall.schema.json_text import JSON_ERRORS, MalformedJSONError, member_spans, read, skipping, where
from footfall.schema.reasons import Reason
from footfall.schema.stepwise import Steps, finish
from footfall.schema.verdict import Finding

PATH = "/v1/identity/operations"
_KEY = "operations"
_DETAILS = 1000  # after so many faults in a request, only the first of each further operation is told
_BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_SHAPES = 'Send an operation, an array of operations, or {"operations": [...]}.'
_HINTS = {
    Reason.MID_CONFLICT.code: "Give every operation its own id; repeat one only to send the same operation again.",
    Reason.UNKNOWN_FIELD.code: "Remove the field; attributes are named in changed, and their values are not sent.",
}

_skim = msgspec.json.Decoder(msgspec.Raw)
_encode = msgspec.json.Encoder().encode


class Detail(Struct, frozen=True):
    """One thing to say about an operation; never a value of it."""

    code: str
    path: str
    message: str
    hint: str
    docs: str


class Report(Struct, frozen=True, kw_only=True):
    """What became of one operation: `status` is accepted, duplicate, nothing_fired or rejected.

    `fired` are the types of its events and `mids` their mids, in order.
    """

    id: str | None
    index: int
    status: str
    fired: list[str] = []
    mids: list[str] = []
    errors: list[Detail] = []
    warnings: list[Detail] = []


class Receipt(Struct, frozen=True, kw_only=True):
    """The reply: `received` is the sum of `accepted`, `duplicate` and `rejected`."""

    received: int
    accepted: int
    duplicate: int
    rejected: int
    operations: list[Report]


class Identity(Dialect):
    """POST /v1/identity/operations."""

    paths = (PATH,)

    def translate(self, request: Request) -> Translation:
        """Read the operations one by one; raises RefusalError where they cannot be told apart."""
        return finish(self.translating(request))

    def translating(self, request: Request) -> Steps[Translation]:
        """The same in slices."""
        texts, path = yield from _open(request)
        pile = _Pile(request.channel, request.extent)
        for index, text in enumerate(texts):
            yield
            pile.put(bytes(text), path.format(index=index))
        return Translation(_encode(pile.events), pile.answer, pile.lost)


class _Item(Struct):
    """An operation of the request: its events are `types`, from the index `first` on, unless it is `faults`."""

    id: str | None
    types: tuple[str, ...] = ()
    first: int = 0
    mids: list[str] = []
    path: str = "$"
    faults: list[Finding] = []


class _Pile:
    """The operations of a request."""

    def __init__(self, channel: str, extent: EventLimits) -> None:
        self._channel = channel
        self._extent = extent
        self._items: list[_Item] = []
        self._told = 0
        self.events: list[Event] = []
        self.lost: list[Lost] = []

    def put(self, text: bytes, path: str) -> None:
        """Read one operation, and turn it into its events."""
        excess = self._extent.fault(text)
        value, fault = (None, excess) if excess is not None else read(text)
        if fault is None or fault.code == Reason.NOT_AN_OBJECT.code:
            found = read_operation(value, path)
        else:
            found = [_at(fault, path)]
        if isinstance(found, Operation):
            self._keep(found, path)
        else:
            self._lose(_id_of(value), path, found)

    def answer(self, outcome: Outcome) -> Answer:
        """The reply, once the events have met their fates."""
        reports = [_report(index, item, outcome) for index, item in enumerate(self._items)]
        statuses = [report.status for report in reports]
        duplicate, rejected = statuses.count("duplicate"), statuses.count("rejected")
        accepted = len(reports) - duplicate - rejected
        receipt = Receipt(
            received=len(reports), accepted=accepted, duplicate=duplicate, rejected=rejected, operations=reports
        )
        return Answer(200, _encode(receipt))

    def _keep(self, operation: Operation, path: str) -> None:
        fired = events(operation, self._channel)
        mids = [event.mid for event in fired]
        self._items.append(_Item(operation.id, operation.fires, len(self.events), mids, path))
        self.events += fired

    def _lose(self, name: str | None, path: str, faults: list[Finding]) -> None:
        told = faults if self._told < _DETAILS else faults[:1]
        self._told += len(told)
        self._items.append(_Item(name, path=path, faults=told))
        self.lost.append(Lost(told, eid="AUDIT"))


def _report(index: int, item: _Item, outcome: Outcome) -> Report:
    if item.faults:
        return Report(id=item.id, index=index, status="rejected", errors=_details(item.faults))
    places = range(item.first, item.first + len(item.types))
    conflicts = [place for place in places if place in outcome.rejected]
    kept = [place - item.first for place in places if place not in outcome.rejected]
    if conflicts:
        status = "rejected"
    elif not places:
        status = "nothing_fired"
    else:
        status = "duplicate" if all(place in outcome.duplicates for place in places) else "accepted"
    errors = [_conflict(found, item.path) for place in conflicts[:1] for found in outcome.rejected[place]]
    warnings = [_at(found, item.path) for place in places[:1] for found in outcome.warnings.get(place, ())]
    return Report(
        id=item.id,
        index=index,
        status=status,
        fired=[item.types[place] for place in kept],
        mids=[item.mids[place] for place in kept],
        errors=_details(errors),
        warnings=_details(warnings),
    )


def _conflict(found: Finding, path: str) -> Finding:
    if found.code != Reason.MID_CONFLICT.code:
        return Finding(found.code, path, None, found.message)
    message = "An operation with the same id but other content was taken before."
    return Finding.make(Reason.MID_CONFLICT, f"{path}.id", "string", message)


def _at(found: Finding, path: str) -> Finding:
    """A finding about an event or a text, as one about the operation at a path."""
    inner = ".time" if found.path == "$.ets" else ""
    return Finding(found.code, path + inner, found.found, found.message)


def _details(findings: Iterable[Finding]) -> list[Detail]:
    return [
        Detail(found.code, found.path, found.message, _HINTS.get(found.code, found.reason.hint), found.reason.docs)
        for found in findings
    ]


def _id_of(value: object) -> str | None:
    """The id of an operation that is not taken, as far as it is one."""
    found = value.get("id") if isinstance(value, dict) else None
    return found[:200] if isinstance(found, str) else None


def _open(request: Request) -> Steps[tuple[Sequence[bytes | msgspec.Raw], str]]:
    """The texts of the operations, and the JSON path of one, with `{index}` in it; raises RefusalError."""
    try:
        if request.ndjson:
            batch = yield from opening(request.body, ndjson=True, at_most=request.at_most)
            return (yield from batch.parting(request.at_most)), "$"
        return (yield from _open_json(request.body.removeprefix(_BOM), request.at_most))
    except MalformedJSONError as error:
        raise _malformed(error) from None
    except BatchError as error:
        raise _refused(error, request.at_most) from None


def _open_json(body: bytes, at_most: int) -> Steps[tuple[Sequence[bytes | msgspec.Raw], str]]:
    first = body.lstrip(_SPACE)[:1]
    if first == b"[":
        return (yield from Batch(array=body).parting(at_most)), "$[{index}]"
    try:
        _skim.decode(body)
    except JSON_ERRORS as error:
        found = error
        if first != b"{" or not (yield from skipping(body, found)):
            raise where(body, found) from None
    if first != b"{":
        raise BatchError(Reason.NOT_A_BATCH, f"The body is JSON, but holds no operations. {_SHAPES}")
    arrays = []
    for member in member_spans(body):
        if member is None:
            yield
        elif member[0] == _KEY:
            arrays.append(body[slice(*member[1])])
    if not arrays:
        return [body], "$"
    return (yield from _open_batch(arrays, at_most)), f"$.{_KEY}[{{index}}]"


def _open_batch(arrays: list[bytes], at_most: int) -> Steps[Sequence[bytes | msgspec.Raw]]:
    if len(arrays) > 1:
        raise BatchError(Reason.NOT_A_BATCH, f"The body names {_KEY} twice.")
    if not arrays[0].startswith(b"["):
        raise BatchError(Reason.NOT_A_BATCH, f"{_KEY} must be an array.")
    return (yield from Batch(array=arrays[0]).parting(at_most))


def _malformed(error: MalformedJSONError) -> RefusalError:
    return RefusalError(400, Reason.MALFORMED_JSON, f"Not JSON: {error}.", line=error.line, column=error.column)


def _refused(error: BatchError, at_most: int) -> RefusalError:
    if error.reason is Reason.TOO_MANY_EVENTS:
        return RefusalError(413, error.reason, f"A request holds at most {at_most:,} operations; split it.")
    return RefusalError(400, error.reason, str(error), line=error.line, column=error.column)
