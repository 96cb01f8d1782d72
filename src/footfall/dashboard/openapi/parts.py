"""Building blocks of the document: shapes from the Structs that the server answers with."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from footfall.dashboard.catalogue import Catalogue
from footfall.dashboard.charts import Series, Totals
from footfall.dashboard.events import EventAnswer, FateResult, Feed
from footfall.dashboard.failed import Failed
from footfall.dashboard.flows import Flows
from footfall.dashboard.overview import Overview
from footfall.dashboard.responses import Params

Json = dict[str, Any]

Stamp = Annotated[str, Meta(description="ISO 8601 in UTC.", extra_json_schema={"format": "date-time"})]
Count = Annotated[int, Meta(ge=0)]


class Complaint(Struct, omit_defaults=True):
    """Why a request was refused; `line` and `column` where the body is not JSON."""

    code: str
    message: str
    hint: str
    docs: str
    line: Count = 0
    column: Count = 0


class Refused(Struct):
    """The reply to a request that is refused as a whole."""

    id: str
    ver: str
    ts: Stamp
    params: Params
    responseCode: Literal["CLIENT_ERROR", "SERVER_ERROR"]  # noqa: N815
    result: Complaint


class Detail(Struct):
    """What is wrong or remarkable about the event at an index of the batch."""

    index: Count
    mid: str | None
    code: str
    path: str
    message: str
    hint: str
    docs: str


class Verdicts(Struct):
    """What became of the events of a request; each event is counted once."""

    received: Count
    accepted: Count
    duplicate: Count
    rejected: Count
    errors: list[Detail]
    warnings: list[Detail]


class TakenParams(Struct):
    """`params` of the reply to a batch; `msgid` as the batch had it."""

    resmsgid: str
    msgid: Any
    status: Literal["successful"]
    err: None
    errmsg: None


class Problem(Struct, omit_defaults=True):
    """Something that is not as it should be, and what to do; `since` is epoch ms."""

    what: str
    do: str
    since: Count = 0


class Health(Struct, omit_defaults=True):
    """How the server is: `ok`, `degraded` (nothing is lost) or `failing` (events cannot be taken).

    Strangers are told no more than that.
    """

    status: Literal["ok", "degraded", "failing"]
    problems: list[Problem] = []
    stages: dict[str, Any] = {}
    disk_free_bytes: Count | None = None
    version: str = ""


class Taken(Struct):
    """The reply to a batch: everything accepted is on disk."""

    id: str
    ver: str
    ts: Stamp
    params: TakenParams
    responseCode: Literal["SUCCESS"]  # noqa: N815
    result: Verdicts


class FateReply(Struct):
    """The reply to the question what became of an event."""

    id: str
    ver: str
    ts: Stamp
    params: Params
    responseCode: Literal["SUCCESS"]  # noqa: N815
    result: FateResult


class SchemaIndex(Struct):
    """Path of the JSON Schema by profile and eid."""

    profiles: dict[str, dict[str, str]]


SHAPES: tuple[type[Struct], ...] = (
    Refused,
    Taken,
    Health,
    FateReply,
    Series,
    Totals,
    Feed,
    EventAnswer,
    Failed,
    Flows,
    Catalogue,
    Overview,
    SchemaIndex,
)


def components() -> Json:
    """The schemas of all replies."""
    return msgspec.json.schema_components(SHAPES, ref_template="#/components/schemas/{name}")[1]


def ref(shape: type[Struct]) -> Json:
    """A reference to a reply's schema."""
    return {"$ref": f"#/components/schemas/{shape.__name__}"}


def json_reply(description: str, schema: Json, headers: Json | None = None) -> Json:
    """A reply with a JSON body."""
    reply: Json = {"description": description, "content": {"application/json": {"schema": schema}}}
    return reply | ({"headers": headers} if headers else {})


def refusals(**statuses: str) -> Json:
    """Error replies by status, as in `refusals(s400="Not JSON.")`."""
    return {name[1:]: json_reply(text, ref(Refused), _headers(name[1:])) for name, text in statuses.items()}


def _headers(status: str) -> Json:
    if status in ("429", "503"):
        return {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
    if status == "401":
        return {"WWW-Authenticate": {"schema": {"type": "string"}}}
    return {}


def query(shape: type[Struct]) -> list[Json]:
    """The fields of a Struct as query parameters."""
    (schema,), defs = msgspec.json.schema_components([shape], ref_template="#/components/schemas/{name}")
    name = schema["$ref"].rsplit("/", 1)[1]
    return [
        _parameter(field, _inline(about, defs), field in defs[name].get("required", ()))
        for field, about in defs[name]["properties"].items()
    ]


def _inline(schema: Json, defs: Json) -> Json:
    if "$ref" in schema:
        return {"type": "string", "enum": defs[schema["$ref"].rsplit("/", 1)[1]]["enum"]}
    if "anyOf" in schema:
        (only,) = (_inline(branch, defs) for branch in schema["anyOf"])
        return {**only, **{key: value for key, value in schema.items() if key != "anyOf"}}
    return schema


def _parameter(name: str, schema: Json, required: bool) -> Json:
    description = schema.pop("description", "")
    return {"name": name, "in": "query", "required": required, "description": description, "schema": schema}
