"""Every path of the web process and what answers it."""

from collections.abc import Callable
from typing import TypeVar

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from footfall.dashboard import charts, events, html_pages, login, overview
from footfall.dashboard.auth import Visitor
from footfall.dashboard.catalogue import catalogue
from footfall.dashboard.failed import failed
from footfall.dashboard.flows import flows
from footfall.dashboard.openapi import document
from footfall.dashboard.parameters import (
    CatalogueRange,
    FailedRange,
    FeedRange,
    FlowsRange,
    SeriesRange,
    TotalsRange,
    read,
)
from footfall.dashboard.queries import LakeAnswer
from footfall.dashboard.responses import SECURITY, ApiError, answer, envelope, page
from footfall.dashboard.state import AppState, Asked, Reply, accepts, cookie, reads
from footfall.lake.query import LakeReader
from footfall.schema.reasons import Reason
from footfall.schema.schemas import EIDS, event_schema
from footfall.schema.verdict import Profile

Parameters = TypeVar("Parameters", bound=Struct)

_FOREVER = "public, max-age=31536000, immutable"
_PARTLY = "Some events cannot be read at present, and are in no answer."
_NOT_SEEN = "No event with this mid is known. An event shows up here about a second after it was acknowledged."


def handlers(app_state: AppState) -> list[HTTPRouteHandler]:
    """All handlers."""
    return [*_api(app_state), *_pages(app_state), *login.handlers(app_state), *_public(app_state), _fate(app_state)]


def _api(app_state: AppState) -> list[HTTPRouteHandler]:
    def enter(request: Asked) -> Visitor:
        app_state.access_control.check_origin(request.headers, navigation=False)
        visitor = app_state.access_control.visitor(request.headers, cookie(request, login.COOKIE))
        if visitor is None:
            raise ApiError(401, Reason.KEY_MISSING, "Log in at /login first.")
        return visitor

    def tell(request: Asked, found: LakeAnswer) -> Reply:
        found.remarks = app_state.reader.remarks
        return answer(found, accepts(request))

    def path(
        name: str, into: type[Parameters], compute: Callable[[LakeReader, Parameters], LakeAnswer]
    ) -> HTTPRouteHandler:
        @reads(f"/api/{name}")
        def handle(request: Asked) -> Reply:
            enter(request)
            wanted = read(request.scope["query_string"], into)
            return tell(request, compute(app_state.reader, wanted))

        return handle

    @reads("/api/meta")
    def meta(request: Asked) -> Reply:
        visitor = enter(request)
        state = overview.overview(
            app_state.reader, is_open=visitor.is_open, keyless=visitor.is_open, login=visitor.login
        )
        return tell(request, state)

    @reads("/api/health")
    def health(request: Asked) -> Reply:
        enter(request)
        return answer(app_state.health.report(), accepts(request))

    @reads("/api/events/{event_id:str}")
    def event(request: Asked, event_id: FromPath[str]) -> Reply:
        enter(request)
        first, *derived = events.event(app_state.reader, event_id)
        return tell(request, events.EventAnswer(first, derived))

    return [
        path("series", SeriesRange, charts.series),
        path("totals", TotalsRange, charts.totals),
        path("feed", FeedRange, events.feed),
        path("failed", FailedRange, failed),
        path("flows", FlowsRange, lambda reader, wanted: flows(reader, app_state.installed_plans, wanted)),
        path("catalogue", CatalogueRange, lambda reader, wanted: catalogue(reader, app_state.installed_plans, wanted)),
        meta,
        health,
        event,
    ]


def _pages(app_state: AppState) -> list[HTTPRouteHandler]:
    @reads("/")
    def index(request: Asked) -> Reply:
        app_state.access_control.check_origin(request.headers, navigation=True)
        if app_state.access_control.visitor(request.headers, cookie(request, login.COOKIE)) is None:
            return login.login_first(request.scope["query_string"])
        return page(app_state.bundle.index, scripts=app_state.bundle.scripts)

    @reads("/assets/{version:str}/{name:path}")
    def asset(request: Asked, version: FromPath[str], name: FromPath[str]) -> Reply:
        found = app_state.bundle.find(name.lstrip("/"))
        if found is None or version != app_state.bundle.version:
            raise ApiError(404, Reason.NOT_FOUND)
        body, encoding = found.encoded(accepts(request))
        headers = {**SECURITY, "Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(body, media_type=found.media, headers=headers)

    return [index, asset]


def _public(app_state: AppState) -> list[HTTPRouteHandler]:
    @reads("/schemas", blocking=False)
    def index(request: Asked) -> Reply:
        found = {
            profile: {eid: f"/schemas/{profile}/{eid.lower()}.json" for eid in EIDS} for profile in map(str, Profile)
        }
        return answer({"profiles": found}, accepts(request), cache="public, max-age=300")

    @reads("/schemas/{profile:str}/{name:str}", blocking=False)
    def schema(request: Asked, profile: FromPath[str], name: FromPath[str]) -> Reply:
        eid = name.removesuffix(".json").upper()
        if profile not in list(Profile) or eid not in EIDS or name != f"{eid.lower()}.json":
            raise ApiError(404, Reason.NOT_FOUND, "There is no such schema; /schemas lists them.")
        return answer(event_schema(Profile(profile), eid), accepts(request), cache="public, max-age=300")

    @reads("/docs", blocking=False)
    def docs() -> Reply:
        return page(html_pages.docs_page(app_state.bundle))

    @reads("/docs/reasons", blocking=False)
    def reasons() -> Reply:
        return page(html_pages.reasons_page(app_state.bundle))

    @reads("/openapi.json", blocking=False)
    def openapi(request: Asked) -> Reply:
        return answer(document(app_state.settings), accepts(request), cache="public, max-age=300")

    return [index, schema, docs, reasons, openapi]


def _fate(app_state: AppState) -> HTTPRouteHandler:
    @reads("/v1/fate/{mid:path}")
    def fate(request: Asked, mid: FromPath[str]) -> Reply:
        app_state.access_control.check_origin(request.headers, navigation=False)
        channel = app_state.access_control.readable_channel(request.headers)
        mid = mid.removeprefix("/")
        found = events.fates(app_state.reader, mid, channel) if app_state.reader.version() >= 0 else []
        remarks = [_PARTLY] if app_state.reader.remarks else []
        if not found:
            raise ApiError(404, Reason.NOT_FOUND, " ".join((_NOT_SEEN, *remarks)))
        return answer(envelope("api.telemetry.fate", events.FateResult(mid, found, remarks=remarks)), accepts(request))

    return fate
