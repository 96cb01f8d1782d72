"""Logging in and out: the form, where it leads, and the cookies."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote

from litestar import post, route
from litestar.concurrency import sync_to_thread
from litestar.datastructures import Cookie
from litestar.handlers import HTTPRouteHandler

from footfall.control import browsers
from footfall.dashboard import html_pages
from footfall.dashboard.auth import is_same_origin
from footfall.dashboard.parameters import pairs
from footfall.dashboard.responses import ApiError, page, redirect
from footfall.dashboard.sessions import LIFETIME, Credentials
from footfall.dashboard.state import AppState, Asked, Reply, cookie
from footfall.schema.reasons import Reason

COOKIE = "footfall_session"
BROWSER_COOKIE = "footfall_browser"

_FORM = "application/x-www-form-urlencoded"
_MOST_FORM = 16 << 10
_MOST_FIELDS = 20
_LONGEST_TARGET = 2000
_LONGEST_LOGIN = 200
# A path of plain letters, and a query of what browsers leave as it is or write as %xx, control characters excepted.
_TARGET = re.compile(
    r"/(?!/)[A-Za-z0-9._~/-]*(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%(?![01][0-9A-Fa-f]|7[Ff])[0-9A-Fa-f]{2})*)?"
)


def handlers(app_state: AppState) -> list[HTTPRouteHandler]:
    """The handlers of /login and /logout."""
    sessions = app_state.access_control.sessions

    @route("/login", http_method=["GET", "HEAD"], status_code=200)
    async def form(request: Asked) -> Reply:
        given = [value for name, value in pairs(request.scope["query_string"]) if name == "next"]
        target = local_target(given[0]) if len(given) == 1 else "/"
        if await sync_to_thread(app_state.access_control.visitor, request.headers, cookie(request, COOKIE)) is not None:
            return redirect(target)
        return page(html_pages.login_page(app_state.bundle, target))

    @post("/login")
    async def begin(request: Asked) -> Reply:
        _require_same_origin(request)
        fields = await _fields(request)
        target, login = local_target(fields.get("next", "/")), fields.get("login", "")
        address, browser = app_state.access_control.client_address(request.headers), cookie(request, BROWSER_COOKIE)
        try:
            session = await sessions.begin(Credentials(login, fields.get("password", ""), address, browser))
        except ApiError as refusal:
            html = html_pages.login_page(app_state.bundle, target, str(refusal), login[:_LONGEST_LOGIN])
            return page(html, status=refusal.status, headers=refusal.headers)
        await sync_to_thread(sessions.end, cookie(request, COOKIE))
        reply = redirect(target)
        reply.set_cookie(_cookie(request, COOKIE, session.token, LIFETIME))
        reply.set_cookie(_cookie(request, BROWSER_COOKIE, session.browser, browsers.LIFETIME, path="/login"))
        return reply

    @post("/logout")
    async def end(request: Asked) -> Reply:
        _require_same_origin(request)
        await sync_to_thread(sessions.end, cookie(request, COOKIE))
        reply = redirect("/login")
        reply.set_cookie(_cookie(request, COOKIE, "", 0))
        return reply

    return [form, begin, end]


def login_first(query: bytes) -> Reply:
    """Send a browser to the login, and from there back to the page with this query."""
    target = "/?" + query.decode("latin-1") if query else "/"
    return redirect(f"/login?next={quote(local_target(target), safe='')}")


def local_target(target: str) -> str:
    """Where to go after the login: a path of this server in harmless letters, or else its first page."""
    is_harmless = len(target) <= _LONGEST_TARGET and _TARGET.fullmatch(target) is not None
    return target if is_harmless and "//" not in target.partition("?")[0] else "/"


def _require_same_origin(request: Asked) -> None:
    if not is_same_origin(request.headers):
        raise ApiError(403, Reason.ORIGIN_FORBIDDEN, "Another web site may not log you in or out.")


async def _fields(request: Asked) -> dict[str, str]:
    """The fields of a form; raises ApiError for what our own page does not send."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise ApiError(415, Reason.UNSUPPORTED_MEDIA_TYPE, f"A login is sent as {_FORM}.")
    body = await _body(request)
    try:
        found = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise ApiError(400, Reason.BAD_REQUEST, f"A login has at most {_MOST_FIELDS} fields.") from None
    fields = dict(found)
    if len(fields) != len(found):
        raise ApiError(400, Reason.BAD_REQUEST, "A field is given twice.")
    return fields


async def _body(request: Asked) -> bytes:
    """The body; Litestar's own reading keeps forms in memory, passwords and all, and blames itself for who hangs up."""
    body = bytearray()
    while True:
        message = await request.receive()
        if message["type"] != "http.request":
            raise ApiError(400, Reason.BAD_REQUEST, "The request ended before its body did.")
        body += message.get("body", b"")
        if len(body) > _MOST_FORM:
            raise ApiError(413, Reason.BODY_TOO_LARGE, "A login is not that long.")
        if not message.get("more_body", False):
            return bytes(body)


def _cookie(request: Asked, name: str, value: str, seconds: float, *, path: str = "/") -> Cookie:
    return Cookie(
        name,
        path,
        value,
        max_age=int(seconds),
        httponly=True,
        samesite="strict",
        secure=_is_https(request.headers),
    )


def _is_https(headers: Mapping[str, str]) -> bool:
    """Whether the browser sees this server by way of TLS: a proxy says so, or the browser itself."""
    return (
        headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower() == "https"
        or headers.get("origin", "").lower().startswith("https://")
        or "proto=https" in headers.get("forwarded", "").partition(",")[0].lower().replace('"', "")
    )
