"""A mail server for the demo and for tests, and a page on which its mail is read."""

import re
from collections import deque
from email import message_from_bytes, policy
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session
from litestar import Request, Response, get, post
from litestar.enums import MediaType
from msgspec import Struct

_MOST = 200
_CODE = re.compile(r"\b\d{6}\b")


class Letter(Struct, frozen=True):
    """A message that came in; `code` is the one-time password in it, if there is one."""

    to: str
    subject: str
    text: str
    date: str
    code: str


class Inbox:
    """Takes mail; or refuses it, where `is_refusing`."""

    def __init__(self) -> None:
        self.letters: deque[Letter] = deque(maxlen=_MOST)
        self.is_refusing = False

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Whether mail for somebody is taken."""
        if self.is_refusing:
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a message."""
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        body = message.get_body(("plain",))
        text = str(body.get_content()) if body is not None else ""
        found = _CODE.search(text)
        to, subject, date = (str(message[name] or "") for name in ("to", "subject", "date"))
        self.letters.appendleft(Letter(to, subject, text, date, found[0] if found else ""))
        return "250 OK"


@get("/", sync_to_thread=False)
def show(request: Request[Any, Any, Any]) -> Response[str]:
    """The mail, newest first."""
    inbox: Inbox = request.app.state.inbox
    template = request.app.state.pages.get_template("inbox.html")
    content = template.render(letters=inbox.letters, is_refusing=inbox.is_refusing, portal=request.app.state.portal)
    return Response(content, media_type=MediaType.HTML, headers={"cache-control": "no-store"})


@post("/refuse", status_code=303)
async def refuse(request: Request[Any, Any, Any]) -> Response[str]:
    """Take mail or refuse it from now on."""
    inbox: Inbox = request.app.state.inbox
    inbox.is_refusing = (await request.form()).get("refuse") == "yes"
    return Response("", status_code=303, headers={"location": "/"})


ROUTES = (show, refuse)
