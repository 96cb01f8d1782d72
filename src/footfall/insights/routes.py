"""Every path of the web process and what answers it."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from litestar import Request, Response, post, route
from litestar.concurrency import sync_to_thread
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from footfall.insights import charts, ledger, overview, pages
from footfall.insights.assets import Bundle
from footfall.insights.catalogue import catalogue
from footfall.insights.failed import failed
from footfall.insights.flows import flows
from footfall.insights.gate import COOKIE, Gate, Visitor, is_same_origin
from footfall.insights.library import Library
from footfall.insights.openapi import document
from footfall.insights.parameters import (
    CatalogueRange,
    FailedRange,
    FeedRange,
    FlowsRange,
    SeriesRange,
    TotalsRange,
    read,
)
from footfall.insights.replies import SECURITY, RefusedError, answer, envelope, page, redirect
from footfall.insights.sessions import LIFETIME
from footfall.lake.reading import LakeReader
from footfall.settings import Settings
from footfall.spec.reasons import Reason
from footfall.spec.schemas import EIDS, event_schema
from footfall.spec.verdict import Profile

Asked = Request[Any, Any, Any]
Reply = Response[bytes]
Parameters = TypeVar("Parameters", bound=Struct)

_FOREVER = "public, max-age=31536000, immutable"
_NOT_SEEN = "No event with this mid is known. An event shows up here about a second after it was acknowledged."


class House(Struct, frozen=True):
    """What the handlers share."""

    settings: Settings
    reader: LakeReader
    gate: Gate
    bundle: Bundle
    library: Library


def handlers(house: House) -> list[HTTPRouteHandler]:
    """All handlers."""
    return [*_api(house), *_pages(house), *_login(house), *_public(house), _fate(house)]


def _reads(path: str, *, blocking: bool = True) -> Callable[[Callable[..., Reply]], HTTPRouteHandler]:
    """A handler of GET and HEAD; `blocking` ones run in a thread."""
    return route(path, http_method=["GET", "HEAD"], status_code=200, sync_to_thread=blocking)


def _accepts(request: Asked) -> str:
    return request.headers.get("accept-encoding", "")


def _api(house: House) -> list[HTTPRouteHandler]:
    def enter(request: Asked) -> Visitor:
        house.gate.check_origin(request.headers, navigation=False)
        visitor = house.gate.visitor(request.headers, request.cookies)
        if visitor is None:
            raise RefusedError(401, Reason.KEY_MISSING, "Log in at /login first.")
        return visitor

    def path(
        name: str, into: type[Parameters], compute: Callable[[LakeReader, Parameters], object]
    ) -> HTTPRouteHandler:
        @_reads(f"/api/{name}")
        def handle(request: Asked) -> Reply:
            enter(request)
            wanted = read(request.query_params.multi_items(), into)
            return answer(compute(house.reader, wanted), _accepts(request))

        return handle

    @_reads("/api/meta")
    def meta(request: Asked) -> Reply:
        visitor = enter(request)
        state = overview.overview(house.reader, is_open=visitor.is_open, keyless=visitor.is_open, login=visitor.login)
        return answer(state, _accepts(request))

    @_reads("/api/events/{event_id:str}")
    def event(request: Asked, event_id: FromPath[str]) -> Reply:
        enter(request)
        first, *derived = ledger.event(house.reader, event_id)
        return answer({"event": first, "same_place": derived}, _accepts(request))

    return [
        path("series", SeriesRange, charts.series),
        path("totals", TotalsRange, charts.totals),
        path("feed", FeedRange, ledger.feed),
        path("failed", FailedRange, failed),
        path("flows", FlowsRange, lambda reader, wanted: flows(reader, house.library, wanted)),
        path("catalogue", CatalogueRange, lambda reader, wanted: catalogue(reader, house.library, wanted)),
        meta,
        event,
    ]


def _pages(house: House) -> list[HTTPRouteHandler]:
    @_reads("/")
    def index(request: Asked) -> Reply:
        house.gate.check_origin(request.headers, navigation=True)
        if house.gate.visitor(request.headers, request.cookies) is None:
            query = request.scope["query_string"].decode("latin-1")
            return redirect(f"/login?next={quote('/?' + query if query else '/', safe='')}")
        return page(house.bundle.index, scripts=house.bundle.scripts)

    @_reads("/assets/{version:str}/{name:path}")
    def asset(request: Asked, version: FromPath[str], name: FromPath[str]) -> Reply:
        found = house.bundle.find(name.lstrip("/"))
        if found is None or version != house.bundle.version:
            raise RefusedError(404, Reason.NOT_FOUND)
        body, encoding = found.encoded(_accepts(request))
        headers = {**SECURITY, "Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(body, media_type=found.media, headers=headers)

    return [index, asset]


def _login(house: House) -> list[HTTPRouteHandler]:
    @route("/login", http_method=["GET", "HEAD"], status_code=200)
    async def form(request: Asked) -> Reply:
        target = _local_path(request.query_params.get("next", "/"))
        if await sync_to_thread(house.gate.visitor, request.headers, request.cookies) is not None:
            return redirect(target)
        return page(pages.login_page(house.bundle, target))

    @post("/login")
    async def begin(request: Asked) -> Reply:
        fields = await _form(request)
        target = _local_path(fields.get("next", "/"))
        login, password = fields.get("login", ""), fields.get("password", "")
        try:
            token = await sync_to_thread(house.gate.sessions.begin, login, password)
        except RefusedError as refusal:
            html = pages.login_page(house.bundle, target, str(refusal), login)
            return page(html, status=refusal.status, headers=refusal.headers)
        return redirect(target, {"Set-Cookie": _cookie(request, token, int(LIFETIME))})

    @post("/logout")
    async def end(request: Asked) -> Reply:
        await _form(request)
        await sync_to_thread(house.gate.sessions.end, request.cookies.get(COOKIE, ""))
        return redirect("/login", {"Set-Cookie": _cookie(request, "", 0)})

    return [form, begin, end]


async def _form(request: Asked) -> dict[str, str]:
    """The fields of a form that our own page posted; raises RefusedError for one that another site posted."""
    if not is_same_origin(request.headers):
        raise RefusedError(403, Reason.ORIGIN_FORBIDDEN, "Another web site may not log you in or out.")
    form = await request.form()
    return {name: value for name, value in form.multi_items() if isinstance(value, str)}


def _cookie(request: Asked, token: str, seconds: int) -> str:
    secure = "; Secure" if request.headers.get("x-forwarded-proto", "").lower() == "https" else ""
    return f"{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"


def _local_path(target: str) -> str:
    """Where to go after login, if it is on this server."""
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or not target.startswith("/") or target.startswith("//") or not target.isascii():
        return "/"
    return "/" if any(char in target for char in "\\\r\n\t") else target


def _public(house: House) -> list[HTTPRouteHandler]:
    @_reads("/schemas", blocking=False)
    def index(request: Asked) -> Reply:
        found = {
            profile: {eid: f"/schemas/{profile}/{eid.lower()}.json" for eid in EIDS} for profile in map(str, Profile)
        }
        return answer({"profiles": found}, _accepts(request), cache="public, max-age=300")

    @_reads("/schemas/{profile:str}/{name:str}", blocking=False)
    def schema(request: Asked, profile: FromPath[str], name: FromPath[str]) -> Reply:
        eid = name.removesuffix(".json").upper()
        if profile not in list(Profile) or eid not in EIDS or name != f"{eid.lower()}.json":
            raise RefusedError(404, Reason.NOT_FOUND, "There is no such schema; /schemas lists them.")
        return answer(event_schema(Profile(profile), eid), _accepts(request), cache="public, max-age=300")

    @_reads("/docs", blocking=False)
    def docs() -> Reply:
        return page(pages.docs_page(house.bundle))

    @_reads("/docs/reasons", blocking=False)
    def reasons() -> Reply:
        return page(pages.reasons_page(house.bundle))

    @_reads("/openapi.json", blocking=False)
    def openapi(request: Asked) -> Reply:
        return answer(document(house.settings), _accepts(request), cache="public, max-age=300")

    return [index, schema, docs, reasons, openapi]


def _fate(house: House) -> HTTPRouteHandler:
    @_reads("/v1/fate/{mid:path}")
    def fate(request: Asked, mid: FromPath[str]) -> Reply:
        house.gate.check_origin(request.headers, navigation=False)
        channel = house.gate.readable_channel(request.headers)
        mid = mid.removeprefix("/")
        found = ledger.fates(house.reader, mid, channel) if house.reader.version() >= 0 else []
        if not found:
            raise RefusedError(404, Reason.NOT_FOUND, _NOT_SEEN)
        return answer(envelope("api.telemetry.fate", {"mid": mid, "fates": found}), _accepts(request))

    return fate
