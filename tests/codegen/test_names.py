"""What generated functions and their arguments are called."""

import re

import pytest

from footfall.codegen import Language, generate
from footfall.plans.model import Expectation, Plan, Step


def _step(name: str) -> Step:
    return Step(step=name, when="It happens.", event="INTERACT")


def _plan(name: str, *steps: Step) -> Plan:
    return Plan(plan=name, version=1, title=name, kind="flow", steps=list(steps))


def _functions(language: Language, *plans: Plan) -> list[str]:
    keyword = {Language.PYTHON: "def", Language.TYPESCRIPT: "export function"}[language]
    return re.findall(rf"^{keyword} ([A-Za-z0-9]\w*)", generate(language, plans, events=False), re.MULTILINE)


@pytest.mark.parametrize(
    ("plan", "step", "python", "typescript"),
    [
        ("google-signin", "details_failed", "google_signin_details_failed", "googleSigninDetailsFailed"),
        ("2fa", "opened", "n2fa_opened", "n2faOpened"),
        ("a.b-c", "class", "a_b_c_class", "aBCClass"),
    ],
)
def test_functions_are_named_after_plan_and_step(plan: str, step: str, python: str, typescript: str) -> None:
    assert _functions(Language.PYTHON, _plan(plan, _step(step))) == [python]
    assert _functions(Language.TYPESCRIPT, _plan(plan, _step(step))) == [typescript]


def test_names_that_would_be_the_same_are_numbered() -> None:
    plans = [_plan("a-b", _step("c")), _plan("a", _step("b_c")), _plan("a.b", _step("c"))]
    assert _functions(Language.PYTHON, *plans) == ["a_b_c", "a_b_c_2", "a_b_c_3"]
    assert _functions(Language.TYPESCRIPT, *plans) == ["aBC", "aBC_2", "aBC_3"]


@pytest.mark.parametrize(
    ("path", "python", "typescript"),
    [
        ("edata.extra.contactType", "contact_type", "contactType"),
        ("edata.extra.id", "extra_id", "extraId"),
        ("edata.extra.class", "class_", "class"),
        ("edata.extra.type", "extra_type", "extraType"),
        ("edata.extra.café", "cafe", "cafe"),
        ("edata.extra.options", "extra_options", "options"),
        ("edata.extra.constructor", "constructor", "constructor_"),
        ("object.id", "object_id", "objectId"),
        ("actor.type", "actor_type", "actorType"),
        ("context.pdata.pid", "pdata_pid", "pdataPid"),
    ],
)
def test_arguments_are_named_after_the_last_part_of_their_path(path: str, python: str, typescript: str) -> None:
    step = Step(step="used", when="It is used.", event="INTERACT", match={path: Expectation(type="boolean")})
    plan = _plan("shop", step)
    assert re.search(rf"^    {python}: bool,$", generate(Language.PYTHON, [plan], events=False), re.MULTILINE)
    text = generate(Language.TYPESCRIPT, [plan], events=False)
    assert re.search(rf"^    {typescript}: boolean;$", text, re.MULTILINE)
