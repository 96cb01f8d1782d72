"""One browser's visit: who it is by two signed cookies, and what proves that a form is this portal's own."""

from collections.abc import Mapping
from secrets import token_urlsafe
from uuid import uuid4

from msgspec import Struct

from portal.seal import Seal

COOKIE = "portal_visit"
DEVICE = "portal_device"


class Visit(Struct, frozen=True):
    """A visit: `token` is known to this browser alone; `sid` and `did` are what events say of it.

    `is_silent`: the browser asks by Global Privacy Control not to be watched.
    """

    token: str
    sid: str
    did: str
    is_silent: bool = False


def read(cookies: Mapping[str, str], headers: Mapping[str, str], seal: Seal) -> Visit:
    """The visit that a request belongs to, or a new one."""
    is_silent = headers.get("sec-gpc") == "1"
    did = "" if is_silent else seal.read("device", cookies.get(DEVICE, "")) or uuid4().hex
    token, _, sid = (seal.read("visit", cookies.get(COOKIE, "")) or "").partition("/")
    return Visit(token, sid, did, is_silent) if token else Visit(token_urlsafe(32), str(uuid4()), did, is_silent)


def renewed(visit: Visit) -> Visit:
    """The same visit under another token: whoever knew the old one is not logged in by it."""
    return Visit(token_urlsafe(32), visit.sid, visit.did, visit.is_silent)


def cookies(visit: Visit, seal: Seal) -> dict[str, str]:
    """What the browser is to keep."""
    kept = {COOKIE: seal.sign("visit", f"{visit.token}/{visit.sid}")}
    return kept if visit.is_silent else kept | {DEVICE: seal.sign("device", visit.did)}


def form_token(visit: Visit, seal: Seal) -> str:
    """What the visit's forms carry."""
    return seal.mark("form", visit.token)


def mark(visit: Visit, seal: Seal) -> str:
    """The visit as the database knows it."""
    return seal.mark("login", visit.token)
