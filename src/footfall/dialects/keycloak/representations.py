"""Keycloak's events as JSON: from its event store, from a webhook, from a gateway, and inside its JSON log.

| form | told by |
|---|---|
| event store, user event | `type` in capitals |
| event store, admin event | `operationType` |
| webhook of p2-inc/keycloak-events | `type` that begins with `access.` or `admin.` |
| kalisio/keycloak-event-gateway | `eventClass`; otherwise as the event store's |
| JSON log | `message` that is a log line, and `timestamp` |
"""

import re
from typing import Any

import msgspec
from msgspec import Raw, Struct

from footfall.dialects.keycloak.event import (
    MOST_NAMES,
    KeycloakEvent,
    ReadError,
    changed_names,
    check_text,
    check_time,
    check_type,
    is_name,
    make_key,
    split_path,
)
from footfall.dialects.keycloak.server_log import read_line
from footfall.schema.json_text import JSON_ERRORS, has_lone_surrogate, where
from footfall.schema.reasons import Reason

_USER_FIELDS = frozenset(
    (
        "username",
        "email",
        "emailVerified",
        "firstName",
        "lastName",
        "enabled",
        "credentials",
        "requiredActions",
        "groups",
        "realmRoles",
        "clientRoles",
        "federatedIdentities",
    )
)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")
_AT = re.compile(r" - at `([^`]*)`$")


class _Auth(Struct, rename="camel"):
    realm_id: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None


class _Body(Struct, rename="camel"):
    uid: str | None = None
    id: str | None = None
    time: int | None = None
    type: str | None = None
    realm_id: str | None = None
    realm_name: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    error: str | None = None
    details: dict[str, Any] | None = None
    operation_type: str | None = None
    resource_type: str | None = None
    resource_path: str | None = None
    representation: Raw = Raw()
    auth_details: _Auth | None = None
    message: Any = None
    timestamp: Any = None


class _Representation(Struct):
    enabled: Any = None
    attributes: Any = None


_body = msgspec.json.Decoder(_Body)
_text = msgspec.json.Decoder(str)
_members = msgspec.json.Decoder(dict[str, Raw])
_representation = msgspec.json.Decoder(_Representation)


def read_object(text: bytes) -> KeycloakEvent | None:
    """The event that a JSON object is; None for an object of a JSON log that is about something else.

    Raises ReadError.
    """
    body = _decode(text)
    if body.type is None and body.operation_type is None and isinstance(body.message, str):
        return read_line(_with_time(body.message, body.timestamp))
    if body.operation_type is None and body.type is None:
        says = "this is no event of Keycloak's: it has neither type nor operationType"
        raise ReadError(says, reason=Reason.MISSING_FIELD)
    kind, _, name = (body.type or "").partition(".")
    if kind == "access" and name:
        return _user_event(body, check_type(name, "$.type"), body.auth_details or _Auth(), "$.authDetails")
    if kind == "admin" and name:
        resource, _, operation = name.rpartition("-")
        return _admin_event(body, body.resource_type or resource, body.operation_type or operation)
    if body.operation_type is not None:
        return _admin_event(body, body.resource_type or "", body.operation_type)
    if name and kind.islower():
        return _foreign(body)
    own = _Auth(None, body.client_id, body.user_id, body.session_id)
    return _user_event(body, check_type(kind, "$.type"), own, "$")


def _decode(text: bytes) -> _Body:
    try:
        return _body.decode(text)
    except msgspec.ValidationError as error:
        found = _AT.search(str(error))
        path = found[1] if found else "$"
        raise ReadError(_AT.sub("", str(error)), path, Reason.WRONG_TYPE) from None
    except JSON_ERRORS as error:
        if has_lone_surrogate(text):  # a name cut in the middle of a character; nothing of it is kept anyway
            return _decode(_SURROGATE.sub(rb"\\ufffd", text))
        at = where(text, error)
        says = f"not JSON: {str(at).rpartition(' at line ')[0]} in column {at.column}"
        raise ReadError(says, reason=Reason.MALFORMED_LINE, line=at.line) from None


