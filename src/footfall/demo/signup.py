"""Signing up with a password: the form, a one-time password by mail or phone, and the account that is made.

The steps, names and spellings are those of Sunbird's published catalogue of sign-up events, as is that of one error the
environment is `otp`; only what Sunbird's own pipeline refuses is left out (props is a list, not a text).
"""

from footfall.demo.event import Correlation
from footfall.demo.visit import ANONYMOUS, Learner, Visit

SUCCESS = "success"
CREATE_FAILED = "create_failed"
WRONG_CODES = "otp_attempts_exhausted"
RESEND_FAILED = "otp_resend_failed"
SEND_FAILED = "otp_send_failed"
FAILED = "failed"
ABANDONED = "abandoned"

_TRIES = 3


def sign_up(visit: Visit, newcomer: Learner) -> str:
    """Fill the form and the one-time password, or give up at any step; returns what became of it."""
    flow = visit.fresh()
    visit.act_as(ANONYMOUS)
    _at_form(visit, flow)
    visit.begin("signup", "signup", "self")
    visit.see("signup", "/signup")
    visit.wait(8, 90)
    outcome = ABANDONED if visit.happens(0.26) else _fill_in(visit, flow, newcomer)
    visit.intend(flow, outcome)
    return outcome


def _at_form(visit: Visit, flow: str) -> None:
    visit.enter("signup", Correlation("signup", flow))


def _fill_in(visit: Visit, flow: str, newcomer: Learner) -> str:
    obstacle = _submit(visit, flow)
    if obstacle:
        return _end(visit, flow, obstacle)
    visit.see("otp", "/sign-up")
    visit.wait(6, 60)
    if visit.happens(0.12):
        return ABANDONED
    outcome = _prove(visit, flow)
    if outcome == SUCCESS:
        return _create(visit, flow, newcomer)
    return outcome if outcome == ABANDONED else _end(visit, flow, outcome)


def _end(visit: Visit, flow: str, outcome: str) -> str:
    _at_form(visit, flow)
    visit.end("signup")
    return outcome


def _submit(visit: Visit, flow: str) -> str:
    """Press the button until the one-time password is on its way; returns what was in the way at last, if anything."""
    contact = "phone" if visit.happens(0.6) else "email"
    obstacle = ""
    for _ in range(_TRIES):
        _at_form(visit, flow)
        visit.use("submit-signup", "signup", "click", extra={"contactType": contact})
        visit.wait(0.5, 4)
        obstacle = _obstacle(visit, flow)
        if not obstacle or visit.happens(0.5):
            return obstacle
        visit.wait(3, 20)
    return obstacle


def _obstacle(visit: Visit, flow: str) -> str:
    if visit.happens(0.03):
        visit.log("api_access", "ERROR", "google captcha found suspicious", "signup")
        return FAILED
    if visit.stumble("signup"):
        return FAILED
    if visit.happens(0.05):
        visit.enter("otp", Correlation("otp", flow))
        visit.use("send-otp", "otp", "click", extra={"isError": "true"})
        return SEND_FAILED
    return ""


def _prove(visit: Visit, flow: str) -> str:
    """Enter the one-time password: up to three times, and at times after waiting for another message."""
    for attempt in range(_TRIES):
        if visit.happens(0.18) and not _resend(visit, flow) and not attempt and visit.happens(0.5):
            return RESEND_FAILED
        visit.enter("signup", Correlation("otp", flow))
        visit.use("submit-otp", "otp", "click", extra={"values": "/sign-up"})
        visit.wait(0.3, 3)
        if not visit.happens(0.4 if attempt else 0.13):
            return SUCCESS
        visit.enter("otp", Correlation("otp", flow))
        visit.log("api_call", "ERROR", "otp verification failed", "otp")
        visit.wait(4, 40)
        if visit.happens(0.15):
            return ABANDONED if attempt < _TRIES - 1 else WRONG_CODES
    return WRONG_CODES


def _resend(visit: Visit, flow: str) -> bool:
    visit.enter("signup", Correlation("otp", flow))
    visit.use("resend-otp", "otp", "click")
    is_sent = not visit.happens(0.1)
    if not is_sent:
        visit.enter("otp", Correlation("otp", flow))
        visit.use("resend-otp", "otp", "click", extra={"isError": "true"})
    visit.wait(5, 50)
    return is_sent


def _create(visit: Visit, flow: str, newcomer: Learner) -> str:
    if visit.happens(0.03):
        visit.enter("otp", Correlation("signup", flow))
        visit.log("api_call", "ERROR", "user creation failed", "signup")
        return _end(visit, flow, CREATE_FAILED)
    if visit.happens(0.15):
        _end(visit, flow, SUCCESS)
        audit(visit, newcomer, "self")
    else:
        audit(visit, newcomer, "self")
        _end(visit, flow, SUCCESS)
    return SUCCESS


def audit(visit: Visit, newcomer: Learner, way: str) -> None:
    """Note that an account was made; `way` is self or google."""
    visit.enter("signin", Correlation("signup", way))
    edata = {"props": ["profileUserType", "tncAcceptedVersion"], "state": "Created", "prevstate": ""}
    visit.note("AUDIT", edata, newcomer.thing)
