"""Logging in and out, and coming back to a deactivated account."""

import time

from litestar import get, post
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import password
from portal.contact import guess
from portal.desk import Desk, Form, Page
from portal.store import Account
from portal.threaded import threaded

MOST_FAILURES = 10
LOCKED_SECONDS = 900.0
_WRONG = "That is not right. Check what you typed, or sign up."
_LOCKED = "Too many tries. Please wait a quarter of an hour."
_REACTIVATION = 600.0


@get("/login")
@threaded
def show(desk: Desk, said: str = "") -> Page:
    """The form."""
    return desk.go("/") if desk.account else form_page(desk, said=said)


@post("/login", status_code=200)
@threaded
def submit(desk: Desk, form: Form) -> Page:
    """Log in."""
    written = form.get("contact", "")
    with desk.portal.store.begin() as db:
        account = db.scalar(select(Account).where(Account.contact == guess(written)))
        reason = _refusal(account, form.get("password", ""))
        if account is None or reason:
            _count(desk, db, account, reason)
            page = form_page(desk, 401, _LOCKED if reason == "locked" else _WRONG, written)
        else:
            account.failures = 0
            page = enter(desk, db, account, method="password")
    desk.portal.teller.nudge()
    return page


@post("/logout", status_code=200)
@threaded
def leave(desk: Desk) -> Page:
    """Log out."""
    with desk.portal.store.begin() as db:
        desk.log_out(db)
    return desk.go("/login?said=out")


@post("/reactivate", status_code=200)
@threaded
def reactivate(desk: Desk, form: Form) -> Page:
    """Give a deactivated account back to whoever has just proved to own it."""
    user, _, until = (desk.portal.seal.read("reactivate", form.get("proof", "")) or "").partition("/")
    with desk.portal.store.begin() as db:
        account = db.get(Account, user) if user and time.time() < float(until) else None
        if account is None:
            return desk.go("/login")
        if account.deactivated_at is not None:
            account.deactivated_at = None
            desk.note(db, "reactivate", account.id)
        desk.log_in(db, account)
    desk.portal.teller.nudge()
    return desk.go("/?said=reactivated")


def enter(desk: Desk, db: Session, account: Account, **how: str) -> Page:
    """Log somebody in who has proved who they are; where the account is deactivated, refuse and offer it back."""
    if account.deactivated_at is not None:
        desk.note(db, "login", account.id, outcome="failed", reason="deactivated", **how)
        proof = desk.portal.seal.sign("reactivate", f"{account.id}/{time.time() + _REACTIVATION}")
        return desk.page("inactive.html", 403, proof=proof)
    desk.note(db, "login", account.id, **how)
    desk.log_in(db, account)
    return desk.go("/")


def form_page(desk: Desk, status: int = 200, trouble: str = "", written: str = "", said: str = "") -> Page:
    """The form to log in."""
    return desk.page("login.html", status, trouble=trouble, written=written, said=said)


def _refusal(account: Account | None, given: str) -> str:
    """Why somebody is not let in; empty where they are."""
    is_right = password.is_right(account.password if account else None, given)
    if account is not None and account.failures >= MOST_FAILURES and time.time() < account.failed_at + LOCKED_SECONDS:
        return "locked"
    return "" if is_right else "wrong_password" if account else "unknown_user"


def _count(desk: Desk, db: Session, account: Account | None, reason: str) -> None:
    if account is not None and reason != "locked":
        account.failures = 1 if time.time() > account.failed_at + LOCKED_SECONDS else account.failures + 1
        account.failed_at = time.time()
    user = account.id if account else ""
    desk.note(db, "login", user, method="password", outcome="failed", reason=reason)
