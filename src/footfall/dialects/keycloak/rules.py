"""Which identity operation an event of Keycloak's stands for.

Keycloak does not say some of what has to be known, so it is inferred:

1. A login by way of an identity provider is a LOGIN with `identity_provider` among its details; no other event is
   needed for it, and some servers send none.
2. A LOGIN does not say whether somebody signed in or a cookie did. One of a session that began at another client is
   an automatic sign-in (SSO).
3. REGISTER is followed by a LOGIN, which is part of the registration and nothing of its own.
4. An UPDATE of a user holds all of the account. One that says that it is enabled ends a deactivation only if there was
   one, or if it says nothing else.
"""

from collections.abc import Callable

from msgspec import UNSET, Struct

from footfall.dialects.identity.operation import Operation
from footfall.dialects.identity.rules import METHODS, Method, Name, Surface
from footfall.dialects.keycloak.event import KeycloakEvent, ReadError, digest, slug
from footfall.dialects.keycloak.seen import SeenEvents
from footfall.schema.reasons import Reason

SAME_SESSION_MS = 3_600_000
SAME_USER_MS = 60_000
PREFIX = "keycloak:"
AFTER_REGISTER = "LOGIN that ends a REGISTER"

_UPDATES: dict[str, tuple[str, ...]] = {
    "UPDATE_PROFILE": (),
    "UPDATE_EMAIL": ("email",),
    "VERIFY_EMAIL": ("emailVerified",),
    "UPDATE_PASSWORD": ("password",),
    "RESET_PASSWORD": ("password",),
    "UPDATE_TOTP": ("totp",),
    "REMOVE_TOTP": ("totp",),
    "UPDATE_CREDENTIAL": (),
    "REMOVE_CREDENTIAL": (),
    "USER-UPDATE": (),
    "USER-ACTION": ("password",),
}
_CREDENTIALS = ("UPDATE_CREDENTIAL", "REMOVE_CREDENTIAL")
_TOLD_TWICE = ("", "password", "otp")  # the older types UPDATE_PASSWORD and UPDATE_TOTP are sent beside these
_LOCKOUT = "USER_DISABLED_BY_PERMANENT_LOCKOUT"
_LOCKOUTS = (_LOCKOUT, "USER_DISABLED_BY_TEMPORARY_LOCKOUT")
_RESET = "reset-password"
_SILENT = ("login_required", "interaction_required")  # answers to a page that asked whether there is a session

# Decisions that are no operation.
_FOLDED = "folded"
_NOTHING = "nothing"
_NOBODY = "nobody"


class Ignored(Struct, frozen=True):
    """An event that stands for nothing; `what` says which kind, for counting."""

    what: str


def matters(event: KeycloakEvent) -> bool:
    """Whether the event can stand for an operation at all; most, such as token traffic, cannot."""
    if event.is_admin:
        return event.type in _RULES and event.rest == (_RESET if event.type == "USER-ACTION" else "")
    if event.base in _CREDENTIALS and event.credential in _TOLD_TWICE:
        return False
    return event.base in _RULES or event.type == "IDENTITY_PROVIDER_LOGIN_ERROR"


def order(event: KeycloakEvent) -> tuple[int, bool, str]:
    """What to sort events by, so that what happened first comes first, a registration before its login."""
    return event.at, event.base != "REGISTER", event.key


def decide(event: KeycloakEvent, memory: SeenEvents) -> Operation | Ignored:
    """The operation that an event stands for; events are to be decided in their order.

    What was decided of an event holds when it comes again. Raises ReadError when it does not say whom it is about.
    """
    if not matters(event):
        return Ignored(f"{event.type} of a part" if event.rest and event.type in _RULES else event.type)
    decision = memory.decided(event)
    if not decision:
        decision = _failure(event) if event.has_failed else _success(event, memory)
        memory.decide(event, decision)
    if decision == _NOBODY:
        raise ReadError("the event does not say which user it is about", "$.userId", Reason.MISSING_FIELD)
    if decision in (_FOLDED, _NOTHING):
        return Ignored(AFTER_REGISTER if decision == _FOLDED else event.type)
    return _operation(event, _NAMES[decision])


