"""Workflows as documents: what is wrong with one is told, and the page about them says what they say."""

import re
from pathlib import Path
from typing import get_args

import pytest

from footfall.plans.errors import PlanError
from footfall.plans.mark import KEPT
from footfall.plans.model import Form, Plan
from footfall.plans.reading import plan_of
from footfall.plans.registry import shipped
from footfall.plans.run import CODES, REMARKS_KEPT, STEPS_KEPT
from footfall.plans.trace import MARKS_KEPT
from footfall.plans.workflow import judge_workflow
from tests.plans.streams import stream

PAGE = (Path(__file__).parents[2] / "docs" / "workflows.md").read_text()
CHECKOUT = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
WORKFLOWS = [plan for plan in shipped() if plan.kind == "workflow"]

RULE = "- {rule: C1, form: inside, steps: [paid], blocks: [basket], says: Nobody pays without a basket.}"


def flaws(old: str, new: str) -> list[tuple[str, str]]:
    """Path and words of what is wrong with the page's example once it is changed."""
    assert old in CHECKOUT
    with pytest.raises(PlanError) as told:
        plan_of(CHECKOUT.replace(old, new).encode(), "checkout.yaml")
    assert all(flaw.line > 0 for flaw in told.value.flaws)
    return [(flaw.path, flaw.message) for flaw in told.value.flaws]


def test_the_example_of_the_page_judges() -> None:
    plan = plan_of(CHECKOUT.encode(), "checkout.yaml")
    assert outcome(plan, "START basket\nINTERACT cart id=pay\nEND basket") == ("complete", [])
    assert outcome(plan, "START basket\nEND basket\nINTERACT cart id=pay") == ("broken", ["C1"])


def outcome(plan: Plan, text: str) -> tuple[str, list[str]]:
    """What became of a stream, and the rules that it breaks."""
    (instance,) = judge_workflow(plan, stream(text).marks)
    return instance.outcome, [remark.rule for remark in instance.remarks]


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ("ends: basket_closed}", "ends: basket_closed, within: [basket]}", "$.blocks", "a workflow needs one block"),
        ("signs: [basket_opened]", "signs: []", "$.signs", "a workflow needs a step by which it is told"),
        ("signs: [basket_opened]", "signs: [opened]", "$.signs[0]", "there is no step 'opened'"),
        ("fallback: session ", "fallback: device ", "$.fallback", "a workflow is of a session or of a service"),
        ("blocks: [basket],", "", "$.rules[0]", "a rule of the form inside needs 'blocks'"),
        ("blocks: [basket],", "blocks: [till],", "$.rules[0].blocks[0]", "there is no block 'till'"),
        ("steps: [paid],", "steps: [payed],", "$.rules[0].steps[0]", "there is no step 'payed'"),
        ("form: inside", "form: within", "$.rules[0].form", "expected one of"),
        ("form: inside", "form: chain", "$.rules[0].blocks", "a rule of the form chain has no use for 'blocks'"),
        ("form: inside, steps: [paid]", "form: idle", "$.blocks[0]", "basket needs idle"),
        (
            "edata.id: pay",
            "edata.extra: pay",
            '$.steps[2].match["edata.extra"]',
            "a workflow cannot tell a step by this",
        ),
        (
            "match: {edata.id: pay}",
            "match: {edata.id: pay}, expect: {edata.type: click}",
            "$.steps[2].expect",
            "a workflow has no use for what is expected of a step beyond `match`",
        ),
    ],
)
def test_a_workflow_that_cannot_work_is_refused(old: str, new: str, path: str, message: str) -> None:
    assert any(at == path and said.startswith(message) for at, said in flaws(old, new))


def test_rules_about_the_root_name_no_other_block() -> None:
    text = CHECKOUT.replace(
        "ends: basket_closed}", "ends: basket_closed}\n  - {block: till, starts: paid, ends: paid, within: [basket]}"
    )
    with pytest.raises(PlanError, match="ends is about basket alone"):
        plan_of(text.replace(RULE, "- {rule: C1, form: ends, blocks: [till], says: It ends.}").encode(), "x.yaml")


@pytest.mark.parametrize("plan", WORKFLOWS, ids=lambda plan: plan.plan)
def test_the_page_has_every_rule(plan: Plan) -> None:
    assert f"## `{plan.plan}`" in PAGE
    for rule in plan.rules:
        assert f"| {rule.rule} | {rule.severity} | `{rule.form}` | {rule.says} | {rule.hint} |" in PAGE


def test_the_page_has_every_form_path_and_limit() -> None:
    for form in get_args(Form):
        assert f"\n| `{form}` | " in PAGE
    for path in KEPT:
        assert f"`{path}`" in PAGE
    assert f"first {STEPS_KEPT} steps" in PAGE
    assert f"{REMARKS_KEPT} findings" in PAGE
    assert f"newest {MARKS_KEPT} to {2 * MARKS_KEPT:,} events" in PAGE
    assert set(CODES) == set(get_args(Form))
