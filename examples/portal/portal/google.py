"""Sign-in with Google, or with the provider that the settings name: /google/auth and back."""

import time
from typing import Annotated
from uuid import uuid4

from litestar import get, post
from litestar.params import Parameter
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import google_steps as steps
from portal import login
from portal.desk import Desk, Form, Page, flow_of
from portal.oidc import Details, ProviderError
from portal.store import Account, Departure
from portal.threaded import threaded

# Litestar means something else by `state`.
State = Annotated[str, Parameter(query="state")]

_SECONDS = 600.0
_CLOSED = "Google cannot be reached right now. Please try again, or log in with your password."
_UNKNOWN = "Google did not tell us who you are. Please try again, or log in with your password."
_TAKEN = "No account could be made. Perhaps you have one already: log in with your password."
_LOST = "This sign-in was not begun here, or is over already. Please start again."


@post("/google/auth", status_code=200)
@threaded
def depart(desk: Desk, form: Form) -> Page:
    """On the way to Google's page."""
    if not desk.portal.google.is_set_up:
        return desk.go("/login?said=google")
    flow = flow_of(form) or str(uuid4())
    desk.tell(flow, steps.VIEWED)
    try:
        way = desk.portal.google.way()
    except ProviderError:
        desk.tell(flow, steps.REDIRECT_FAILED, steps.RETURNED)
        return login.form_page(desk, 503, _CLOSED)
    with desk.portal.store.begin() as db:
        state = desk.portal.seal.mark("state", way.state)
        db.add(Departure(state=state, visit=desk.mark, flow=flow, nonce=way.nonce, verifier=way.verifier))
    return desk.go(way.url)


@get("/google/auth/callback")
@threaded
def come_back(desk: Desk, given: State = "", code: str = "", error: str = "") -> Page:
    """Back from Google's page, once for every time somebody went there."""
    departure = _departure(desk, given)
    if departure is None:
        return login.form_page(desk, 400, _LOST)
    if error == "access_denied":
        desk.tell(departure.flow, steps.RETURNED)
        return desk.go("/login?said=denied")
    try:
        details = desk.portal.google.details(code, departure.verifier, departure.nonce)
    except ProviderError:
        return _turn_away(desk, departure.flow)
    desk.tell(departure.flow, steps.DETAILS_RECEIVED)
    page = _find(desk, departure.flow, details) or _create(desk, departure.flow, details)
    desk.tell(departure.flow, steps.RETURNED)
    desk.portal.teller.nudge()
    return page


def _departure(desk: Desk, state: str) -> Departure | None:
    """How somebody left; None where this visit did not, or too long ago. It can be asked for once."""
    mark = desk.portal.seal.mark("state", state)
    with desk.portal.store.begin() as db:
        found = db.scalar(
            delete(Departure).where(Departure.state == mark, Departure.visit == desk.mark).returning(Departure)
        )
    return found if found is not None and time.time() < found.created_at + _SECONDS else None


def _turn_away(desk: Desk, flow: str) -> Page:
    with desk.portal.store.begin() as db:
        desk.note(db, "login", "", provider="google", outcome="failed", reason="no_details")
    desk.portal.teller.nudge()
    desk.tell(flow, steps.DETAILS_FAILED, steps.RETURNED)
    return login.form_page(desk, 503, _UNKNOWN)


def _find(desk: Desk, flow: str, details: Details) -> Page | None:
    """Log in who has an account, by their id at Google or by an address that Google vouches for."""
    with desk.portal.store.begin() as db:
        account = db.scalar(select(Account).where(Account.google == details.sub))
        if account is None and details.is_verified:
            account = db.scalar(select(Account).where(Account.contact == details.email, Account.google.is_(None)))
        if account is None:
            desk.tell(flow, steps.USER_NEW)
            return None
        account.google = details.sub
        desk.tell(flow, steps.USER_EXISTS)
        return login.enter(desk, db, account, provider="google")


def _create(desk: Desk, flow: str, details: Details) -> Page:
    account = Account(
        name=details.name or details.email, contact=details.email, contact_type="email", google=details.sub
    )
    try:
        with desk.portal.store.begin() as db:
            _add(desk, db, account)
    except (IntegrityError, ValueError):  # the address is somebody's, and Google does not say that it is theirs
        with desk.portal.store.begin() as db:
            desk.note(db, "register", "", provider="google", outcome="failed", reason="contact_taken")
        desk.tell(flow, steps.CREATE_FAILED)
        return login.form_page(desk, 409, _TAKEN)
    desk.tell(flow, steps.CREATED, about=account.id)
    return desk.go("/?said=welcome")


def _add(desk: Desk, db: Session, account: Account) -> None:
    if not account.contact:
        raise ValueError("an account needs an address")
    db.add(account)
    db.flush()
    desk.note(db, "register", account.id, provider="google", changed=["name", "contact", "google"])
    desk.log_in(db, account)