def _success(event: KeycloakEvent, memory: SeenEvents) -> str:
    return _RULES[event.type](event, memory) if event.user else _NOBODY


def _failure(event: KeycloakEvent) -> str:
    """What was tried in vain."""
    if event.base in ("LOGIN", "IDENTITY_PROVIDER_LOGIN"):
        return "sso" if event.error in _SILENT else "login"
    if event.base == "REGISTER":
        return "register"
    if not event.user:
        return _NOTHING
    if event.base in ("DELETE_ACCOUNT", "USER-DELETE"):
        return "delete"
    return "update" if event.base in _UPDATES else _NOTHING


def _register(event: KeycloakEvent, memory: SeenEvents) -> str:
    memory.register(event)
    return "register"


def _login(event: KeycloakEvent, memory: SeenEvents) -> str:
    is_elsewhere = memory.is_elsewhere(event)
    if _ends_registration(event, memory):
        return _FOLDED
    return "sso" if is_elsewhere else "login"


def _ends_registration(event: KeycloakEvent, memory: SeenEvents) -> bool:
    found = memory.registration(event)
    if found is None or found.is_folded or event.at < found.at:
        return False
    codes = {digest("code", code) for code in (event.code, event.session) if code}
    within = SAME_SESSION_MS if found.code in codes else SAME_USER_MS
    found.is_folded = event.at - found.at <= within
    return found.is_folded


def _lock(event: KeycloakEvent, memory: SeenEvents) -> str:
    if event.type == _LOCKOUT:
        memory.disable(event)
    return "deactivate"


def _delete(event: KeycloakEvent, memory: SeenEvents) -> str:
    memory.enable(event)
    return "delete"


def _administer(event: KeycloakEvent, memory: SeenEvents) -> str:
    is_disabled = memory.is_disabled(event)
    if event.enabled is False and not is_disabled:
        memory.disable(event)
        return "deactivate"
    if event.enabled and (is_disabled or event.names in ((), ("enabled",))):
        memory.enable(event)
        return "reactivate"
    return "update"


_RULES: dict[str, Callable[[KeycloakEvent, SeenEvents], str]] = {
    "REGISTER": _register,
    "LOGIN": _login,
    **dict.fromkeys(_UPDATES, lambda *_: "update"),
    **dict.fromkeys(_LOCKOUTS, _lock),
    "DELETE_ACCOUNT": _delete,
    "USER-CREATE": lambda *_: "create",
    "USER-UPDATE": _administer,
    "USER-DELETE": _delete,
}
_NAMES: dict[str, Name] = {
    "register": "register",
    "login": "login",
    "sso": "sso",
    "create": "create",
    "update": "update",
    "deactivate": "deactivate",
    "reactivate": "reactivate",
    "delete": "delete",
}


def _operation(event: KeycloakEvent, name: Name) -> Operation:
    provider = _provider(event)
    method: Method = "provider" if provider else "password"
    session = event.session or event.code
    return Operation(
        id=PREFIX + event.key,
        operation=name,
        surface=_surface(event),
        time=event.at,
        user=event.user or UNSET,
        provider=slug(provider) if provider else UNSET,
        client=event.client or UNSET,
        method=method if name in METHODS else UNSET,
        changed=_changed(event) or UNSET if name == "update" else UNSET,
        session=digest("session", session) if session else UNSET,
        outcome="failed" if event.has_failed else UNSET,
        reason=slug(event.error) if event.has_failed and event.error else UNSET,
    )


def _provider(event: KeycloakEvent) -> str:
    is_social = event.registered == "broker" or event.base == "IDENTITY_PROVIDER_LOGIN"
    return event.provider or ("other" if is_social else "")


def _surface(event: KeycloakEvent) -> Surface:
    if event.is_admin:
        return "admin"
    if event.base in _LOCKOUTS:
        return "system"
    return "oauth_api" if event.grant == "password" else "registration_ui"


def _changed(event: KeycloakEvent) -> list[str]:
    fixed = (slug(event.credential),) if event.base in _CREDENTIALS else _UPDATES[event.base]
    return list(dict.fromkeys((*fixed, *event.names)))
