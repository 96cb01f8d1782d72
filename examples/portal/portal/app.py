"""The portal as an application: its routes, what holds for all of them, and what outlives a request."""

import logging
from pathlib import Path
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router

from portal import google, lesson, login, profile, proof, signup
from portal import visit as visits
from portal.captcha_check import Captcha
from portal.desk import NOT_KEPT, Form, Portal, open_desk
from portal.oidc import Provider
from portal.operations import Teller
from portal.pages import HERE, Pages
from portal.seal import open_seal
from portal.sender import Sender
from portal.settings import Settings, origin
from portal.store import open_store
from portal.telemetry import Voice

_log = logging.getLogger("portal")
_MOST_BODY = 64 << 10
_FORGED = "This form is too old, or not one of ours. Go back, load the page again, and try once more."
_SAYS = {403: _FORGED, 404: "There is no such page."}
_ROUTES = (
    *(lesson.home, lesson.show, lesson.answer, signup.show, signup.submit, proof.show, proof.submit, proof.resend),
    *(login.show, login.submit, login.leave, login.reactivate, google.depart, google.come_back),
    *(profile.show, profile.change, profile.change_password, profile.deactivate, profile.ask, profile.remove),
)


def create(settings: Settings) -> Litestar:
    """The application; its folder is made where there is none."""
    settings.data.mkdir(parents=True, exist_ok=True)
    portal = _open(settings, settings.data)
    return Litestar(
        [*_ROUTES, tracker, create_static_files_router("/static", [HERE / "static"])],
        state=State({"portal": portal}),
        dependencies={"desk": Provide(open_desk, sync_to_thread=True), "form": Provide(read_form)},
        before_request=refuse_forged,
        response_headers=_headers(settings),
        exception_handlers={HTTPException: _trouble, Exception: _broken},
        on_startup=[portal.teller.start],
        on_shutdown=[portal.teller.close, portal.voice.close, portal.google.close, portal.captcha.close],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=_MOST_BODY,
    )


def _open(settings: Settings, folder: Path) -> Portal:
    store = open_store(settings.database, folder)
    return Portal(
        settings=settings,
        store=store,
        seal=open_seal(settings.secret, folder),
        pages=Pages(settings),
        sender=Sender(settings),
        captcha=Captcha(settings),
        google=Provider(settings),
        voice=Voice(settings, folder),
        teller=Teller(settings, store),
    )


@get("/footfall.js", sync_to_thread=False)
def tracker(request: Request[Any, Any, Any]) -> Response[str]:
    """The browser tracker, under a name that pages know: footfall serves it."""
    address = origin(request.app.state.portal.settings.footfall)
    return Response(f'export * from "{address}/footfall.js";\n', media_type="text/javascript")


async def read_form(request: Request[Any, Any, Any]) -> Form:
    """The fields of a form; of those with several values, none."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


async def refuse_forged(request: Request[Any, Any, Any]) -> Response[str] | None:
    """Let no form through that a page of this visit did not hold."""
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        portal: Portal = request.app.state.portal
        visit = visits.read(request.cookies, request.headers, portal.seal)
        given = (await read_form(request)).get("form_token", "")
        if not portal.seal.is_mark(given, "form", visit.token):
            return _message(request, 403, _FORGED)
    return None


def _headers(settings: Settings) -> dict[str, str]:
    """What keeps browsers from doing more with an answer than is meant."""
    return {
        "content-security-policy": _policy(settings),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
    }


def _policy(settings: Settings) -> str:
    """Scripts and what they ask for are from here, footfall and the captcha; forms lead here and to Google."""
    footfall, captcha = origin(settings.footfall), origin(settings.captcha_script_url)
    google_captcha = "https://www.gstatic.com" if captcha == "https://www.google.com" else ""
    parts = {
        "default-src": "'self'",
        "script-src": f"'self' {footfall} {captcha} {google_captcha}",
        "connect-src": f"'self' {footfall} {captcha}",
        "frame-src": captcha or "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": f"'self' {origin(settings.google_discovery_url)}",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {' '.join(value.split())}" for name, value in parts.items())


def _trouble(request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
    """What Litestar refuses: an unknown path, a wrong method, a query that cannot be read."""
    return _message(request, error.status_code, _SAYS.get(error.status_code, "That request could not be read."))


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    # The trace without its message, which may hold what somebody typed.
    trace, place = error.__traceback__, ""
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        trace = trace.tb_next
    _log.error("request failed: %s at %s", type(error).__qualname__, place)
    return _message(request, 500, "Something went wrong here. Please try again.")


def _message(request: Request[Any, Any, Any], status: int, text: str) -> Response[str]:
    portal: Portal = request.app.state.portal
    content = portal.pages.show("error.html", title="That did not work", text=text)
    headers = _headers(portal.settings) | NOT_KEPT
    return Response(content, status_code=status, media_type=MediaType.HTML, headers=headers)
