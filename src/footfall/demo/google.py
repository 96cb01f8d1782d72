"""Signing in with Google, which may make an account too.

The steps, names and spellings are those of Sunbird's published catalogue of sign-up events, verbatim: the START of type
signup that an END of type signin closes, the page in the environment `otp`, and `sigin`. Only the subtype of END, which
Sunbird's own pipeline refuses, is left out.
"""

from footfall.demo.event import Correlation
from footfall.demo.signup import audit
from footfall.demo.visit import ANONYMOUS, Learner, Visit

CREATED = "created"
EXISTING = "existing_user"
DENIED = "denied"
NO_REDIRECT = "redirect_failed"
NO_DETAILS = "details_failed"
CREATE_FAILED = "create_failed"
UNKNOWN = "unknown"
ABANDONED = "abandoned"

_MESSAGE_NO_DETAILS = "unable to get user details from auth token"
_MESSAGE_NO_REDIRECT = "unable to get redirect url from google after user clicked on google signin button"
_MESSAGE_DETAILS = "successfull recieved user details from google"


def sign_in(visit: Visit, person: Learner, *, is_new: bool) -> str:
    """Go to Google, and come back unless patience fails; returns what became of it."""
    flow = visit.fresh()
    outcome = _go(visit, flow)
    if not outcome:
        outcome = _look_up(visit, person, flow, is_new=is_new)
    if outcome != ABANDONED:
        visit.enter("sigin", Correlation("sigin", flow))
        visit.end("sigin", kind="signin")
    visit.intend(flow, outcome)
    return outcome


def _go(visit: Visit, flow: str) -> str:
    """What is in the way of knowing who the person is, if anything."""
    visit.act_as(ANONYMOUS)
    visit.enter("signin", Correlation("signin", flow))
    visit.begin("signup", "signin", "google")
    visit.enter("otp", Correlation("signin", flow))
    visit.see("signin", "/google/auth")
    visit.wait(3, 30)
    visit.enter("signin", Correlation("signin", flow))
    if visit.happens(0.02):
        visit.log("api_access", "ERROR", _MESSAGE_NO_REDIRECT, "signin")
        return NO_REDIRECT
    if visit.happens(0.12):
        return DENIED if visit.happens(0.7) else ABANDONED
    if visit.happens(0.02):
        visit.log("api_access", "ERROR", _MESSAGE_NO_DETAILS, "signin")
        return NO_DETAILS
    visit.log("api_access", "INFO", _MESSAGE_DETAILS, "signin")
    return ""


def _look_up(visit: Visit, person: Learner, flow: str, *, is_new: bool) -> str:
    visit.wait(0.1, 1)
    if visit.happens(0.015):  # the look-up fails, and nobody says so
        return UNKNOWN
    if not is_new:
        visit.log("process", "INFO", "user exists", "signin")
        return EXISTING
    visit.log("process", "INFO", "user not exists", "signin")
    if visit.happens(0.05):
        visit.enter("otp", Correlation("signin", flow))
        visit.log("api_call", "ERROR", "user creation failed", "signin")
        return CREATE_FAILED
    audit(visit, person, "google")
    return CREATED
