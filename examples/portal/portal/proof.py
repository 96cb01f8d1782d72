"""The page that asks for the one-time password: /sign-up, and the account that is made."""

from litestar import get, post
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import code, signup_steps
from portal.desk import Desk, Form, Page
from portal.store import Account, Signup
from portal.threaded import threaded

_WRONG = "That code is not right, or too old."
_NOT_SENT = "We could not send another code. The one that you have is still good."


@get("/sign-up")
@threaded
def show(desk: Desk) -> Page:
    """The page that asks for the code; told of when it is shown for the first time."""
    with desk.portal.store.begin() as db:
        signup = _open(desk, db)
        if signup is None:
            return desk.go("/signup?said=over")
        is_again, signup.is_seen = signup.is_seen, True
        return _page(desk, signup, is_again=is_again)


@post("/sign-up", status_code=200)
@threaded
def submit(desk: Desk, form: Form) -> Page:
    """Compare the code; make the account."""
    with desk.portal.store.begin() as db:
        found = _open(desk, db)
        signup = code.count_try(db, found.flow) if found else None
        if signup is None:
            return desk.go("/signup?said=over")
        if not code.is_right(desk, signup, form.get("code", "")):
            return _refuse(desk, signup)
        account = Account(
            name=signup.name, contact=signup.contact, contact_type=signup.contact_type, password=signup.password
        )
        code.close(signup)
    return _create(desk, signup, account)


@post("/sign-up/resend", status_code=200)
@threaded
def resend(desk: Desk) -> Page:
    """Send another code; the one before it is worth nothing then."""
    with desk.portal.store.begin() as db:
        found = _open(desk, db)
        signup = code.count_resend(db, found.flow) if found else None
    if signup is None:
        return desk.go("/sign-up")
    page = _send_again(desk, signup)
    code.save(desk, signup)
    return page


def _send_again(desk: Desk, signup: Signup) -> Page:
    if code.send(desk, signup):
        return _page(desk, signup, good="Another code is on its way.")
    desk.tell(signup.flow, signup_steps.RESEND_FAILED)
    if signup.resends < code.RESENDS:
        return _page(desk, signup, 503, trouble=_NOT_SENT)
    return _end(desk, signup, 503, "We cannot send codes right now", "Please sign up again later.")


def _open(desk: Desk, db: Session) -> Signup | None:
    """The visit's newest sign-up that waits for its code."""
    wanted = select(Signup).where(Signup.visit == desk.mark, Signup.is_over.is_(False), Signup.expires_at > 0)
    return db.scalar(wanted.order_by(Signup.created_at.desc()).limit(1))


def _refuse(desk: Desk, signup: Signup) -> Page:
    desk.tell(signup.flow, signup_steps.REJECTED)
    if signup.tries >= code.TRIES:
        return _end(desk, signup, 403, "Too many wrong codes", "Nothing was stored. You can begin again.")
    return _page(desk, signup, 422, trouble=_WRONG)


def _create(desk: Desk, signup: Signup, account: Account) -> Page:
    """Make the account, and log its owner in."""
    try:
        with desk.portal.store.begin() as db:
            db.add(account)
            db.flush()
            desk.note(db, "register", account.id, method="password", changed=["name", "contact", "password"])
            desk.log_in(db, account)
    except IntegrityError:  # the address was taken while the code was under way
        return _fail(desk, signup)
    desk.portal.teller.nudge()
    desk.tell(signup.flow, signup_steps.CREATED, about=account.id)
    desk.tell(signup.flow, signup_steps.ENDED)
    return desk.go("/?said=welcome")


def _fail(desk: Desk, signup: Signup) -> Page:
    with desk.portal.store.begin() as db:
        desk.note(db, "register", "", method="password", outcome="failed", reason="contact_taken")
    desk.portal.teller.nudge()
    desk.tell(signup.flow, signup_steps.CREATE_FAILED)
    return _end(desk, signup, 409, "Your account could not be made", "Perhaps you have one already: try to log in.")


def _end(desk: Desk, signup: Signup, status: int, title: str, text: str) -> Page:
    code.close(signup)
    desk.tell(signup.flow, signup_steps.ENDED)
    return desk.page("ended.html", status, title=title, text=text)


def _page(
    desk: Desk, signup: Signup, status: int = 200, *, is_again: bool = True, trouble: str = "", good: str = ""
) -> Page:
    return desk.page("code.html", status, is_again=is_again, trouble=trouble, good=good, **code.shown(signup))
