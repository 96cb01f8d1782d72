"""The paths that the collectors answer, and the question what became of an event."""

from footfall.dashboard.openapi.parts import FateReply, Health, Json, Taken, json_reply, ref, refusals
from footfall.settings import Settings

_EXAMPLE = {
    "id": "api.telemetry",
    "ver": "3.0",
    "ets": 1795224242107,
    "events": [
        {
            "eid": "IMPRESSION",
            "ets": 1795224242107,
            "ver": "3.0",
            "mid": "hello-1",
            "actor": {"id": "me", "type": "User"},
            "context": {"channel": "dev", "env": "try", "pdata": {"id": "curl"}},
            "edata": {"type": "view", "pageid": "hello", "uri": "/hello"},
        }
    ],
}
_ALIASES = (
    "/v1/telemetry",
    "/data/v3/telemetry",
    "/action/data/v3/telemetry",
    "/api/data/v1/telemetry",
    "/content/data/v1/telemetry",
    "/action/data/v1/telemetry",
)
_HINT_HEADERS = {
    "x-channel-id": "Stored as the channel of events that name none, where the key allows it.",
    "x-device-id": "Stored as `did` of events that have none.",
    "x-app-id": "Stored as `pdata.id` of events that have none.",
}


def paths(settings: Settings) -> Json:
    """Ingest at its six addresses, fate, health and metrics."""
    return {
        **{path: _telemetry(settings, path) for path in _ALIASES},
        "/v1/fate/{mid}": {"get": _fate()},
        "/health": {"get": _health()},
        "/metrics": {"get": _metrics()},
    }


def _telemetry(settings: Settings, path: str) -> Json:
    name = path.strip("/").replace("/", "_")
    about = "" if path == _ALIASES[0] else f" The same as {_ALIASES[0]}, for clients that were set up for this path."
    return {
        "post": {
            "operationId": f"send_{name}",
            "tags": ["ingest"],
            "summary": "Send events",
            "description": (
                "The 200 is sent after every accepted event is on disk. One bad event never sinks its batch: it is "
                f"listed in `errors` and kept aside.{about}"
            ),
            "security": [{"key": []}, {}],
            "parameters": [_hint(header, text) for header, text in _HINT_HEADERS.items()],
            "requestBody": {
                "required": True,
                "description": "As application/x-ndjson, one event a line. Content-Encoding gzip, deflate, br or zstd.",
                "content": _bodies(settings),
            },
            "responses": _answers(settings),
        },
        "options": {
            "operationId": f"preflight_{name}",
            "tags": ["ingest"],
            "summary": "Ask whether a page may send events (CORS)",
            "responses": {"204": {"description": "It may; the headers say how."}},
        },
    }


def _hint(name: str, description: str) -> Json:
    return {
        "name": name,
        "in": "header",
        "required": False,
        "description": description,
        "schema": {"type": "string"},
    }


def _bodies(settings: Settings) -> Json:
    """What is refused as a whole when it is not so; what is wrong inside an event is told event by event."""
    event = {"description": "An event; see /schemas/{profile}/{eid}.json. A bad one is rejected by itself."}
    about = f"At most {settings.max_batch_events} events."
    events = {"type": "array", "description": about, "items": event}
    batch = {
        "type": "object",
        "description": "A Sunbird batch. Only `events` is needed; `ets` lets a wrong clock be corrected.",
        "required": ["events"],
        "properties": {"events": events, "ets": {"description": "When it was sent, epoch ms."}},
    }
    single = {"type": "object", "description": "One event.", "required": ["eid"]}
    return {"application/json": {"schema": {"anyOf": [batch, events, single]}, "example": _EXAMPLE}}


def _answers(settings: Settings) -> Json:
    return {
        "200": json_reply("What became of the events; those accepted are on disk.", ref(Taken)),
        **refusals(
            s400="The body is not JSON, or not a batch; nothing was taken.",
            s401="A key is needed, or the key is not valid.",
            s403="The key does not allow this origin.",
            s405="Only POST and OPTIONS.",
            s408="The body did not arrive in time.",
            s413=f"More than {settings.max_body_bytes} bytes, {settings.max_inflated_bytes} inflated, or "
            f"{settings.max_batch_events} events.",
            s415="A Content-Type or Content-Encoding that is not read.",
            s429="The channel is over its rate; send the same batch again later.",
            s431="The request's head is too large.",
            s503="Nothing was taken: the disk or the journal is full; send the same batch again later.",
        ),
    }


def _fate() -> Json:
    return {
        "operationId": "fate",
        "tags": ["ingest"],
        "summary": "What became of an event",
        "description": "Needs a secret key, and answers for its channel. Events show up about a second after the 200.",
        "security": [{"key": []}, {}],
        "parameters": [
            {
                "name": "mid",
                "in": "path",
                "required": True,
                "description": "The event's mid.",
                "schema": {"type": "string", "minLength": 1},
            }
        ],
        "responses": {
            "200": json_reply("Every time it was received, oldest first.", ref(FateReply)),
            **refusals(
                s400="Not a well-formed request.",
                s401="A key is needed, or the key is not valid.",
                s403="Not a secret key, or another web site asks.",
                s404="No event with this mid is known (yet).",
                s414="The mid is too long.",
                s503="There is too little memory or time for an answer, or the part that answers is not running.",
            ),
        },
    }


def _health() -> Json:
    return {
        "operationId": "health",
        "tags": ["operations"],
        "summary": "How the server is",
        "description": "With the metrics token, or from the machine itself while everything is open, also why.",
        "responses": {
            "200": json_reply("All is well, or nothing is lost by what is not.", ref(Health)),
            "503": json_reply("Events cannot be taken.", ref(Health)),
        },
    }


def _metrics() -> Json:
    return {
        "operationId": "metrics",
        "tags": ["operations"],
        "summary": "Prometheus metrics",
        "responses": {
            "200": {"description": "Text exposition.", "content": {"text/plain": {"schema": {"type": "string"}}}},
            **refusals(s403="Metrics are shown to this machine only."),
        },
    }
