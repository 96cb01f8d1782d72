"""Whatever a plan says, the code for it is code, it says nothing that the plan does not, and both languages agree."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from msgspec import UNSET

from footfall.codegen import Language, generate
from footfall.codegen.generation import module_of
from footfall.errors import TerminalError
from footfall.plans.model import Expectation, Plan, Scalar, Step
from footfall.plans.values import expectation_of, judge, value_at

from .calls import STRICT, calls, event, in_python, in_typescript, tsc
from .random_plans import NASTY, plans

# A plan that fails is told as it was drawn: making it smaller takes minutes.
_SLOW = settings(
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def _text(language: Language, some: list[Plan]) -> str:
    """The code, unless a plan contradicts itself."""
    try:
        return generate(language, some, events=False)
    except TerminalError as error:
        assert "cannot hold" in str(error)  # noqa: PT017
        assume(False)
        raise


def _texts(*_: Any) -> str:
    return "text"


def test_no_text_of_a_plan_leaves_its_place(tmp_path: Path) -> None:
    steps = [
        Step(
            step=f"step_{number}",
            when=text,
            event="INTERACT",
            ref=text,
            source=text,
            match={"edata.id": text, "context.env": Expectation(one_of=[text, "other"], about=text)},
        )
        for number, text in enumerate(NASTY)
    ]
    plan = Plan(plan="nasty", version=1, title=" ".join(NASTY), kind="flow", steps=steps)
    wanted = calls(module_of([plan], events=False), full=False, texts=_texts)
    file = tmp_path / "tracking.mts"
    file.write_text(generate(Language.TYPESCRIPT, [plan], events=False), encoding="utf-8")
    for version in (5, 7):
        assert tsc(version, *STRICT, "--outDir", tmp_path, file) == ""
    for told in (
        in_python(generate(Language.PYTHON, [plan], events=False), wanted),
        in_typescript(file.with_suffix(".mjs"), file.read_text(encoding="utf-8"), wanted),
    ):
        assert [(edata["id"], options["context"]["env"]) for _, edata, options in told] == [(one, one) for one in NASTY]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800"])
def test_what_no_event_can_hold_is_refused(value: Scalar) -> None:
    steps = [Step(step="paid", when="It is paid.", event="END", match={"edata.type": value})]
    plan = Plan(plan="checkout", version=1, title="Checkout", kind="flow", steps=steps)
    for language in Language:
        with pytest.raises(TerminalError):
            generate(language, [plan])


@settings(_SLOW, max_examples=60)
@given(plans())
def test_python_runs_and_says_what_the_plan_says(some: list[Plan]) -> None:
    text = _text(Language.PYTHON, some)
    steps = {(plan.plan, step.step): step for plan in some for step in plan.steps}
    wanted = calls(module_of(some, events=False), full=False, texts=_texts)
    for call, said in zip(wanted, in_python(text, wanted), strict=True):
        step = steps.get(call.function.name[-2:]) if len(call.function.name) == 2 else None
        value = event(said)
        for path, one in step.match.items() if step else ():
            if step and path not in step.expect and _is_told(path, one, value):
                assert judge(one)(value_at(value, tuple(path.split(".")))).holds, (path, one, value)
    everything = calls(module_of(some, events=False), full=True, texts=_texts)
    assert len(in_python(text, everything)) == len(everything)


def _is_told(path: str, one: Scalar | Expectation, value: dict[str, Any]) -> bool:
    """Whether it is the plan that decides, not the test that calls the function: on texts and in lists."""
    keys = tuple(path.split("."))
    holders = [value_at(value, keys[:at]) for at in range(1, len(keys))]
    is_in_list = keys[0] == "edata" and any(isinstance(holder, list) for holder in holders)
    # What stands in cdata is texts, whatever type a plan wants there.
    is_open_in_cdata = keys[:2] == ("context", "cdata") and expectation_of(one).type is not UNSET
    return not (path == "context.cdata" or expectation_of(one).pattern or is_in_list or is_open_in_cdata)


@settings(_SLOW, max_examples=10)
@given(plans())
def test_python_is_formatted_and_has_no_lint(some: list[Plan]) -> None:
    text = _text(Language.PYTHON, some)
    for command in (["format", "--diff"], ["check"]):
        run = [sys.executable, "-m", "ruff", *command, "--config", "pyproject.toml", "--no-cache", "--stdin-filename"]
        done = subprocess.run([*run, "tracking.py", "-"], input=text.encode(), capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy learnt already."""
    return tmp_path_factory.mktemp("mypy")


@settings(_SLOW, max_examples=2)
@given(some=plans(6))
def test_python_type_checks(cache: Path, some: list[Plan]) -> None:
    (cache / "tracking.py").write_text(_text(Language.PYTHON, some), encoding="utf-8")
    run = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(cache), str(cache / "tracking.py")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@settings(_SLOW, max_examples=6)
@given(plans())
def test_typescript_type_checks_and_says_the_same_as_python(some: list[Plan]) -> None:
    text = _text(Language.TYPESCRIPT, some)
    wanted = [
        call
        for full in (False, True)
        for call in calls(module_of(some, events=False), full=full, texts=_texts)
        if full or not any(one.kind.base == "moment" for one in call.function.parameters)
    ]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "tracking.mts"
        file.write_text(text, encoding="utf-8")
        assert tsc(7, *STRICT, "--outDir", folder, file) == ""
        theirs = in_typescript(file.with_suffix(".mjs"), text, wanted)
    for one, other in zip(theirs, in_python(_text(Language.PYTHON, some), wanted), strict=True):
        assert one == other


@settings(_SLOW, max_examples=20)
@given(plans())
def test_the_order_of_plans_does_not_matter(some: list[Plan]) -> None:
    for language in Language:
        assert _text(language, some) == _text(language, some[::-1])
