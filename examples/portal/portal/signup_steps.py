"""The steps of a sign-up that the server knows of; the page tells the others (static/telemetry.js).

Names and values are those of Sunbird's "Signup Telemetry data", verbatim, with its text "true" and its environments.
"""

from portal.telemetry import Step

# S7: the code could not be sent after the form was submitted.
SEND_FAILED = Step(
    "INTERACT", "otp", "otp", {"pageid": "otp", "type": "click", "id": "send-otp", "extra": {"isError": "true"}}
)
# S8: the code could not be sent again.
RESEND_FAILED = Step(
    "INTERACT", "otp", "otp", {"pageid": "otp", "type": "click", "id": "resend-otp", "extra": {"isError": "true"}}
)
# S9: it is over, with an account or without.
ENDED = Step("END", "signup", "signup", {"type": "signup", "pageid": "signup", "mode": "self"})
# SL1: the captcha found the form's sender suspicious.
SUSPICIOUS = Step(
    "LOG",
    "signup",
    "signup",
    {"pageid": "signup", "type": "api_access", "level": "ERROR", "message": "google captcha found suspicious"},
)
# SL2: the code was wrong.
REJECTED = Step(
    "LOG", "otp", "otp", {"pageid": "otp", "type": "api_call", "level": "ERROR", "message": "otp verification failed"}
)
# SL3: the code was right, but the account could not be made.
CREATE_FAILED = Step(
    "LOG",
    "otp",
    "signup",
    {"pageid": "signup", "type": "api_call", "level": "ERROR", "message": "user creation failed"},
)
# A1: the account was made. The documentation leaves open what an audit says: here it names the attributes, and the
# account as its object. Its cdata names the way, not the flow; the flow's id comes beside it.
CREATED = Step(
    "AUDIT",
    "signin",
    "otp",
    {"props": ["name", "contact", "password"], "state": "Created", "prevstate": ""},
    (("signup", "self"),),
)
