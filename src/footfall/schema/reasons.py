"""The closed set of reasons: why an event or a request was refused, or accepted with a remark."""

from enum import Enum
from typing import Self

from msgspec import Struct


class Advice(Struct, frozen=True):
    """What a reason says to a person: one sentence on what is wrong, one on what to do."""

    code: str
    sentence: str
    hint: str


class Reason(Enum):
    """Why something was not simply accepted; `code` is stable and safe to match on."""

    # Events: the text itself.
    NOT_AN_OBJECT = Advice(
        "not_an_object",
        "An event must be a JSON object.",
        "Send each event as an object with eid, ets, ver, mid, actor, context and edata.",
    )
    MALFORMED_LINE = Advice(
        "malformed_line",
        "This line is not JSON.",
        "In NDJSON each line holds one complete event; escape line breaks inside strings as \\n.",
    )
    INVALID_UTF8 = Advice(
        "invalid_utf8", "The event holds bytes that are not UTF-8.", "Encode JSON as UTF-8 before sending it."
    )
    LONE_SURROGATE = Advice(
        "lone_surrogate",
        "A string holds half of a surrogate pair, which no Unicode text can hold.",
        "Cut strings between characters, not between UTF-16 units (a truncated emoji is the usual cause).",
    )
    DUPLICATE_KEY = Advice(
        "duplicate_key",
        "An object names the same key twice, so readers would disagree on its value.",
        "Send every key once.",
    )
    TOO_DEEP = Advice(
        "too_deep", "The event is nested too deeply.", "Flatten it: real events need fewer than ten levels."
    )
    NUMBER_OUT_OF_RANGE = Advice(
        "number_out_of_range",
        "A number is too large for a double.",
        "Send numbers below 1.8e308, or send the value as a string.",
    )
    EVENT_TOO_LARGE = Advice(
        "event_too_large",
        "The event is larger than the limit for one event.",
        "Send large content by reference, or raise max_event_bytes.",
    )
    TOO_MANY_VALUES = Advice(
        "too_many_values",
        "The event holds more JSON values than the limit for one event.",
        "Send large content by reference, or raise max_event_values.",
    )

    # Events: the shape.
    UNKNOWN_EVENT = Advice(
        "unknown_event",
        "eid is not one of the 17 events.",
        "Use START, IMPRESSION, INTERACT, ASSESS, RESPONSE, INTERRUPT, FEEDBACK, SHARE, AUDIT, ERROR, HEARTBEAT, "
        "LOG, SEARCH, METRICS, SUMMARY, EXDATA or END, in upper case.",
    )
    MISSING_FIELD = Advice("missing_field", "A required field is missing.", "Add the field named in path.")
    WRONG_TYPE = Advice("wrong_type", "A field has the wrong JSON type.", "Send the type that the message names.")
    UNKNOWN_FIELD = Advice(
        "unknown_field",
        "This object is closed and does not know the field.",
        "Remove the field, or move it to where free content is allowed (edata.extra, params, cdata).",
    )
    VALUE_NOT_ALLOWED = Advice(
        "value_not_allowed", "The value is not one of those allowed.", "Send one of the values that the message names."
    )
    EMPTY_VALUE = Advice("empty_value", "The value must not be empty.", "Fill the field.")
    VALUE_TOO_LONG = Advice("value_too_long", "The value is too long.", "Shorten it; ids need no more than a UUID has.")
    BELOW_MINIMUM = Advice("below_minimum", "The number is below its minimum.", "Send a larger number.")

    # Events: judged against others, or later.
    NEEDS_SECRET_KEY = Advice(
        "needs_secret_key",
        "A public key may not say this.",
        "Send it from a server with a secret key, or allow the type: footfall channel set NAME --public-type TYPE.",
    )
    MID_CONFLICT = Advice(
        "mid_conflict",
        "An event with the same mid but other content was stored before.",
        "Give every event its own mid; repeat a mid only to resend the same event.",
    )
    UNREADABLE_RECORD = Advice(
        "unreadable_record",
        "The pipeline could not read this event back from the journal.",
        "Please report it with the output of `footfall journal inspect`; the bytes are kept.",
    )

    # Remarks on accepted events.
    CHANNEL_DIFFERS = Advice(
        "channel_differs",
        "context.channel is not the channel of the key; the event is stored under the key's channel.",
        "Set the client's channel to the key's, or let the key write for others: footfall channel set --accepts.",
    )
    MID_SHARED = Advice(
        "mid_shared",
        "An event with the same mid came with a public key; both are kept.",
        "Take the one whose key_kind is secret; the other may have been sent by anybody.",
    )
    CLOCK_AHEAD = Advice(
        "clock_ahead",
        "The event's time is more than a day in the future.",
        "Set the device's clock; ets is kept as sent, and the event is marked.",
    )
    PERSONAL_VALUE = Advice(
        "personal_value",
        "A value was personal; of it, only the length was stored.",
        "Leave personal values out; ids and what happened are enough.",
    )

    # Requests.
    MALFORMED_JSON = Advice("malformed_json", "The body is not JSON.", "Send what JSON.stringify or json.dumps makes.")
    NOT_A_BATCH = Advice(
        "not_a_batch",
        "The body is JSON, but neither a batch, an array of events, nor an event.",
        'Send {"id": …, "ver": …, "ets": …, "events": […]}, or an array of events.',
    )
    CORRUPT_ENCODING = Advice(
        "corrupt_encoding",
        "The body is not what its Content-Encoding says, or ends too soon.",
        "Send the whole compressed body, or leave Content-Encoding out.",
    )
    TOO_MANY_EVENTS = Advice(
        "too_many_events", "The batch holds more events than the limit.", "Split the batch, or raise max_batch_events."
    )
    BODY_TOO_LARGE = Advice(
        "body_too_large", "The body is larger than the limit.", "Split the batch, or raise max_body_bytes."
    )
    INFLATED_TOO_LARGE = Advice(
        "inflated_too_large",
        "The body inflates to more than the limit.",
        "Split the batch, or raise max_inflated_bytes.",
    )
    UNSUPPORTED_MEDIA_TYPE = Advice(
        "unsupported_media_type",
        "The Content-Type is not one that footfall reads.",
        "Send application/json, application/x-ndjson or text/plain, in UTF-8.",
    )
    UNSUPPORTED_ENCODING = Advice(
        "unsupported_encoding",
        "The Content-Encoding is not one that footfall reads.",
        "Send gzip, deflate, br, zstd, or no encoding.",
    )
    METHOD_NOT_ALLOWED = Advice("method_not_allowed", "This path takes another method.", "Send events with POST.")
    NOT_FOUND = Advice(
        "not_found", "There is nothing at this path.", "Send events to /v1/telemetry; see /openapi.json."
    )
    BAD_REQUEST = Advice("bad_request", "The request is not well formed.", "See /openapi.json for what the path takes.")
    KEY_MISSING = Advice(
        "key_missing",
        "The request carries no key.",
        "Send Authorization: Bearer <key>; make a key with `footfall channel add NAME`.",
    )
    KEY_UNKNOWN = Advice(
        "key_unknown",
        "The key is not known, or no longer valid.",
        "Use a current key; `footfall channel rotate NAME` makes a new one.",
    )
    KEY_FORBIDDEN = Advice(
        "key_forbidden",
        "This kind of key may not do this.",
        "Use a secret key for reading, and never put a secret key into a URL.",
    )
    SIGNATURE_MISSING = Advice(
        "signature_missing",
        "The request is not signed.",
        "Have the webhook sign its body: give it the secret that is the setting keycloak_secret.",
    )
    SIGNATURE_INVALID = Advice(
        "signature_invalid",
        "The signature is not that of this body.",
        "Give the webhook the secret that is the setting keycloak_secret; nothing on the way may change the body.",
    )
    ORIGIN_FORBIDDEN = Advice(
        "origin_forbidden",
        "The channel's public key does not allow this origin.",
        "Add the origin: footfall channel set NAME --origin https://….",
    )
    HOST_UNKNOWN = Advice(
        "host_unknown",
        "footfall does not answer under this host name.",
        "Use a name that the setting hosts allows; while nobody has made a channel or a login, that is localhost.",
    )
    METRICS_FORBIDDEN = Advice(
        "metrics_forbidden",
        "Metrics need a token.",
        "Set metrics_token, and send it as Authorization: Bearer <token>.",
    )
    BODY_TOO_SLOW = Advice(
        "body_too_slow", "The body did not arrive in time.", "Send smaller batches on slow networks."
    )
    RATE_LIMITED = Advice(
        "rate_limited", "The channel is over its rate.", "Wait for Retry-After seconds and send the same batch again."
    )
    JOURNAL_FULL = Advice(
        "journal_full",
        "The journal has reached its size limit, because the pipeline is behind.",
        "Wait for Retry-After seconds and send the same batch again; the operator sees why at /health.",
    )
    STORAGE_FAILED = Advice(
        "storage_failed",
        "The events could not be written to disk.",
        "Wait for Retry-After seconds and send the same batch again; the operator sees why at /health.",
    )
    OVERLOADED = Advice(
        "overloaded",
        "The collector is at its limit of memory or connections.",
        "Wait for Retry-After seconds and send the same batch again.",
    )
    EXHAUSTED = Advice(
        "exhausted",
        "An answer to this takes more memory or time than there is at present.",
        "Wait for Retry-After seconds; if that does not help, ask for a shorter range or for one channel.",
    )
    LAKE_DAMAGED = Advice(
        "lake_damaged",
        "The events that were stored cannot be read, and asking again does not help.",
        "The operator sees at /health what to do.",
    )
    UNAVAILABLE = Advice(
        "unavailable",
        "A part of footfall that answers this is not running.",
        "Wait for Retry-After seconds; the operator sees why at /health.",
    )

    @property
    def code(self) -> str:
        """The stable code, as it stands in replies and in the `failed` view."""
        return self.value.code

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence."""
        return self.value.sentence

    @property
    def hint(self) -> str:
        """What to do about it."""
        return self.value.hint

    @property
    def docs(self) -> str:
        """Where the reason is explained, as a path on the collector itself."""
        return f"/docs/reasons#{self.code}"

    @classmethod
    def of(cls, code: str) -> Self:
        """The reason with this code; raises KeyError for any other."""
        return cls(_BY_CODE[code])


_BY_CODE = {reason.code: reason.value for reason in Reason}
