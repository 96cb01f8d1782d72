"""The paths that the web process answers."""

from msgspec import Struct

from footfall.dashboard.catalogue import Catalogue
from footfall.dashboard.charts import Series, Totals
from footfall.dashboard.events import EventAnswer, Feed
from footfall.dashboard.failed import Failed
from footfall.dashboard.flows import Flows
from footfall.dashboard.openapi.parts import Health, Json, SchemaIndex, json_reply, query, ref, refusals
from footfall.dashboard.overview import Overview
from footfall.dashboard.parameters import CatalogueRange, FailedRange, FeedRange, FlowsRange, SeriesRange, TotalsRange
from footfall.schema.schemas import EIDS
from footfall.schema.verdict import Profile


def paths() -> Json:
    """The dashboard's API, the schemas and the pages."""
    return {
        "/": {"get": _page("dashboard", "The dashboard", "dashboard") | {"security": [{"session": []}, {}]}},
        "/api/series": _api("series", "Events by type for each hour, day or week", Series, SeriesRange),
        "/api/totals": _api("totals", "Counts of a period against the one before", Totals, TotalsRange),
        "/api/feed": _api("feed", "The newest events, of any fate", Feed, FeedRange),
        "/api/failed": _api("failed", "Rejected events by reason", Failed, FailedRange),
        "/api/flows": _api("flows", "Flows by plan and outcome, and how far they came", Flows, FlowsRange),
        "/api/catalogue": _api(
            "catalogue", "Every event, type and step, with what came of it", Catalogue, CatalogueRange
        ),
        "/api/meta": _api("meta", "Channels, and how the server is set up", Overview),
        "/api/health": _api("condition", "What is wrong with footfall, and what to do", Health),
        "/api/events/{id}": _event(),
        "/schemas": {"get": _reference("schemas", "List of the JSON Schemas", ref(SchemaIndex))},
        "/schemas/{profile}/{eid}.json": {"get": _schema()},
        "/docs": {"get": _page("docs", "Documentation", "reference")},
        "/docs/reasons": {"get": _page("reasons", "Every reason, with what to do", "reference")},
        "/openapi.json": {"get": _reference("openapi", "This document", {"type": "object"})},
    }


def _api(name: str, summary: str, shape: type[Struct], parameters: type[Struct] | None = None) -> Json:
    operation = {
        "operationId": name,
        "tags": ["dashboard"],
        "summary": summary,
        "security": [{"session": []}, {}],
        "responses": {
            "200": json_reply("Times are epoch milliseconds.", ref(shape)),
            **refusals(
                s400="A parameter is wrong; the message says which.",
                s401="A login is needed: /login.",
                s403="Another web site asks, or the Host is not this machine.",
                s503="There is too little memory or time for an answer, the part that answers is not running, or the "
                "lake is damaged.",
            ),
        },
    }
    return {"get": operation | ({"parameters": query(parameters)} if parameters else {})}


def _event() -> Json:
    path = _api("event", "One event with its whole JSON", EventAnswer)
    path["get"]["parameters"] = [
        {
            "name": "id",
            "in": "path",
            "required": True,
            "description": "As in the feed.",
            "schema": {"type": "string", "minLength": 1},
        }
    ]
    path["get"]["responses"] |= refusals(s404="There is no event of this id.", s414="The id is too long.")
    return path


def _reference(name: str, summary: str, schema: Json) -> Json:
    return {
        "operationId": name,
        "tags": ["reference"],
        "summary": summary,
        "responses": {"200": json_reply("", schema) | {"description": summary}, **_GONE},
    }


def _schema() -> Json:
    operation = _reference("schema", "JSON Schema (2020-12) of one event", {"type": "object", "required": ["$schema"]})
    operation["parameters"] = [
        {"name": "profile", "in": "path", "required": True, "schema": {"enum": [str(profile) for profile in Profile]}},
        {"name": "eid", "in": "path", "required": True, "schema": {"enum": [eid.lower() for eid in EIDS]}},
    ]
    operation["responses"] |= refusals(s404="There is no such schema.", s414="The path is too long.")
    return operation


def _page(name: str, summary: str, tag: str) -> Json:
    html = {"description": summary, "content": {"text/html": {"schema": {"type": "string"}}}}
    return {
        "operationId": f"page_{name}",
        "tags": [tag],
        "summary": summary,
        "responses": {
            "200": html,
            "303": {"description": "A login is needed first."},
            **refusals(s403="The Host is not this machine."),
            **_GONE,
        },
    }


_GONE = refusals(s503="The part that answers this is not running.")
