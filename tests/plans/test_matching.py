"""Events are recognised by their values, and what differs from the plan is remarked on."""

import time
import timeit

import pytest

from footfall.plans.matching import Matcher
from footfall.plans.model import Plan
from footfall.plans.registry import shipped
from footfall.schema.examples import example
from footfall.schema.schemas import EIDS
from tests.plans.documents import plan
from tests.plans.examples import Json

PLAN = plan()
COSTS_AT_MOST_US = 1.5


def event(eid: str, **edata: object) -> Json:
    return {"eid": eid, "edata": edata}


def told(value: Json, *plans: Plan) -> tuple[str, list[tuple[str, str]]] | None:
    match = Matcher(plans or [PLAN]).match(value)
    return None if match is None else (match.step, [(remark.code, remark.path) for remark in match.warnings])


def expecting(expectation: str) -> Plan:
    return plan(("edata.type: view", f"edata.extra.value: {expectation}"))


@pytest.mark.parametrize(
    ("expectation", "good", "bad"),
    [
        ("1", [1, 1.0], [True, "1", 2, None]),
        ("1.5", [1.5], ["1.5", 1]),
        ('"1"', ["1"], [1, True]),
        ("true", [True], [1, "maybe", None, False]),
        ("false", [False], [0, "", None, True]),
        ("null", [None], ["null", 0, False]),
        ("{one_of: [a, 1]}", ["a", 1], ["b", "1", True]),
        ("{pattern: 'a+'}", ["a", "aaa"], ["", "ab", 1]),
        ("{type: string}", ["", "x"], [1, None]),
        ("{type: number}", [1, 1.5], ["1", True]),
        ("{type: boolean}", [True, False], [1, "maybe"]),
        ("{type: object}", [{}], [[], "x"]),
        ("{type: array}", [[], [1]], [{}, "x"]),
    ],
)
def test_numbers_texts_and_booleans_are_told_apart(expectation: str, good: list[object], bad: list[object]) -> None:
    wanted = expecting(expectation)
    for value in good:
        assert told(event("IMPRESSION", pageid="cart", extra={"value": value}), wanted) == ("opened", [])
    for value in bad:
        found = told(event("IMPRESSION", pageid="cart", extra={"value": value}), wanted)
        assert found == ("opened", [("unexpected_value", "$.edata.extra.value")]), value


@pytest.mark.parametrize("word", ["true", "True", "TRUE", "yes", "1", " true "])
def test_a_word_for_true_counts_as_true_with_a_warning(word: str) -> None:
    found = told(event("IMPRESSION", pageid="cart", extra={"value": word}), expecting("true"))
    assert found == ("opened", [("string_for_boolean", "$.edata.extra.value")])


def test_a_variant_is_taken_with_its_warning_and_nothing_like_it_is() -> None:
    assert told(event("INTERACT", id="pay")) == ("paid", [])
    assert told(event("INTERACT", id="Pay")) == ("paid", [("misspelt_value", "$.edata.id")])
    assert told(event("INTERACT", id="PAY")) is None
    assert told(event("INTERACT", id=["pay"])) is None


def test_what_is_missing_is_named_by_the_nearest_part_that_is_not_there() -> None:
    wanted = plan(("      edata.type: view", "      object.id: {type: string}\n      object.type: Cart"))
    start = event("IMPRESSION", pageid="cart")
    assert told(start, wanted) == ("opened", [("missing_value", "$.object")])
    assert told({**start, "object": {"id": "c"}}, wanted) == ("opened", [("missing_value", "$.object.type")])
    assert told({**start, "object": None}, wanted) == (
        "opened",
        [("missing_value", "$.object.id"), ("missing_value", "$.object.type")],
    )


def test_what_is_optional_may_be_absent_but_not_wrong() -> None:
    wanted = expecting("{is: 1, optional: true}")
    assert told(event("IMPRESSION", pageid="cart"), wanted) == ("opened", [])
    assert told(event("IMPRESSION", pageid="cart", extra={"value": 2}), wanted) == (
        "opened",
        [("unexpected_value", "$.edata.extra.value")],
    )


def test_of_the_items_of_an_array_one_is_enough() -> None:
    wanted = plan(("edata.type: view", "context.cdata.type: {is: cart, accept: {crat: misspelt_value}}"))

    def entries(*types: object) -> Json:
        return {**event("IMPRESSION", pageid="cart"), "context": {"cdata": [{"type": kind} for kind in types]}}

    path = "$.context.cdata.type"
    assert told(entries("x", "crat", "cart"), wanted) == ("opened", [])
    assert told(entries("crat", "x"), wanted) == ("opened", [("misspelt_value", path)])
    assert told(entries("x", 1), wanted) == ("opened", [("unexpected_value", path)])
    assert told(entries(), wanted) == ("opened", [("missing_value", path)])


def test_the_step_that_is_described_more_closely_is_meant() -> None:
    closer = plan(
        ("edata.type: {one_of: [cart, checkout]}", "edata.pageid: cart\n      edata.type: cart"),
        ("event: END", "event: IMPRESSION"),
    )
    assert told(event("IMPRESSION", pageid="cart", type="cart"), closer) == ("closed", [])
    assert told(event("IMPRESSION", pageid="cart", type="view"), closer) == ("opened", [])


def test_an_event_can_be_a_step_of_several_plans() -> None:
    second = plan(("plan: checkout", "plan: other"))
    matches = Matcher([PLAN, second]).matches(event("INTERACT", id="pay"))
    assert [(match.plan.plan, match.step) for match in matches] == [("checkout", "paid"), ("other", "paid")]


def test_event_types_are_recognised_by_name_and_alias() -> None:
    matcher = Matcher(shipped())
    for name in ("signin.traditional", "sign-in.traditional"):
        match = matcher.match(event("AUDIT", type=name))
        assert match is not None
        assert (match.plan.plan, match.step, match.warnings) == ("identity", "signin.traditional", ())


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"eid": None},
        {"eid": ["START"]},
        {"eid": "START"},
        {"eid": "START", "edata": None, "context": 3},
        {"eid": "INTERACT", "edata": {"id": {"a": 1}}},
        {"eid": "INTERACT", "edata": [{"id": "pay"}]},
        {"eid": "AUDIT", "context": {"cdata": {"type": "signup"}}},
    ],
)
def test_whatever_comes_is_looked_at_without_failing(value: Json) -> None:
    matcher = Matcher([PLAN, *shipped()])
    assert matcher.match(value) is None
    assert matcher.matches(value) == []


def test_no_remark_tells_a_value() -> None:
    match = Matcher([PLAN]).match(event("IMPRESSION", pageid="cart", type="a secret"))
    assert match is not None
    assert "a secret" not in repr(match.warnings)


def test_an_event_that_no_plan_knows_costs_next_to_nothing() -> None:
    matcher = Matcher(shipped())
    unknown = [value for value in map(example, EIDS) if matcher.match(value) is None]
    assert len(unknown) > 10

    def every() -> None:
        for value in unknown:
            matcher.match(value)

    best = min(timeit.repeat(every, timer=time.process_time, number=2_000, repeat=7)) / 2_000 / len(unknown) * 1e6
    assert best < COSTS_AT_MOST_US
