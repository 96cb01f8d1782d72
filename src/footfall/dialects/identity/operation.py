"""One thing that happened to one account, as a system that keeps accounts says it; and the V3 events that stand for it.

Nothing here holds what an attribute was or became.
"""

import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from footfall.dialects.identity.rules import ENTITY_TYPES, METHODS, ROWS, SYSTEM_SURFACES, Method, Name, Row, Surface
from footfall.dialects.schema_errors import list_faults
from footfall.schema.envelope import Actor, Context, Correlation, Object, Producer
from footfall.schema.events import Audit, AuditData
from footfall.schema.reasons import Reason
from footfall.schema.verdict import Finding

ENV = "identity"
_NAMESPACE = uuid.UUID("3c0f8e6e-6a7f-5d0b-9a0e-1f6a2f9f5d11").bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST = 946_684_800_000  # 2000-01-01; a smaller number is in seconds
_LATEST = 253_402_300_799_999
_MILLISECOND = timedelta(milliseconds=1)
_TIME = "Send epoch milliseconds, or ISO 8601 with an offset such as 2026-11-21T10:04:05.107Z."
_NO_PROVIDERS = ("self", "password", "local", "traditional", "none", "null")
_NAMES = "send the names of the attributes that changed, never their values."

_Moment = Annotated[datetime, Meta(tz=True)]
Id = Annotated[str, Meta(min_length=1, max_length=200)]
Slug = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$(?!\n)",
        max_length=100,
        extra={"advice": "letters, digits, full stops, hyphens and underscores."},
    ),
]
AttributeName = Annotated[
    str,
    Meta(
        pattern=r"^(urn:[A-Za-z0-9:._-]+|[A-Za-z_][A-Za-z0-9_.#\[\]-]*)$(?!\n)",
        min_length=1,
        max_length=200,
        extra={"advice": _NAMES},
    ),
]


