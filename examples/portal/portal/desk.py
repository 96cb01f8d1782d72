"""What a handler works with: the portal, whose visit it is, and who is logged in."""

import time
from typing import Any

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.enums import MediaType
from msgspec import Struct
from sqlalchemy import delete
from sqlalchemy.orm import Session

from portal import visit as visits
from portal.captcha_check import Captcha
from portal.oidc import Provider
from portal.operations import Teller, note
from portal.pages import Pages
from portal.seal import Seal, uuid_of
from portal.sender import Sender
from portal.settings import Settings
from portal.store import Account, Login, Make
from portal.telemetry import Step, Trail, Voice
from portal.visit import Visit

LOGIN_SECONDS = 14 * 24 * 3600
_YEAR = 365 * 24 * 3600

NOT_KEPT = {"cache-control": "no-store"}

Form = dict[str, str]
Page = Response[str]


class Portal(Struct, frozen=True):
    """All that outlives a request."""

    settings: Settings
    store: Make
    seal: Seal
    pages: Pages
    sender: Sender
    captcha: Captcha
    google: Provider
    voice: Voice
    teller: Teller


class Desk:
    """One request's desk."""

    def __init__(self, portal: Portal, visit: Visit, account: Account | None) -> None:
        self.portal = portal
        self.visit = visit
        self.account = account

    @property
    def mark(self) -> str:
        """The visit as the database knows it."""
        return visits.mark(self.visit, self.portal.seal)

    def page(self, template: str, status: int = 200, **values: Any) -> Page:
        """A page."""
        values |= {
            "visit": self.visit,
            "account": self.account,
            "form_token": visits.form_token(self.visit, self.portal.seal),
        }
        content = self.portal.pages.show(template, **values)
        return Response(
            content, status_code=status, media_type=MediaType.HTML, cookies=self._cookies(), headers=NOT_KEPT
        )

    def go(self, path: str) -> Page:
        """Send the browser to another page, or to another site."""
        return Response("", status_code=303, headers={"location": path}, cookies=self._cookies())

    def tell(self, flow: str, *steps: Step, about: str = "") -> None:
        """Have footfall know of a flow's steps; `about` is the account that they are about."""
        if not self.visit.is_silent:
            for step in steps:
                self.portal.voice.tell(step, Trail(flow, self.visit.sid, self.visit.did), about)

    def note(self, db: Session, operation: str, user: str, **more: Any) -> None:
        """Have footfall know of an operation on an account, once the transaction is done."""
        note(db, operation, user, session=self.visit.sid, **more)

    def log_in(self, db: Session, account: Account) -> None:
        """From now on the visit is somebody's; under a new token, so that nobody else may have known it."""
        self.visit = visits.renewed(self.visit)
        db.add(Login(id=self.mark, account=account.id, expires_at=time.time() + LOGIN_SECONDS))
        self.account = account

    def log_out(self, db: Session) -> None:
        """From now on it is nobody's."""
        db.execute(delete(Login).where(Login.id == self.mark))
        self.visit = visits.renewed(self.visit)
        self.account = None

    def _cookies(self) -> list[Cookie]:
        is_secure = self.portal.settings.url.startswith("https:")
        return [
            Cookie(
                name,
                value=value,
                httponly=True,
                samesite="lax",
                secure=is_secure,
                max_age=_YEAR if name == visits.DEVICE else LOGIN_SECONDS,
            )
            for name, value in visits.cookies(self.visit, self.portal.seal).items()
        ]


def open_desk(request: Request[Any, Any, Any]) -> Desk:
    """The desk of a request."""
    portal: Portal = request.app.state.portal
    visit = visits.read(request.cookies, request.headers, portal.seal)
    with portal.store() as db:
        login = db.get(Login, visits.mark(visit, portal.seal))
        is_known = login is not None and login.expires_at > time.time()
        account = db.get(Account, login.account) if login is not None and is_known else None
    return Desk(portal, visit, account if account is not None and account.deactivated_at is None else None)


def flow_of(form: Form) -> str:
    """The flow that a form belongs to; empty where it names none."""
    return uuid_of(form.get("flow", ""))
