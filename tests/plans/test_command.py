"""`footfall plan` as people and scripts use it."""

import json
import subprocess
from pathlib import Path

import pytest

from footfall.plans.registry import document
from tests.plans.documents import CHECKOUT, changed
from tests.serving import PROGRAM


def footfall(*arguments: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [PROGRAM, "plan", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "checkout.yaml"
    file.write_text(CHECKOUT)
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    file = tmp_path / "bad.yaml"
    file.write_text(changed(("kind: flow", "kind: flo"), ("order: opened+", "ordr: opened+")))
    return file


def test_good_plans_are_said_to_be_good(good: Path) -> None:
    assert footfall("validate", good) == (0, f"{good}: ok\n", "")


def test_bad_plans_are_told_line_by_line(good: Path, bad: Path) -> None:
    code, out, _ = footfall("validate", bad, good)
    assert code == 1
    assert out.splitlines() == [
        f"{bad}:4: $.kind: expected one of flow, types, workflow, found 'flo' (did you mean flow?)",
        f"{bad}:27: $.ordr: there is no key 'ordr' (did you mean order?)",
        f"{good}: ok",
    ]


def test_programs_get_flaws_as_json(good: Path, bad: Path) -> None:
    code, out, _ = footfall("validate", bad, good, "--format", "json")
    report = json.loads(out)
    assert code == 1
    assert [(entry["file"], entry["valid"]) for entry in report] == [(str(bad), False), (str(good), True)]
    assert report[0]["flaws"][0]["line"] == 4


def test_what_cannot_be_used_is_another_exit_code(tmp_path: Path, bad: Path) -> None:
    for arguments in (
        ["validate", tmp_path / "none.yaml"],
        ["show", "sign-up"],
        ["show", bad],
        ["diff", "signup", bad],
    ):
        code, out, said = footfall(*arguments)
        assert (code, out) == (2, "")
        assert said.startswith("footfall: ")


def test_plans_are_listed_with_ones_own(good: Path) -> None:
    code, out, _ = footfall("list", "--plans", good.parent, "--format", "json")
    assert code == 0
    names = {plan["plan"]: plan["steps"] for plan in json.loads(out)}
    assert {"signup": 13, "google-signin": 10, "checkout": 3}.items() <= names.items()


def test_a_plan_is_shown_in_four_ways(good: Path) -> None:
    assert footfall("show", "signup", "--format", "yaml") == (0, document("signup"), "")
    code, out, _ = footfall("show", "signup", "--format", "json")
    assert (code, len(json.loads(out)["steps"])) == (0, 13)
    code, out, _ = footfall("show", "signup", "--format", "markdown")
    assert out.startswith("# Self sign-up\n")
    assert "| opened | S1 | START |" in out
    code, out, _ = footfall("show", good)
    assert (code, out.splitlines()[0]) == (0, "checkout 1: Checkout (flow)")


def test_a_difference_says_what_breaks_and_that_the_version_has_to_go_up(good: Path, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    new.write_text(changed(("opened+", "opened")))
    code, out, said = footfall("diff", good, new)
    assert code == 1
    assert out.splitlines() == [
        "breaking  $.order: no longer takes: opened opened closed. Flows that were fine are not any more.",
        "checkout: breaking",
    ]
    assert "Raise the version above 1" in said
    new.write_text(changed(("opened+", "opened*")))
    code, out, _ = footfall("diff", good, new, "--format", "json")
    assert (code, json.loads(out)["effect"]) == (0, "additive")
    assert footfall("diff", good, good) == (0, "checkout: no change\n", "")


def test_the_schema_is_printed() -> None:
    code, out, _ = footfall("schema")
    assert (code, json.loads(out)["$id"]) == (0, "/schemas/plan.json")
