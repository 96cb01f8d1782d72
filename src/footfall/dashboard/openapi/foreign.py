"""The paths on which the collectors speak other tongues than Telemetry V3."""

from footfall.dashboard.openapi.parts import Json, json_reply, refusals
from footfall.settings import Settings

_OPERATION = {
    "id": "op-1",
    "time": 1795224242107,
    "operation": "login",
    "user": "u-17",
    "provider": "google",
    "surface": "oauth_api",
    "client": "portal",
}
_VIDEO = {
    "tracking_event_type": "video",
    "node_id": "n-1",
    "event_data": {"video_id": "v-1", "video_event_type": "kinesinlms.course.video.play"},
}
_PLAYER = [
    f"kinesinlms.course.video.{name}"
    for name in (
        "load",
        "play",
        "pause",
        "end",
        "error",
        "replay_clicked",
        "playback_rate_change",
        "playback_quality_change",
    )
]
# One of the forms that are taken: what the page of a video player sends.
_TRACKED: Json = {
    "type": "object",
    "required": ["tracking_event_type", "event_data"],
    "properties": {
        "tracking_event_type": {"const": "video"},
        "node_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"},
        "event_data": {
            "type": "object",
            "required": ["video_id", "video_event_type"],
            "properties": {
                "video_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"},
                "video_event_type": {"enum": _PLAYER},
            },
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
_SECURITY: list[Json] = [{"key": []}, {}]


def paths(settings: Settings) -> Json:
    """Operations on accounts, an LMS's events, Keycloak's webhook."""
    operation = {"type": "object", "description": "An operation; docs/identity.md names its fields."}
    return {
        "/v1/identity/operations": _path(
            settings,
            "tell_identity_operations",
            "Tell what happened to accounts",
            "One operation, an array of them, or an object with `operations`; at most 1,000. Idempotent by their ids.",
            {"type": ["object", "array"], "items": operation},
            _OPERATION,
            {"200": json_reply("The events that each operation fired.", {"type": "object"})},
        ),
        "/api/tracking": _path(
            settings,
            "track_lms_event",
            "Track an event of an LMS",
            "The body that an LMS's page or server sends; docs/lms.md tells the forms that are taken.",
            _TRACKED,
            _VIDEO,
            {"201": json_reply("Received.", {"type": "object"})},
        ),
        "/v1/keycloak/events": _path(
            settings,
            "tell_keycloak_event",
            "Take an event from Keycloak's webhook",
            "Signed over the raw body in X-Keycloak-Signature when a secret is set; see docs/keycloak.md.",
            {"type": ["object", "array"]},
            {"uid": "1", "time": 1795224242107, "realmId": "school", "type": "access.LOGIN"},
            {"200": json_reply("What became of it.", {"type": "object"})},
        ),
    }


def _path(
    settings: Settings, name: str, summary: str, description: str, body: Json, example: Json, taken: Json
) -> Json:
    wrong = json_reply("Nothing was taken; the body says what is wrong, and where.", {"type": "object"})
    return {
        "post": {
            "operationId": name,
            "tags": ["ingest"],
            "summary": summary,
            "description": description,
            "security": _SECURITY,
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": body, "example": example}},
            },
            "responses": {
                **taken,
                "400": wrong,
                "403": wrong,
                **refusals(
                    s401="A key is needed, or the key is not valid.",
                    s405="Only POST and OPTIONS.",
                    s408="The body did not arrive in time.",
                    s413=f"More than {settings.max_body_bytes} bytes, or too many at once.",
                    s415="A Content-Type or Content-Encoding that is not read.",
                    s429="The channel is over its rate; send the same again later.",
                    s431="The request's head is too large.",
                    s503="Nothing was taken: the disk or the journal is full; send the same again later.",
                ),
            },
        }
    }
