"""The 23 sample events of the sign-up and Google sign-in documentation, with what the samples leave out filled in."""

from typing import Any

Json = dict[str, Any]

CHANNEL = "b00bc992ef25f1a9a8d63291e20efc8d"
IMPRESSIONS_CHANNEL = "0123166367624478721"
UASPEC = {"agent": "Firefox", "ver": "140", "system": "Linux", "platform": "Gecko", "raw": "Mozilla/5.0"}

_NO_FINDINGS: list[tuple[str, str]] = []
_AUDIT = [
    ("missing_value", "$.object"),
    ("empty_audit_value", "$.edata.props"),
    ("empty_audit_value", "$.edata.state"),
]
_ERROR_FLAG = [("string_for_boolean", "$.edata.extra.isError")]
_ENV = [("env_page_mismatch", "$.context.env")]


class Example:
    """A sample event: the row it stands in, its step, and the findings it earns."""

    def __init__(
        self,
        ref: str,
        step: str,
        eid: str,
        env: str,
        cdata: str,
        edata: Json,
        findings: list[tuple[str, str]] = _NO_FINDINGS,
        id: str = "0a1b2c3d-0000-4000-8000-000000000001",  # noqa: A002
    ) -> None:
        self.ref = ref
        self.plan = "google-signin" if ref.startswith("G") or ref == "A2" else "signup"
        self.step = step
        self.findings = findings
        self.event: Json = {
            "eid": eid,
            "ets": 1_700_000_000_000,
            "ver": "3.0",
            "mid": f"sample:{ref}",
            "actor": {"id": "anonymous", "type": "User"},
            "context": {
                "channel": IMPRESSIONS_CHANNEL if eid == "IMPRESSION" else CHANNEL,
                "pdata": {"id": "dev.sunbird.portal", "ver": "1.13.0", "pid": "sunbird-portal"},
                "env": env,
                "sid": "session-1",
                "did": "device-1",
                "cdata": [{"type": cdata, "id": id}],
            },
            "edata": edata,
        }


def _log(kind: str, level: str, message: str, pageid: str) -> Json:
    return {"pageid": pageid, "type": kind, "level": level, "message": message}


def _audit() -> Json:
    return {"props": "", "state": "", "prevstate": ""}


EXAMPLES = [
    Example(
        "S1",
        "opened",
        "START",
        "signup",
        "signup",
        {"type": "signup", "uaspec": UASPEC, "pageid": "signup", "mode": "self"},
    ),
    Example(
        "S2", "form_viewed", "IMPRESSION", "signup", "signup", {"type": "view", "pageid": "signup", "uri": "/signup"}
    ),
    Example(
        "S3",
        "submitted",
        "INTERACT",
        "signup",
        "signup",
        {"id": "submit-signup", "type": "click", "pageid": "signup", "extra": {"contactType": "email"}},
    ),
    Example("S4", "otp_viewed", "IMPRESSION", "signup", "signup", {"type": "view", "pageid": "otp", "uri": "/sign-up"}),
    Example(
        "S5",
        "otp_submitted",
        "INTERACT",
        "signup",
        "otp",
        {"id": "submit-otp", "type": "click", "pageid": "otp", "extra": {"values": "/sign-up"}},
    ),
    Example("S6", "otp_resent", "INTERACT", "signup", "otp", {"id": "resend-otp", "type": "click", "pageid": "otp"}),
    Example(
        "S7",
        "otp_send_failed",
        "INTERACT",
        "otp",
        "otp",
        {"pageid": "otp", "type": "click", "id": "send-otp", "extra": {"isError": "true"}},
        _ERROR_FLAG,
    ),
    Example(
        "S8",
        "otp_resend_failed",
        "INTERACT",
        "otp",
        "otp",
        {"pageid": "otp", "type": "click", "id": "resend-otp", "extra": {"isError": "true"}},
        _ERROR_FLAG,
    ),
    Example("S9", "ended", "END", "signup", "signup", {"type": "signup", "pageid": "signup", "mode": "self"}),
    Example(
        "SL1",
        "captcha_suspicious",
        "LOG",
        "signup",
        "signup",
        _log("api_access", "ERROR", "google captcha found suspicious", "signup"),
    ),
    Example("SL2", "otp_rejected", "LOG", "otp", "otp", _log("api_call", "ERROR", "otp verification failed", "otp")),
    Example(
        "SL3",
        "create_failed",
        "LOG",
        "otp",
        "signup",
        _log("api_call", "ERROR", "user creation failed", "signup"),
        _ENV,
    ),
    Example(
        "G1",
        "opened",
        "START",
        "signin",
        "signin",
        {"type": "signup", "pageid": "signin", "uaspec": UASPEC, "mode": "google"},
        [("start_end_type_mismatch", "$.edata.type")],
    ),
    Example(
        "G2", "viewed", "IMPRESSION", "otp", "signin", {"type": "view", "pageid": "signin", "uri": "/google/auth"}, _ENV
    ),
    Example(
        "G3",
        "returned",
        "END",
        "sigin",
        "sigin",
        {"type": "signin", "subtype": "google_signin", "pageid": "sigin", "mode": "google"},
        [
            ("misspelt_value", "$.context.env"),
            ("misspelt_value", "$.edata.pageid"),
            ("misspelt_value", "$.context.cdata.type"),
        ],
    ),
    Example(
        "GL1",
        "details_received",
        "LOG",
        "signin",
        "signin",
        _log("api_access", "INFO", "successfull recieved user details from google", "signin"),
    ),
    Example(
        "GL2",
        "redirect_failed",
        "LOG",
        "signin",
        "signin",
        _log(
            "api_access",
            "ERROR",
            "unable to get redirect url from google after user clicked on google signin button",
            "signin",
        ),
    ),
    Example(
        "GL3",
        "details_failed",
        "LOG",
        "signin",
        "signin",
        _log(
            "api_access",
            "ERROR",
            "unable to get user details from auth token or <error response from google can be dumped here>",
            "signin",
        ),
    ),
    Example("GL4", "user_exists", "LOG", "signin", "signin", _log("process", "INFO", "user exists", "signin")),
    Example("GL5", "user_new", "LOG", "signin", "signin", _log("process", "INFO", "user not exists", "signin")),
    Example(
        "GL6",
        "create_failed",
        "LOG",
        "otp",
        "signin",
        _log("api_call", "ERROR", "user creation failed", "signin"),
        _ENV,
    ),
    Example("A1", "user_created", "AUDIT", "signin", "signup", _audit(), _AUDIT, id="self"),
    Example("A2", "user_created", "AUDIT", "signin", "signup", _audit(), _AUDIT, id="google"),
]
