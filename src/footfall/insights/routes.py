"""Every path of the web process and what answers it."""

from collections.abc import Callable
from typing import TypeVar

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from msgspec import Struct

from footfall.insights import charts, ledger, login, overview, pages
from footfall.insights.catalogue import catalogue
from footfall.insights.failed import failed
from footfall.insights.flows import flows
from footfall.insights.gate import Visitor
from footfall.insights.house import Asked, House, Reply, accepts, cookie, reads
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
from footfall.insights.replies import SECURITY, RefusedError, answer, envelope, page
from footfall.insights.source import LakeAnswer
from footfall.lake.reading import LakeReader
from footfall.spec.reasons import Reason
from footfall.spec.schemas import EIDS, event_schema
from footfall.spec.verdict import Profile

Parameters = TypeVar("Parameters", bound=Struct)

_FOREVER = "public, max-age=31536000, immutable"
_PARTLY = "Some events cannot be read at present, and are in no answer."
_NOT_SEEN = "No event with this mid is known. An event shows up here about a second after it was acknowledged."


def handlers(house: House) -> list[HTTPRouteHandler]:
    """All handlers."""
    return [*_api(house), *_pages(house), *login.handlers(house), *_public(house), _fate(house)]


def _api(house: House) -> list[HTTPRouteHandler]:
    def enter(request: Asked) -> Visitor:
        house.gate.check_origin(request.headers, navigation=False)
        visitor = house.gate.visitor(request.headers, cookie(request, login.COOKIE))
        if visitor is None:
            raise RefusedError(401, Reason.KEY_MISSING, "Log in at /login first.")
        return visitor

    def tell(request: Asked, found: LakeAnswer) -> Reply:
        found.remarks = house.reader.remarks
        return answer(found, accepts(request))

    def path(
        name: str, into: type[Parameters], compute: Callable[[LakeReader, Parameters], LakeAnswer]
    ) -> HTTPRouteHandler:
        @reads(f"/api/{name}")
        def handle(request: Asked) -> Reply:
            enter(request)
            wanted = read(request.scope["query_string"], into)
            return tell(request, compute(house.reader, wanted))

        return handle

    @reads("/api/meta")
    def meta(request: Asked) -> Reply:
        visitor = enter(request)
        state = overview.overview(house.reader, is_open=visitor.is_open, keyless=visitor.is_open, login=visitor.login)
        return tell(request, state)

    @reads("/api/health")
    def health(request: Asked) -> Reply:
        enter(request)
        return answer(house.health.report(), accepts(request))

    @reads("/api/events/{event_id:str}")
    def event(request: Asked, event_id: FromPath[str]) -> Reply:
        enter(request)
        first, *derived = ledger.event(house.reader, event_id)
        return tell(request, ledger.EventAnswer(first, derived))

    return [
        path("series", SeriesRange, charts.series),
        path("totals", TotalsRange, charts.totals),
        path("feed", FeedRange, ledger.feed),
        path("failed", FailedRange, failed),
        path("flows", FlowsRange, lambda reader, wanted: flows(reader, house.library, wanted)),
        path("catalogue", CatalogueRange, lambda reader, wanted: catalogue(reader, house.library, wanted)),
        meta,
        health,
        event,
    ]


def _pages(house: House) -> list[HTTPRouteHandler]:
    @reads("/")
    def index(request: Asked) -> Reply:
        house.gate.check_origin(request.headers, navigation=True)
        if house.gate.visitor(request.headers, cookie(request, login.COOKIE)) is None:
            return login.login_first(request.scope["query_string"])
        return page(house.bundle.index, scripts=house.bundle.scripts)

    @reads("/assets/{version:str}/{name:path}")
    def asset(request: Asked, version: FromPath[str], name: FromPath[str]) -> Reply:
        found = house.bundle.find(name.lstrip("/"))
        if found is None or version != house.bundle.version:
            raise RefusedError(404, Reason.NOT_FOUND)
        body, encoding = found.encoded(accepts(request))
        headers = {**SECURITY, "Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if encoding:
            headers["Content-Encoding"] = encoding
        return Response(body, media_type=found.media, headers=headers)

    return [index, asset]


def _public(house: House) -> list[HTTPRouteHandler]:
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
            raise RefusedError(404, Reason.NOT_FOUND, "There is no such schema; /schemas lists them.")
        return answer(event_schema(Profile(profile), eid), accepts(request), cache="public, max-age=300")

    @reads("/docs", blocking=False)
    def docs() -> Reply:
        return page(pages.docs_page(house.bundle))

    @reads("/docs/reasons", blocking=False)
    def reasons() -> Reply:
        return page(pages.reasons_page(house.bundle))

    @reads("/openapi.json", blocking=False)
    def openapi(request: Asked) -> Reply:
        return answer(document(house.settings), accepts(request), cache="public, max-age=300")

    return [index, schema, docs, reasons, openapi]


def _fate(house: House) -> HTTPRouteHandler:
    @reads("/v1/fate/{mid:path}")
    def fate(request: Asked, mid: FromPath[str]) -> Reply:
        house.gate.check_origin(request.headers, navigation=False)
        channel = house.gate.readable_channel(request.headers)
        mid = mid.removeprefix("/")
        found = ledger.fates(house.reader, mid, channel) if house.reader.version() >= 0 else []
        remarks = [_PARTLY] if house.reader.remarks else []
        if not found:
            raise RefusedError(404, Reason.NOT_FOUND, " ".join((_NOT_SEEN, *remarks)))
        return answer(envelope("api.telemetry.fate", ledger.FateResult(mid, found, remarks=remarks)), accepts(request))

    return fate
