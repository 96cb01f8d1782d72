"""One-time passwords: six digits, five tries, ten minutes, three times again; ten an hour to one address."""

import time
from secrets import randbelow

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from portal.contact import masked
from portal.desk import Desk
from portal.sender import SendError
from portal.store import Account, Letter, Signup

TRIES = 5
RESENDS = 3
SECONDS = 600.0
MOST_LETTERS = 10  # an hour to one address: nobody's mailbox is filled by somebody else

_SUBJECT = "Your code for the Academy"
_TEXT = """Hello{name},

your code is {code}

It is good for ten minutes. If you did not ask for it, somebody mistyped an address: do nothing, and nothing happens.

The Academy
"""
_HAS_ONE = """Hello,

somebody, most likely you, tried to make an account at the Academy with this address or number. There is one already:
log in with it at {url}/login

If that was not you, do nothing, and nothing happens.

The Academy
"""


def send(desk: Desk, signup: Signup) -> bool:
    """Send a new code; false where it could not be, and the code before it is still good. Not for a transaction.

    Whoever has an account already is told of that instead, so that the page does not say who has one.
    """
    if not _may_send(desk, signup.contact):
        return False
    code = f"{randbelow(10**6):06}"
    with desk.portal.store() as db:
        has_one = db.scalar(select(Account.id).where(Account.contact == signup.contact)) is not None
    text = _HAS_ONE.format(url=desk.portal.settings.url) if has_one else _TEXT.format(name=f" {signup.name}", code=code)
    try:
        desk.portal.sender.send(signup.contact_type, signup.contact, _SUBJECT, text)
    except SendError:
        return False
    signup.code = "" if has_one else desk.portal.seal.mark("code", signup.flow, code)
    signup.expires_at = time.time() + SECONDS
    return True


def _may_send(desk: Desk, contact: str) -> bool:
    """Whether another letter may go to an address or number; it is counted before it is sent, and kept as a hash."""
    recipient = desk.portal.seal.mark("letter", contact)
    with desk.portal.store() as db:
        db.execute(delete(Letter).where(Letter.sent_at < time.time() - 3600))
        db.add(Letter(recipient=recipient))
        sent = db.scalar(select(func.count()).where(Letter.recipient == recipient)) or 0
        if sent <= MOST_LETTERS:
            db.commit()
    return sent <= MOST_LETTERS


def is_right(desk: Desk, signup: Signup, code: str) -> bool:
    """Whether it is the code, and in time."""
    digits = "".join(code.split())
    is_same = desk.portal.seal.is_mark(signup.code, "code", signup.flow, digits)
    return is_same and time.time() < signup.expires_at


def count_try(db: Session, flow: str) -> Signup | None:
    """The sign-up with one more try; None where there are none left.

    Counted by the database, so that two tries at once are not counted as one.
    """
    statement = update(Signup).where(Signup.flow == flow, Signup.tries < TRIES, Signup.is_over.is_(False))
    return db.scalar(statement.values(tries=Signup.tries + 1).returning(Signup))


def count_resend(db: Session, flow: str) -> Signup | None:
    """The sign-up with one more resend; None where there are none left."""
    statement = update(Signup).where(Signup.flow == flow, Signup.resends < RESENDS, Signup.is_over.is_(False))
    return db.scalar(statement.values(resends=Signup.resends + 1).returning(Signup))


def save(desk: Desk, signup: Signup) -> None:
    """Keep what has changed of a sign-up."""
    with desk.portal.store.begin() as db:
        db.add(signup)


def close(signup: Signup) -> None:
    """It is over: nothing is kept of it but that."""
    signup.is_over = True
    signup.name = signup.contact = signup.password = signup.code = ""


def shown(signup: Signup) -> dict[str, object]:
    """What the page that asks for the code says of a sign-up."""
    return {
        "flow": signup.flow,
        "to": masked(signup.contact),
        "by": signup.contact_type,
        "tries_left": TRIES - signup.tries,
        "can_resend": signup.resends < RESENDS,
    }
