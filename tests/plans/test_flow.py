"""What became of a flow: outcomes, what was missing, out of order or repeated, however its events arrive."""

import random
import time

import pytest

from footfall.plans.correlation import correlation
from footfall.plans.flow import Sighting, judge_flow, sight
from footfall.plans.matching import Matcher
from footfall.plans.outcome import Misplaced
from footfall.plans.registry import find
from tests.plans.examples import EXAMPLES
from tests.plans.sightings import BEGAN, codes, judged, seen

SIGNUP = find("signup")
GOOGLE = find("google-signin")

FORM = "opened form_viewed submitted"
OTP = f"{FORM} otp_viewed otp_submitted"


@pytest.mark.parametrize(
    ("steps", "outcome", "result"),
    [
        (f"{OTP} ended", "success", "success"),
        (f"{OTP} user_created ended", "success", "success"),
        (f"{OTP} ended user_created", "success", "success"),
        (f"{OTP} otp_rejected otp_submitted ended", "success", "success"),
        (f"{OTP} otp_rejected otp_resent otp_submitted user_created ended", "success", "success"),
        (f"{FORM} captcha_suspicious submitted otp_viewed otp_submitted ended", "success", "success"),
        (f"{FORM} otp_send_failed submitted otp_viewed otp_submitted ended", "success", "success"),
        (f"{OTP} create_failed ended", "create_failed", "failed"),
        (f"{OTP} otp_rejected ended", "otp_attempts_exhausted", "failed"),
        (f"{FORM} otp_send_failed ended", "otp_send_failed", "failed"),
        (f"{FORM} otp_viewed otp_resent otp_resend_failed ended", "otp_resend_failed", "failed"),
        (f"{FORM} ended", "failed", "failed"),
        (f"{FORM} captcha_suspicious ended", "failed", "failed"),
    ],
)
def test_a_sign_up_that_keeps_the_order_has_an_outcome_and_nothing_to_remark(
    steps: str, outcome: str, result: str
) -> None:
    instance = judged(SIGNUP, steps)
    assert (instance.outcome, instance.result, instance.ended) == (outcome, result, True)
    assert (instance.missing, instance.out_of_order, instance.repeated, codes(instance)) == ([], [], [], [])
    assert instance.steps == steps.split()


@pytest.mark.parametrize(
    ("steps", "outcome", "result"),
    [
        ("opened viewed returned", "denied", "failed"),
        ("viewed returned", "denied", "failed"),
        ("viewed redirect_failed returned", "redirect_failed", "failed"),
        ("viewed details_failed returned", "details_failed", "failed"),
        ("opened viewed details_received user_exists returned", "existing_user", "success"),
        ("opened viewed details_received user_new user_created returned", "created", "success"),
        ("opened viewed details_received user_new create_failed returned", "create_failed", "failed"),
    ],
)
def test_a_google_sign_in_that_keeps_the_order_has_an_outcome(steps: str, outcome: str, result: str) -> None:
    instance = judged(GOOGLE, steps)
    assert (instance.outcome, instance.result, codes(instance)) == (outcome, result, [])


def test_what_is_missing_is_named() -> None:
    instance = judged(SIGNUP, "opened submitted otp_viewed otp_submitted ended")
    assert instance.missing == ["form_viewed"]
    assert codes(instance) == ["missing_step"]
    assert instance.outcome == "success"


def test_a_google_sign_in_without_its_audit_is_known_to_have_made_an_account() -> None:
    instance = judged(GOOGLE, "viewed details_received user_new returned")
    assert instance.outcome == "created"
    assert len(instance.missing) == 1


def test_what_is_out_of_order_is_named_with_what_was_expected() -> None:
    instance = judged(SIGNUP, "opened submitted form_viewed otp_viewed otp_submitted ended")
    assert instance.out_of_order == [Misplaced("submitted", ["form_viewed"], f"flow-1:{BEGAN}:1", 1)]
    assert instance.missing == []
    assert codes(instance) == ["out_of_order"]


def test_an_end_that_comes_first_does_not_make_everything_else_wrong() -> None:
    instance = judged(SIGNUP, f"ended {OTP}")
    assert [one.step for one in instance.out_of_order] == ["ended"]
    assert instance.missing == []


def test_what_comes_again_is_repeated_not_out_of_order() -> None:
    instance = judged(SIGNUP, "opened form_viewed form_viewed submitted otp_viewed otp_submitted ended ended")
    assert instance.repeated == ["form_viewed", "ended"]
    assert instance.out_of_order == []
    assert codes(instance) == ["repeated_step", "repeated_step"]


def test_a_flow_without_an_end_is_unfinished_and_after_long_silence_abandoned() -> None:
    unfinished = judged(SIGNUP, FORM, now=BEGAN + 60_000)
    assert (unfinished.outcome, codes(unfinished), unfinished.ended) == ("unfinished", ["unfinished"], False)
    assert unfinished.missing == ["ended"]
    abandoned = judged(SIGNUP, FORM, now=BEGAN + 31 * 60_000)
    assert (abandoned.outcome, codes(abandoned)) == ("abandoned", ["abandoned"])
    assert judged(SIGNUP, FORM).outcome == "unfinished"


def test_an_account_made_is_a_success_even_where_the_end_was_lost() -> None:
    instance = judged(SIGNUP, f"{OTP} user_created", now=BEGAN + 60 * 60_000)
    assert (instance.outcome, instance.missing, codes(instance)) == ("success", ["ended"], ["abandoned"])


def test_events_may_arrive_in_any_order() -> None:
    sightings = seen(f"{FORM} captcha_suspicious submitted otp_viewed otp_submitted otp_rejected otp_submitted ended")
    expected = judge_flow(SIGNUP, sightings)
    assert (expected.began_at, expected.duration_ms) == (BEGAN, 9_000)
    for number in range(20):
        random.Random(number).shuffle(sightings)
        assert judge_flow(SIGNUP, sightings) == expected


def test_equal_times_are_settled_by_their_number() -> None:
    steps = f"{OTP} ended".split()
    sightings = [Sighting(step, BEGAN, index=number) for number, step in enumerate(steps)]
    assert judge_flow(SIGNUP, reversed(sightings)).steps == steps


def test_an_event_that_was_sent_twice_counts_once() -> None:
    sightings = seen(f"{OTP} ended")
    assert judge_flow(SIGNUP, [*sightings, *sightings]) == judge_flow(SIGNUP, sightings)


def test_remarks_about_events_are_those_of_the_flow_and_name_their_event() -> None:
    key = correlation(SIGNUP)
    matcher = Matcher([SIGNUP])
    sightings = []
    for number, example in enumerate(example for example in EXAMPLES if example.ref in ("S1", "S7")):
        match = matcher.match(example.event)
        assert match is not None
        sightings.append(sight(match, key(example.event), example.event, number))
    instance = judge_flow(SIGNUP, sightings)
    found = [(remark.code, remark.mid, remark.index) for remark in instance.remarks if remark.path]
    assert found == [("string_for_boolean", "sample:S7", 1)]


def test_a_flow_of_very_many_events_is_judged_in_bounded_time() -> None:
    steps = ["opened", *["form_viewed", "submitted", "ended"] * 10_000]
    sightings = [Sighting(step, BEGAN + number, index=number) for number, step in enumerate(steps)]
    began = time.process_time()
    instance = judge_flow(SIGNUP, sightings)
    assert time.process_time() - began < 5
    assert instance.outcome == "failed"