def _user_event(body: _Body, name: str, who: _Auth, at: str) -> KeycloakEvent:
    details = body.details or {}
    client = check_text(who.client_id, f"{at}.clientId")
    user = check_text(who.user_id, f"{at}.userId")
    session = check_text(who.session_id, f"{at}.sessionId")
    code = check_text(_detail(details, "code_id"), "$.details.code_id")
    moment = check_time(body.time, "$.time")
    error = body.error or ""
    return KeycloakEvent(
        key=make_key(body.id or body.uid or "", str(moment), name, client, user, session, code, error),
        at=moment,
        type=name,
        realm=check_text(body.realm_id, "$.realmId"),
        realm_name=_realm_name(body),
        client=client,
        user=user,
        session=session,
        code=session if code == session else code,
        provider=check_text(_detail(details, "identity_provider"), "$.details.identity_provider"),
        registered=check_text(_detail(details, "register_method"), "$.details.register_method"),
        grant=check_text(_detail(details, "grant_type"), "$.details.grant_type"),
        error=error[:200],
        credential=check_text(_detail(details, "credential_type"), "$.details.credential_type"),
        names=changed_names(details),
    )


def _admin_event(body: _Body, resource: str, operation: str) -> KeycloakEvent:
    resource = check_type(resource, "$.resourceType")
    operation = check_type(operation, "$.operationType")
    who = body.auth_details or _Auth()
    moment = check_time(body.time, "$.time")
    path = check_text((body.resource_path or "")[:200], "$.resourcePath")
    user, rest = split_path(path)
    if not user and not path:
        user = check_text(_detail(body.details or {}, "userId"), "$.details.userId")
    client = check_text(who.client_id, "$.authDetails.clientId")
    names, enabled = _represented(body.representation) if resource == "USER" and not rest else ((), None)
    return KeycloakEvent(
        key=make_key(body.id or body.uid or "", str(moment), resource, operation, path or user, client, str(enabled)),
        at=moment,
        type=f"{resource}-{operation}",
        realm=check_text(body.realm_id, "$.realmId"),
        realm_name=_realm_name(body),
        client=client,
        user=user,
        error=(body.error or "")[:200],
        rest=rest,
        names=names,
        enabled=enabled,
    )


def _foreign(body: _Body) -> KeycloakEvent:
    """An event that a webhook's extension makes of its own, such as `system.…`; there is nothing to it but its type."""
    moment = check_time(body.time, "$.time")
    given = body.id or body.uid or ""
    return KeycloakEvent(key=make_key(given, str(moment)), at=moment, type="OTHER", realm_name=_realm_name(body))


def _realm_name(body: _Body) -> str:
    """The realm's name; a webhook of the older kind has it in the place of authDetails.realmId only."""
    named = body.auth_details.realm_id if body.auth_details and (body.type or "").startswith("access.") else None
    return check_text(body.realm_name or named, "$.realmName")


def _detail(details: dict[str, Any], name: str) -> str | None:
    value = details.get(name)
    return value if isinstance(value, str) else None


def _represented(raw: Raw) -> tuple[tuple[str, ...], bool | None]:
    """The names of the attributes in a representation, and its `enabled`; nothing else of it is looked at.

    Keycloak cuts long ones off in its store; nothing can be read of such a one, and that is no fault of the event's.
    """
    text = bytes(raw)
    try:
        if text[:1] == b'"':
            text = _text.decode(text).encode("utf-8", "surrogatepass")
        members = _members.decode(text)
        found = _representation.decode(text)
    except (*JSON_ERRORS, msgspec.ValidationError):
        return (), None
    own = found.attributes if isinstance(found.attributes, dict) else {}
    names = [name for name in members if name in _USER_FIELDS]
    names += [f"attributes.{name}" for name in own if isinstance(name, str) and is_name(name)]
    return tuple(names[:MOST_NAMES]), found.enabled if isinstance(found.enabled, bool) else None


def _with_time(message: str, timestamp: object) -> str:
    return f"{timestamp} {message}" if isinstance(timestamp, str) else message
