"""What the system that keeps the accounts tells about them: operations, which footfall turns into events."""

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from footfall.demo.endpoints import Endpoint
from footfall.demo.event import encode
from footfall.demo.visit import Visit

BY_THEMSELVES = ("registration_ui", "javascript_api", "mobile_sdk", "oauth_api")

_PASSWORD_TRIES = 3


class Operation(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One operation; `time` is epoch milliseconds, `changed` are names of attributes."""

    id: str
    time: int
    operation: str
    surface: str
    client: str
    user: str | UnsetType = UNSET
    provider: str | UnsetType = UNSET
    changed: list[str] | UnsetType = UNSET
    session: str | UnsetType = UNSET
    outcome: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


def tell(
    visit: Visit, operation: str, surface: str = "", *, client: str = "", is_known: bool = True, **said: Any
) -> None:
    """Tell an operation on the visitor's account; with `is_known` false, nobody knows whose account it is."""
    surface = surface or ("mobile_sdk" if visit.app.producer.pid == "mobile" else "registration_ui")
    told = Operation(
        id=f"op-{visit.mint()}",
        time=visit.now,
        operation=operation,
        surface=surface,
        client=client or visit.app.producer.id,
        user=visit.learner.actor.id if is_known else UNSET,
        session=visit.sid if surface in BY_THEMSELVES else UNSET,
        **said,
    )
    visit.send(encode(told), Endpoint.IDENTITY)


def fail(visit: Visit, operation: str, reason: str, surface: str = "", **said: Any) -> None:
    """Tell that an operation failed."""
    tell(visit, operation, surface, outcome="failed", reason=reason, **said)


def sign_in(visit: Visit) -> bool:
    """Sign in with a password, or in the mobile app through a provider at times; returns whether it went well."""
    if visit.app.producer.pid == "mobile" and visit.happens(0.4):
        tell(visit, "login", provider="apple" if visit.happens(0.3) else "google")
        return True
    for attempt in range(_PASSWORD_TRIES):
        if not visit.happens(0.4 if attempt else 0.12):
            tell(visit, "login")
            return True
        fail(visit, "login", "wrong_password")
        visit.wait(4, 40)
        if visit.happens(0.2):
            return False
    return False


def sign_in_elsewhere(visit: Visit) -> bool:
    """A person who has signed in comes to another site, which signs them in by itself, but for a few."""
    if visit.happens(0.04):
        fail(visit, "sso", "session_expired", "javascript_api")
        return False
    tell(visit, "sso", "javascript_api")
    return True


def change_profile(visit: Visit) -> None:
    """A person changes their profile, or their password."""
    if visit.happens(0.05):
        fail(visit, "update", "invalid_value")
        return
    changed = visit.chance.choice((["grade", "medium"], ["displayName"], ["password"], ["address.city", "language"]))
    tell(visit, "update", changed=changed)


def keep_books(visit: Visit) -> None:
    """Administrators, and systems that call the API, change an account."""
    match visit.chance.randrange(5):
        case 0:
            tell(visit, "replace", "entity_api", client="demo.school.sync", changed=["school", "grade"])
        case 1:
            fail(visit, "update", "not_allowed", "admin", client="demo.admin.console")
        case 2:
            tell(visit, "update", "system", client="demo.consent.job", changed=["tncAcceptedVersion"])
        case _:
            tell(visit, "update", "admin", client="demo.admin.console", changed=["roles"])


def create(visit: Visit) -> None:
    """The school's system makes an account for somebody."""
    tell(visit, "create", "entity_api", client="demo.school.sync", changed=["email", "name.given", "school"])


def enlist(visit: Visit) -> None:
    """An account is made from a line of a list."""
    tell(visit, "import", "bulk_import", client="demo.school.roster", changed=["email", "name.given", "birthday"])


def leave(visit: Visit, operation: str) -> None:
    """A person deactivates or deletes their account at the portal, or has an administrator do it."""
    if visit.happens(0.4):
        if visit.happens(0.2):
            fail(visit, operation, "open_enrolments", "admin", client="demo.admin.console")
            visit.wait(60, 600)
        tell(visit, operation, "admin", client="demo.admin.console")
        return
    visit.intend(visit.sid, "complete")
    tell(visit, "login")
    visit.begin("session", "home")
    visit.enter("profile")
    visit.see("profile", "/profile", "detail")
    visit.wait(5, 60)
    visit.use(f"{operation}-account", "profile")
    if visit.happens(0.2):
        fail(visit, operation, "wrong_password")
        visit.wait(4, 20)
        visit.use(f"{operation}-account", "profile")
    tell(visit, operation)
    visit.end("profile")


def come_back(visit: Visit) -> None:
    """An account that was deactivated is restored."""
    if visit.happens(0.5):
        tell(visit, "reactivate")
    else:
        tell(visit, "reactivate", "admin", client="demo.admin.console")


def purge(visit: Visit) -> None:
    """An account that was deactivated long ago is deleted."""
    tell(visit, "delete", "system", client="demo.retention.job")