class Operation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One operation. `id` is the same in every resend; `time` is epoch milliseconds or ISO 8601.

    `user` may be missing only where a registration or sign-in failed, and `time` where the id is a UUID of version 7,
    which holds one. `changed` are names of attributes.
    """

    id: Id
    operation: Name
    surface: Surface
    time: int | float | str | UnsetType = UNSET
    user: Id | UnsetType = UNSET
    provider: Slug | UnsetType = UNSET
    client: Id | UnsetType = UNSET
    method: Method | UnsetType = UNSET
    changed: Annotated[list[AttributeName], Meta(max_length=200, extra={"advice": _NAMES})] | UnsetType = UNSET
    session: Id | UnsetType = UNSET
    outcome: Literal["succeeded", "failed"] | UnsetType = UNSET
    reason: Slug | UnsetType = UNSET

    @property
    def has_failed(self) -> bool:
        """Whether nothing came of it."""
        return self.outcome == "failed"

    @property
    def row(self) -> Row:
        """Its row of the table."""
        if self.operation not in METHODS:
            return ROWS[self.operation, None]
        return ROWS[self.operation, self.method or ("provider" if self.provider else "password")]

    @property
    def fires(self) -> tuple[str, ...]:
        """The types of the events that it fires, in order."""
        if self.has_failed:
            return (self.row.fails,) if self.row.fails else ()
        return self.row.fires


def read_operation(value: object, path: str = "$") -> Operation | list[Finding]:
    """The operation that a decoded value is, or all that is wrong with it, under a JSON path."""
    try:
        operation = msgspec.convert(value, Operation)
    except msgspec.ValidationError:
        return list_faults(value, Operation, path)
    return _contradictions(operation, path) or operation


def occurred_at(operation: Operation) -> int | None:
    """When it happened, epoch milliseconds; None if the operation does not say so in a way that can be read."""
    moment = _moment(operation)
    return int(moment) if moment is not None and _EARLIEST <= moment <= _LATEST else None


def events(operation: Operation, channel: str) -> list[Audit]:
    """The V3 events that stand for an operation in which nothing is wrong, in order."""
    moment = occurred_at(operation)
    if moment is None:
        raise ValueError("the operation has no time")
    actor = _actor(operation)
    about = Object(id=operation.user or UNSET, type="User")
    context = Context(
        channel=channel,
        env=ENV,
        pdata=Producer(id=operation.client or ""),
        sid=operation.session,
        cdata=_correlations(operation),
    )
    return [
        Audit(
            ets=moment,
            ver="3.0",
            mid=event_mid(operation.id, name),
            actor=actor,
            context=context,
            object=about,
            edata=_data(operation, name),
        )
        for name in operation.fires
    ]


def event_mid(operation: str, event_type: str) -> str:
    """The mid of the event of this type that an operation with this id fires; the same in every resend."""
    # uuid.uuid5 by hand, as that one takes text only.
    digest = hashlib.sha1(_NAMESPACE + f"{event_type}\0{operation}".encode(), usedforsecurity=False).digest()
    return f"AUDIT:{uuid.UUID(bytes=digest[:16], version=5)}"


def _contradictions(operation: Operation, path: str) -> list[Finding]:
    """What is wrong with an operation whose every field is right for itself."""
    found = [
        _fault(path, name, says)
        for name, says in (_surface(operation), _method(operation), _provider(operation), _reason(operation))
        if says
    ]
    found += _missing(operation, path)
    if operation.time is not UNSET and occurred_at(operation) is None:
        found.append(_fault(path, "time", f"time is no time after 2000 that can be read. {_TIME}"))
    return found


def _surface(operation: Operation) -> tuple[str, str]:
    allowed = next(row.surfaces for row in ROWS.values() if row.operation == operation.operation)
    if operation.surface in allowed:
        return "surface", ""
    return "surface", f"{operation.operation} does not happen by {operation.surface}, but by {', '.join(allowed)}."


def _method(operation: Operation) -> tuple[str, str]:
    if operation.method is UNSET:
        return "method", ""
    if operation.operation not in METHODS:
        return "method", f"{operation.operation} has no method; {' and '.join(sorted(METHODS))} have."
    return "method", ""


def _provider(operation: Operation) -> tuple[str, str]:
    if operation.provider and operation.method == "password":
        return "provider", "Where the method is password, there is no provider."
    if operation.provider in _NO_PROVIDERS:
        return "provider", "provider names another party that vouches for the user; leave it out where there is none."
    return "provider", ""


def _reason(operation: Operation) -> tuple[str, str]:
    is_odd = operation.reason is not UNSET and not operation.has_failed
    return "reason", "reason says why an operation failed; send outcome failed with it." if is_odd else ""


def _missing(operation: Operation, path: str) -> list[Finding]:
    found = []
    may_be_nobody = operation.has_failed and operation.operation in ("register", "login", "sso")
    if operation.user is UNSET and not may_be_nobody:
        found.append(_absent(path, "user", "user is required, except where a registration or sign-in failed."))
    if operation.method == "provider" and operation.provider is UNSET:
        found.append(_absent(path, "provider", "provider is required where the method is provider."))
    if operation.time is UNSET and _time_of_id(operation.id) is None:
        says = f"time is required, so that a resend is the same event; only a UUID of version 7 holds its own. {_TIME}"
        found.append(_absent(path, "time", says))
    return found


def _fault(path: str, name: str, says: str) -> Finding:
    return Finding.make(Reason.VALUE_NOT_ALLOWED, f"{path}.{name}", "string", says)


def _absent(path: str, name: str, says: str) -> Finding:
    return Finding.make(Reason.MISSING_FIELD, f"{path}.{name}", message=says)


def _moment(operation: Operation) -> float | None:
    if operation.time is UNSET:
        return _time_of_id(operation.id)
    return _time_of_text(operation.time) if isinstance(operation.time, str) else operation.time


def _time_of_text(text: str) -> int | None:
    try:
        moment: datetime = msgspec.convert(text, _Moment)
        return (moment - _EPOCH) // _MILLISECOND
    except (msgspec.ValidationError, OverflowError):
        return None


def _time_of_id(text: str) -> int | None:
    """The time in a UUID of version 7; None for any other id."""
    try:
        found = uuid.UUID(text)
    except ValueError:
        return None
    moment = found.int >> 80
    return moment if found.version == 7 and moment >= _EARLIEST else None


def _actor(operation: Operation) -> Actor:
    if operation.surface in SYSTEM_SURFACES:
        return Actor(id=operation.client or operation.surface, type="System")
    return Actor(id=operation.user or "", type="User")


def _correlations(operation: Operation) -> list[Correlation]:
    pairs = (
        ("operation", operation.id),
        ("provider", operation.provider),
        ("surface", operation.surface),
        ("reason", operation.reason),
    )
    return [Correlation(type=kind, id=name) for kind, name in pairs if name]


def _data(operation: Operation, name: str) -> AuditData:
    if name not in ENTITY_TYPES:
        return AuditData(type=name)
    row = operation.row
    changed = list(operation.changed or row.changed)
    return AuditData(type=name, props=changed or UNSET, state=row.state or UNSET, prevstate=row.prevstate or UNSET)
