"""The sign-up form: /signup. What comes after it is in proof.py."""

from typing import Any
from uuid import uuid4

from litestar import get, post
from msgspec import Struct

from portal import code, contact, password, signup_steps
from portal.captcha_check import FIELD, Verdict
from portal.desk import Desk, Form, Page, flow_of
from portal.store import Signup
from portal.threaded import threaded

MOST_SUSPICIONS = 3
_ROBOT = "We could not make sure that you are a person. Please try again."
_TOO_ROBOTIC = "We could not make sure that you are a person. Please come back later."
_NO_CHECK = "We cannot check right now that you are a person. Please try again in a moment."
_NOT_SENT = "We could not send you a code. Please try again in a moment."


class Entry(Struct):
    """What somebody filled in, and what is wrong with it by field."""

    name: str
    contact_type: str
    written: str
    contact: str
    password: str
    faults: dict[str, str]


@get("/signup")
@threaded
def show(desk: Desk, said: str = "") -> Page:
    """The form; with it a sign-up begins."""
    return desk.go("/") if desk.account else _form(desk, said=said)


@post("/signup", status_code=200)
@threaded
def submit(desk: Desk, form: Form) -> Page:
    """Check what was filled in, that a person did, and send the code."""
    entry = _read(desk, form)
    signup = _signup(desk, flow_of(form))
    if entry.faults:
        return _form(desk, 422, entry, flow=signup.flow)
    page = _judge(desk, signup, form.get(FIELD, ""), entry) or _begin(desk, signup, entry)
    code.save(desk, signup)
    return page


def _judge(desk: Desk, signup: Signup, token: str, entry: Entry) -> Page | None:
    """The answer to whom the captcha does not trust."""
    verdict = desk.portal.captcha.judge(token)
    if verdict is Verdict.TRUSTED:
        return None
    if verdict is Verdict.UNKNOWN:
        return _give_up(desk, signup, entry, 503, _NO_CHECK)
    desk.tell(signup.flow, signup_steps.SUSPICIOUS)
    signup.suspicions += 1
    if signup.suspicions >= MOST_SUSPICIONS:
        return _give_up(desk, signup, entry, 403, _TOO_ROBOTIC)
    return _form(desk, 403, entry, flow=signup.flow, trouble=_ROBOT)


def _begin(desk: Desk, signup: Signup, entry: Entry) -> Page:
    signup.name, signup.contact, signup.contact_type = entry.name, entry.contact, entry.contact_type
    signup.password = password.digest(entry.password)
    if not code.send(desk, signup):
        desk.tell(signup.flow, signup_steps.SEND_FAILED)
        return _give_up(desk, signup, entry, 503, _NOT_SENT)
    return desk.go("/sign-up")


def _give_up(desk: Desk, signup: Signup, entry: Entry, status: int, trouble: str) -> Page:
    """This sign-up is over; the form that is shown begins another one."""
    code.close(signup)
    desk.tell(signup.flow, signup_steps.ENDED)
    return _form(desk, status, entry, trouble=trouble)


def _signup(desk: Desk, flow: str) -> Signup:
    """The sign-up that a form belongs to; another one where that is over, or somebody else's."""
    with desk.portal.store.begin() as db:
        known = db.get(Signup, flow) if flow else None
        if known is not None and known.visit == desk.mark and not known.is_over and not known.expires_at:
            return known
        signup = Signup(flow=flow if flow and known is None else str(uuid4()), visit=desk.mark)
        db.add(signup)
    return signup


def _read(desk: Desk, form: Form) -> Entry:
    kind = form.get("contact_type", "email")
    written = form.get("contact", "")
    entry = Entry(
        form.get("name", "").strip(), kind, written, contact.read(kind, written), form.get("password", ""), {}
    )
    if not 1 <= len(entry.name) <= 100:
        entry.faults["name"] = "Tell us your name."
    if kind not in desk.portal.sender.contact_types:
        entry.faults["contact"] = "Choose how we can reach you."
    elif not entry.contact:
        what = "a mail address, such as ada@school.example" if kind == "email" else "a number, such as +44 20 7946 0018"
        entry.faults["contact"] = f"Fill in {what}."
    if fault := password.fault(entry.password, entry.contact):
        entry.faults["password"] = fault
    return entry


def _form(desk: Desk, status: int = 200, entry: Entry | None = None, flow: str = "", **values: Any) -> Page:
    """The form; where it is shown again in the same flow, nothing is told of that."""
    shown = {"flow": flow or str(uuid4()), "is_again": bool(flow), "said": "", "trouble": ""} | values
    entry = entry or Entry("", "email", "", "", "", {})
    return desk.page("signup.html", status, entry=entry, contact_types=desk.portal.sender.contact_types, **shown)
