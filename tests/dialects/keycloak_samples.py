"""Events as Keycloak has them in its store, as its webhook sends them, and as it writes them into its log.

Everything in them that is about a person holds the word `secret`.
"""

import json
from datetime import UTC, datetime
from typing import Any

from footfall.dialects.identity.operation import Operation
from footfall.dialects.keycloak.event import KeycloakEvent
from footfall.dialects.keycloak.representations import read_object
from footfall.dialects.keycloak.rules import Ignored, decide, order
from footfall.dialects.keycloak.seen import SeenEvents

Json = dict[str, Any]

NOON = 1_795_262_400_000
ANN = "0b6c1d1e-4c0f-4a51-9d0b-5a3f8a1e7c01"
BOB = "77bd21aa-90ee-4c3f-8b1e-2f6a11d5c930"
ADMIN = "51383fc6-4243-4c1f-afc1-84986e6624c6"
REALM = "3892b252-b2ed-4060-bca0-105ff5a7ef3b"
SECRET = "secret"
PERSONAL = {
    "username": "secret-name",
    "email": "secret@example.org",
    "first_name": "Secret",
    "last_name": "secret",
    "identity_provider_identity": "secret@idp.example",
    "redirect_uri": "https://portal.example/?state=secret",
}


def user_event(kind: str, at: int = 0, **over: Any) -> Json:
    """A user event, `at` milliseconds after noon. Details are added to; other fields are replaced, or taken out."""
    details = PERSONAL | {"auth_method": "openid-connect"} | over.pop("details", {})
    whole: Json = {
        "id": f"{kind.lower()}-{at}-{str(over.get('userId', ANN))[:8].strip()}",
        "time": NOON + at,
        "type": kind,
        "realmId": REALM,
        "clientId": "portal",
        "userId": ANN,
        "sessionId": None,
        "ipAddress": "203.0.113.77",
        "details": details,
    }
    return {name: value for name, value in (whole | over).items() if value is not None}


def login(at: int = 0, session: str = "session-1", **over: Any) -> Json:
    """A LOGIN, of a session that has the id of the authentication before it, as always."""
    details = {"code_id": session, **over.pop("details", {})}
    return user_event("LOGIN", at, **({"sessionId": session} | over), details=details)


def register(at: int = 0, session: str = "session-1", **over: Any) -> Json:
    """A REGISTER by form; there is no session yet, but the authentication that will lead to it."""
    details = {"code_id": session, "register_method": "form", **over.pop("details", {})}
    return user_event("REGISTER", at, **over, details=details)


def admin_event(
    operation: str, at: int = 0, *, user: str = ANN, rest: str = "", resource: str = "USER", **over: Any
) -> Json:
    """An admin event about a user, or about something below one."""
    represented = over.pop("representation", None)
    whole: Json = {
        "id": f"{resource.lower()}-{operation.lower()}-{at}-{user[:8]}",
        "time": NOON + at,
        "realmId": REALM,
        "authDetails": {"realmId": "master", "clientId": "c-1", "userId": ADMIN, "ipAddress": "203.0.113.77"},
        "operationType": operation,
        "resourceType": resource,
        "resourcePath": f"users/{user}{'/' if rest else ''}{rest}",
        "representation": json.dumps(represented) if isinstance(represented, dict) else represented,
    }
    return {name: value for name, value in (whole | over).items() if value is not None}


PROFILE = {
    "id": ANN,
    "createdTimestamp": NOON,
    "username": "secret-name",
    "enabled": True,
    "emailVerified": True,
    "firstName": "Secret",
    "lastName": "secret",
    "email": "secret@example.org",
    "attributes": {"phone": ["+91 secret"], "not a name: secret": ["x"]},
    "requiredActions": [],
    "access": {"manage": True},
}


def webhook(event: Json, uid: str | None = None, *, with_id: bool = False) -> Json:
    """The same event as p2-inc/keycloak-events sends it."""
    is_admin = "operationType" in event
    kind = f"admin.{event['resourceType']}-{event['operationType']}" if is_admin else f"access.{event['type']}"
    who = event.get("authDetails") or {
        "realmId": "school",
        "clientId": event.get("clientId"),
        "userId": event.get("userId"),
        "ipAddress": "203.0.113.77",
        "sessionId": event.get("sessionId"),
        "username": "secret-name",
    }
    body = {"uid": uid or f"uid-{event['id']}", "time": event["time"], "realmId": REALM, "type": kind}
    body |= {"authDetails": who, "details": event.get("details", {})}
    for name in ("resourceType", "operationType", "resourcePath", "representation", "error"):
        body |= {name: event[name]} if name in event else {}
    return body | ({"id": event["id"]} if with_id else {})


def log_line(event: Json, quote: str = '"', prefix: str | None = None) -> str:
    """The same event as Keycloak writes it into its log; in older servers, bare values have no quotes."""
    at = datetime.fromtimestamp(event["time"] / 1000, UTC)
    before = f"{at:%Y-%m-%d %H:%M:%S},{event['time'] % 1000:03d} WARN  [org.keycloak.events] (executor-thread-1) "
    who = event.get("authDetails", event)
    head = {"operationType": event["operationType"]} if "operationType" in event else {"type": event["type"]}
    pairs = head | {"realmId": event["realmId"], "clientId": who.get("clientId"), "userId": who.get("userId")}
    pairs |= {"sessionId": event["sessionId"]} if quote and "sessionId" in event else {}
    pairs |= {"ipAddress": "203.0.113.77"}
    pairs |= {name: event[name] for name in ("resourceType", "resourcePath", "error") if name in event}
    pairs |= event.get("details", {})
    written = ", ".join(f"{name}={_quoted(str(value or 'null'), quote)}" for name, value in pairs.items())
    return (before if prefix is None else prefix) + written


def _quoted(value: str, quote: str) -> str:
    if quote:
        return quote + value.replace(quote, "\\" + quote) + quote
    return f"'{value}'" if " " in value else value


def read(event: Json) -> KeycloakEvent:
    """What is kept of an event."""
    found = read_object(json.dumps(event).encode())
    assert found is not None
    return found


def decide_all(events: list[Json], memory: SeenEvents | None = None) -> list[Operation | Ignored]:
    """What events stand for, put in their order and taken in one go."""
    memory = memory or SeenEvents()
    return [decide(event, memory) for event in sorted(map(read, events), key=order)]


def names(decided: list[Operation | Ignored]) -> list[str]:
    """The operations' names; a hyphen stands for what is ignored."""
    return [_name(one) for one in decided]


def _name(one: Operation | Ignored) -> str:
    if isinstance(one, Ignored):
        return "-"
    return f"{one.operation} failed" if one.has_failed else one.operation


def fired(decided: list[Operation | Ignored]) -> list[str]:
    """The types of all events that the operations fire."""
    return [name for one in decided if isinstance(one, Operation) for name in one.fires]
