"""The steps of a sign-in with Google that the server knows of: all but the click (static/telemetry.js).

Names and values are those of Sunbird's "Signup Telemetry data", verbatim: `otp` and `sigin` stand there.
"""

from portal.telemetry import Step


def _log(kind: str, level: str, message: str, env: str = "signin") -> Step:
    return Step("LOG", env, "signin", {"pageid": "signin", "type": kind, "level": level, "message": message})


# G2: on the way to Google's page, the last that this server sees of it.
VIEWED = Step("IMPRESSION", "otp", "signin", {"type": "view", "pageid": "signin", "uri": "/google/auth"})
# G3: they are back, with their details or without.
RETURNED = Step(
    "END",
    "sigin",
    "sigin",
    {"type": "signin", "subtype": "google_signin", "pageid": "sigin", "mode": "google"},
)
# GL1 to GL6
DETAILS_RECEIVED = _log("api_access", "INFO", "successfull recieved user details from google")
REDIRECT_FAILED = _log(
    "api_access", "ERROR", "unable to get redirect url from google after user clicked on google signin button"
)
DETAILS_FAILED = _log("api_access", "ERROR", "unable to get user details from auth token")
USER_EXISTS = _log("process", "INFO", "user exists")
USER_NEW = _log("process", "INFO", "user not exists")
CREATE_FAILED = _log("api_call", "ERROR", "user creation failed", "otp")
# A2: the account was made; see CREATED in signup_steps.
CREATED = Step(
    "AUDIT",
    "signin",
    "signin",
    {"props": ["name", "contact", "google"], "state": "Created", "prevstate": ""},
    (("signup", "google"),),
)
