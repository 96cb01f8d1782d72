"""The shipped plans know every sample of the documentation they come from, and say what is odd about it."""

from copy import deepcopy

import pytest

from footfall.plans.grammar import grammar_of
from footfall.plans.matching import Matcher
from footfall.plans.model import Plan
from footfall.plans.registry import find
from tests.plans.examples import EXAMPLES, Example, Json

SIGNUP = find("signup")
GOOGLE = find("google-signin")
MATCHER = Matcher([SIGNUP, GOOGLE])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.ref)
def test_a_sample_is_the_step_of_its_row_with_exactly_its_oddities(example: Example) -> None:
    match = MATCHER.match(example.event)
    assert match is not None
    assert (match.plan.plan, match.step) == (example.plan, example.step)
    assert sorted((remark.code, remark.path) for remark in match.warnings) == sorted(example.findings)
    assert next(step for step in match.plan.steps if step.step == match.step).ref == example.ref


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.ref)
def test_a_sample_belongs_to_one_flow_only(example: Example) -> None:
    assert [match.plan.plan for match in MATCHER.matches(example.event)] == [example.plan]


def test_nothing_is_rewritten() -> None:
    for example in EXAMPLES:
        before = deepcopy(example.event)
        MATCHER.match(example.event)
        assert example.event == before


def test_every_row_has_its_step() -> None:
    refs = [step.ref for step in (*SIGNUP.steps, *GOOGLE.steps)]
    assert sorted(refs) == sorted(example.ref for example in EXAMPLES)
    assert all(step.source and step.when for step in (*SIGNUP.steps, *GOOGLE.steps))


@pytest.mark.parametrize("plan", [SIGNUP, GOOGLE], ids=lambda plan: plan.plan)
def test_what_is_called_optional_or_repeatable_is_what_the_order_allows(plan: Plan) -> None:
    grammar = grammar_of(plan.order, tuple(step.step for step in plan.steps))
    for step in plan.steps:
        assert step.optional is grammar.can_skip(step.step), step.step
        assert step.repeatable is grammar.can_repeat(step.step), step.step


def changed(ref: str, **edata: object) -> Json:
    event = deepcopy(next(example.event for example in EXAMPLES if example.ref == ref))
    event["edata"] |= edata
    return event


def codes(event: Json) -> tuple[str, list[str]]:
    match = MATCHER.match(event)
    assert match is not None
    return match.step, [remark.code for remark in match.warnings]


def test_audits_with_the_decided_values_have_nothing_to_remark() -> None:
    for ref in ("A1", "A2"):
        event = changed(ref, props=["email"], state="Created")
        event["object"] = {"id": "user-1", "type": "User"}
        assert codes(event) == ("user_created", [])


PORTAL: list[tuple[str, Json, str, list[str]]] = [
    ("START of type view", changed("S1", type="view"), "opened", ["start_end_type_mismatch"]),
    (
        "wrong one-time password",
        changed("S5", id="invalid-otp-error", extra={"isError": "true"}),
        "otp_rejected",
        ["portal_value", "string_for_boolean"],
    ),
    (
        "wrong one-time password, 2019",
        changed("S5", extra={"isError": "true"}),
        "otp_rejected",
        ["portal_value", "string_for_boolean"],
    ),
    (
        "account not made",
        changed("S5", id="create-user-error", extra={"isError": "true"}),
        "create_failed",
        ["portal_value", "string_for_boolean"],
    ),
    (
        "one-time password not sent again",
        changed("S8", id="resend-otp-error"),
        "otp_resend_failed",
        ["portal_value", "string_for_boolean"],
    ),
    ("page load time", changed("S2", duration=1.2), "form_viewed", []),
]


@pytest.mark.parametrize(("event", "step", "expected"), [row[1:] for row in PORTAL], ids=[row[0] for row in PORTAL])
def test_what_the_portal_really_sends_is_taken_with_a_warning(event: Json, step: str, expected: list[str]) -> None:
    assert codes(event) == (step, expected)


def test_the_portals_log_of_success_is_the_account_made() -> None:
    event = changed("SL3", type="sign-up", level="SUCCESS", message="sign-up success")
    event["context"]["env"] = "self-signup"
    assert codes(event) == ("user_created", ["portal_value"])


def test_entries_that_a_portal_adds_to_cdata_do_no_harm() -> None:
    event = changed("G3")
    event["context"]["cdata"] = [
        {"type": "UserSession", "id": "s"},
        {"type": "signin", "id": "u"},
        {"type": "Device", "id": "Mobile"},
    ]
    assert codes(event) == ("returned", ["misspelt_value", "misspelt_value"])
