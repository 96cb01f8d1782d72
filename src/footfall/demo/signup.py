"""How people come to be known: the sign-up form, and signing in with Google.

The steps, names and spellings (also `sigin`) are those of Sunbird's published catalogue of sign-up events; only what
its own pipeline refuses is left out (END has no subtype, and props is a list).
"""

from footfall.demo.event import Correlation
from footfall.demo.visit import ANONYMOUS, Learner, Visit

_MESSAGE_NO_DETAILS = "unable to get user details from auth token"
_MESSAGE_NO_REDIRECT = "unable to get redirect url from google after user clicked on google signin button"
_MESSAGE_DETAILS = "successfull recieved user details from google"


def sign_up(visit: Visit, newcomer: Learner) -> bool:
    """Fill the form and the one-time password, or give up at any step; returns whether a user was created."""
    flow = visit.fresh()
    visit.act_as(ANONYMOUS)
    visit.enter("signup", Correlation("signup", flow))
    visit.begin("signup", "signup", "self")
    visit.see("signup", "/signup")
    visit.wait(8, 90)
    if visit.happens(0.34):
        return False
    reached = _submit_form(visit, flow)
    if not reached:
        return False
    return _enter_password(visit, flow) and _create(visit, flow, newcomer)


def _submit_form(visit: Visit, flow: str) -> bool:
    contact = "phone" if visit.happens(0.6) else "email"
    visit.use("submit-signup", "signup", "click", extra={"contactType": contact})
    visit.wait(0.5, 4)
    if visit.happens(0.02):
        visit.log("api_access", "ERROR", "google captcha found suspicious", "signup")
        visit.end("signup")
        return False
    if visit.stumble("signup") or visit.happens(0.03):
        visit.enter("otp", Correlation("otp", flow))
        visit.use("send-otp", "otp", "click", extra={"isError": "true"})
        visit.enter("signup", Correlation("signup", flow))
        visit.end("signup")
        return False
    visit.see("otp", "/sign-up")
    visit.wait(6, 60)
    return not visit.happens(0.14)


def _enter_password(visit: Visit, flow: str) -> bool:
    """Up to three tries, of which some are wrong or wait for another message."""
    for _ in range(3):
        if visit.happens(0.18):
            _resend(visit, flow)
        visit.enter("signup", Correlation("otp", flow))
        visit.use("submit-otp", "otp", "click", extra={"values": "/sign-up"})
        visit.wait(0.3, 3)
        if not visit.happens(0.13):
            return True
        visit.enter("otp", Correlation("otp", flow))
        visit.log("api_call", "ERROR", "otp verification failed", "otp")
        visit.wait(4, 40)
        if visit.happens(0.3):
            return False
    return False


def _resend(visit: Visit, flow: str) -> None:
    visit.enter("signup", Correlation("otp", flow))
    visit.use("resend-otp", "otp", "click")
    if visit.happens(0.08):
        visit.enter("otp", Correlation("otp", flow))
        visit.use("resend-otp", "otp", "click", extra={"isError": "true"})
    visit.wait(5, 50)


def _create(visit: Visit, flow: str, newcomer: Learner) -> bool:
    created = not visit.happens(0.02)
    if created:
        _audit(visit, newcomer, "self", "signin.traditional_register")
    else:
        visit.enter("otp", Correlation("signup", flow))
        visit.log("api_call", "ERROR", "user creation failed", "signup")
    visit.enter("signup", Correlation("signup", flow))
    visit.end("signup")
    return created


def _audit(visit: Visit, newcomer: Learner, way: str, kind: str) -> None:
    visit.enter("signin", Correlation("signup", way))
    edata = {"props": ["profileUserType", "tncAcceptedVersion"], "state": "Created", "prevstate": "", "type": kind}
    visit.note("AUDIT", edata, newcomer.thing)


def sign_in_with_google(visit: Visit, person: Learner, *, is_new: bool) -> bool:
    """Go to Google and come back; returns whether the person is signed in."""
    flow = visit.fresh()
    visit.act_as(ANONYMOUS)
    visit.enter("signin", Correlation("signin", flow))
    visit.begin("signup", "signin", "google")
    visit.enter("otp", Correlation("signin", flow))
    visit.see("signin", "/google/auth")
    visit.wait(3, 30)
    visit.enter("signin", Correlation("signin", flow))
    signed_in = _ask_google(visit) and _look_up(visit, person, flow, is_new=is_new)
    visit.enter("sigin", Correlation("sigin", flow))
    visit.end("sigin", kind="signin")
    return signed_in


def _ask_google(visit: Visit) -> bool:
    if visit.happens(0.02):
        visit.log("api_access", "ERROR", _MESSAGE_NO_REDIRECT, "signin")
        return False
    if visit.happens(0.1):  # the person says no
        return False
    if visit.happens(0.02):
        visit.log("api_access", "ERROR", _MESSAGE_NO_DETAILS, "signin")
        return False
    visit.log("api_access", "INFO", _MESSAGE_DETAILS, "signin")
    return True


def _look_up(visit: Visit, person: Learner, flow: str, *, is_new: bool) -> bool:
    visit.wait(0.1, 1)
    if not is_new:
        visit.log("process", "INFO", "user exists", "signin")
        return True
    visit.log("process", "INFO", "user not exists", "signin")
    if visit.happens(0.03):
        visit.enter("otp", Correlation("signin", flow))
        visit.log("api_call", "ERROR", "user creation failed", "signin")
        return False
    _audit(visit, person, "google", "signin.social_register")
    return True
