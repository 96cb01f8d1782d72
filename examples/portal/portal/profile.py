"""The profile: changing it, another password, deactivating and deleting the account."""

import time

from litestar import get, post
from sqlalchemy import delete

from portal import password
from portal.desk import Desk, Form, Page
from portal.store import Account, Login, Signup
from portal.threaded import threaded

_FIELDS = {"name": (1, 100), "city": (0, 100)}


@get("/profile")
@threaded
def show(desk: Desk, said: str = "") -> Page:
    """The profile."""
    return _page(desk, said=said) if desk.account else desk.go("/login")


@post("/profile", status_code=200)
@threaded
def change(desk: Desk, form: Form) -> Page:
    """Change the profile; footfall is told which attributes changed, not to what."""
    given = {name: form.get(name, "").strip() for name in _FIELDS}
    faults = {name: "Tell us your name." for name, text in given.items() if not _fits(name, text)}
    if desk.account is None:
        return desk.go("/login")
    if faults:
        return _page(desk, 422, faults=faults)
    with desk.portal.store.begin() as db:
        account = db.get_one(Account, desk.account.id)
        changed = [name for name, text in given.items() if getattr(account, name) != text]
        for name in changed:
            setattr(account, name, given[name])
        if changed:
            desk.note(db, "update", account.id, changed=changed)
    desk.portal.teller.nudge()
    return desk.go("/profile?said=saved")


@post("/profile/password", status_code=200)
@threaded
def change_password(desk: Desk, form: Form) -> Page:
    """Change the password; all other browsers are logged out."""
    if desk.account is None:
        return desk.go("/login")
    old, new = form.get("old", ""), form.get("new", "")
    faults = {"new": fault} if (fault := password.fault(new, desk.account.contact)) else {}
    if desk.account.password and not password.is_right(desk.account.password, old):
        faults["old"] = "That is not your password."
    if faults:
        return _page(desk, 422, faults=faults)
    with desk.portal.store.begin() as db:
        account = db.get_one(Account, desk.account.id)
        account.password = password.digest(new)
        db.execute(delete(Login).where(Login.account == account.id, Login.id != desk.mark))
        desk.note(db, "update", account.id, changed=["password"])
    desk.portal.teller.nudge()
    return desk.go("/profile?said=password")


@post("/profile/deactivate", status_code=200)
@threaded
def deactivate(desk: Desk) -> Page:
    """Deactivate the account: nothing is lost, and nobody can log in until it is wanted back."""
    if desk.account is None:
        return desk.go("/login")
    with desk.portal.store.begin() as db:
        account = db.get_one(Account, desk.account.id)
        account.deactivated_at = time.time()
        db.execute(delete(Login).where(Login.account == account.id))
        desk.note(db, "deactivate", account.id)
        desk.log_out(db)
    desk.portal.teller.nudge()
    return desk.go("/login?said=deactivated")


@get("/profile/delete")
@threaded
def ask(desk: Desk) -> Page:
    """Ask whether it is meant."""
    return desk.page("delete.html", fault="") if desk.account else desk.go("/login")


@post("/profile/delete", status_code=200)
@threaded
def remove(desk: Desk, form: Form) -> Page:
    """Delete the account and all that is known of its owner."""
    if desk.account is None:
        return desk.go("/login")
    if form.get("sure") != "yes":
        return desk.page("delete.html", 422, fault="Tick the box if you mean it.")
    with desk.portal.store.begin() as db:
        db.delete(db.get_one(Account, desk.account.id))
        db.execute(delete(Signup).where(Signup.contact == desk.account.contact))
        desk.note(db, "delete", desk.account.id)
        desk.log_out(db)
    desk.portal.teller.nudge()
    return desk.go("/login?said=deleted")


def _fits(name: str, text: str) -> bool:
    shortest, longest = _FIELDS[name]
    return shortest <= len(text) <= longest


def _page(desk: Desk, status: int = 200, said: str = "", faults: dict[str, str] | None = None) -> Page:
    return desk.page("profile.html", status, said=said, faults=faults or {})
