"""Whatever a plan says, the code for it is code, it says nothing that the plan does not, and both languages agree."""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from mypy import api as mypy

from footfall.codegen import Language, generate
from footfall.codegen.generation import module_of
from footfall.failure import TerminalError
from footfall.plans.model import Plan
from footfall.plans.values import expectation_of, judge, value_at

from .calls import STRICT, calls, event, in_python, in_typescript, tsc
from .random_plans import plans

_SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


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


@settings(_SLOW, max_examples=150)
@given(plans())
def test_python_runs_and_says_what_the_plan_says(some: list[Plan]) -> None:
    text = _text(Language.PYTHON, some)
    steps = {(plan.plan, step.step): step for plan in some for step in plan.steps}
    wanted = calls(module_of(some, events=False), full=False, texts=_texts)
    for call, said in zip(wanted, in_python(text, wanted), strict=True):
        step = steps.get(call.function.name[-2:]) if len(call.function.name) == 2 else None
        value = event(said)
        for path, one in step.match.items() if step else ():
            if _is_checked(path, expectation_of(one)):
                assert judge(one)(value_at(value, tuple(path.split(".")))).holds, (path, one, value)
    everything = calls(module_of(some, events=False), full=True, texts=_texts)
    assert len(in_python(text, everything)) == len(everything)


def _leads_through_a_list(value: dict[str, Any], keys: tuple[str, ...]) -> bool:
    """Whether what the caller fills the list with decides."""
    return keys[0] == "edata" and any(isinstance(value_at(value, keys[:at]), list) for at in range(1, len(keys)))


@settings(_SLOW, max_examples=25)
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


@settings(_SLOW, max_examples=4)
@given(some=plans(6))
def test_python_type_checks(cache: Path, some: list[Plan]) -> None:
    (cache / "tracking.py").write_text(_text(Language.PYTHON, some), encoding="utf-8")
    said, _, status = mypy.run(["--strict", "--cache-dir", str(cache), str(cache / "tracking.py")])
    assert status == 0, said


@settings(_SLOW, max_examples=15)
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
    assert theirs == in_python(_text(Language.PYTHON, some), wanted)


@settings(_SLOW, max_examples=50)
@given(plans())
def test_the_order_of_plans_does_not_matter(some: list[Plan]) -> None:
    for language in Language:
        assert _text(language, some) == _text(language, some[::-1])
