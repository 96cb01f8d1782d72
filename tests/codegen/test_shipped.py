"""The code for the plans that come with footfall: it type-checks, and what it sends is what the plans say."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.codegen import Language, generate
from footfall.codegen.generation import module_of
from footfall.codegen.shape import Function, Parameter
from footfall.dialects.lms.shape import KEYS, seed_line
from footfall.plans.correlation import correlation
from footfall.plans.flow import judge_flow, sight
from footfall.plans.mark import mark_of
from footfall.plans.matching import Matcher
from footfall.plans.model import Plan
from footfall.plans.outcome import Remark
from footfall.plans.recognition import Steps
from footfall.plans.registry import find, shipped
from footfall.schema.schemas import EIDS
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .calls import STRICT, Call, Said, calls, event, in_python, in_typescript, tsc

_encode = msgspec.json.encode
# What a pattern of a shipped plan takes.
_PATTERNED = {
    ("details_failed", "message"): "unable to get user details from auth token",
    ("save_clicked", "id"): "save-button",
    ("submit_clicked", "id"): "submit",
}
# What a plan wants of a call, which no type can say: what tells a step from others, and one of two forms.
_TELLING: dict[str, dict[tuple[str, ...], Any]] = {
    "user_changed": {("edata", "state"): "Active"},
    "course.resource.download": {("payload", "course_resource_name"): "syllabus.pdf"},
    "course.admin.download": {("payload", "download_type"): "cohorts", ("payload", "cohort"): "default"},
}


@pytest.fixture(scope="module")
def python() -> str:
    """All plans, in Python."""
    return generate(Language.PYTHON, shipped())


@pytest.fixture(scope="module")
def typescript() -> str:
    """All plans, in TypeScript."""
    return generate(Language.TYPESCRIPT, shipped())


@pytest.fixture(scope="module")
def script(typescript: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, compiled to JavaScript as strictly as can be."""
    folder = tmp_path_factory.mktemp("compiled")
    (folder / "tracking.mts").write_text(typescript, encoding="utf-8")
    assert tsc(7, *STRICT, "--outDir", folder, folder / "tracking.mts") == ""
    return folder / "tracking.mjs"


def _text_of(function: Function, parameter: Parameter) -> str:
    return _PATTERNED.get((function.name[-1], parameter.path[-1]), f"{parameter.path[-1]}-1")


def _all_calls(*, full: bool) -> list[Call]:
    return calls(module_of(shipped()), full=full, texts=_text_of)


def _findings(value: dict[str, Any], profile: Profile) -> list[tuple[str, str]]:
    verdict = judge(_encode(value), profile)
    said = [(found.code, found.path) for found in verdict.findings]
    return said if verdict.event is not None or said else [("rejected", "$")]


def test_python_is_formatted_and_has_no_lint(python: str, tmp_path: Path) -> None:
    file = tmp_path / "tracking.py"
    file.write_text(python, encoding="utf-8")
    for command in (["format", "--diff"], ["check"]):
        run = [sys.executable, "-m", "ruff", *command, "--config", "pyproject.toml", "--no-cache", str(file)]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_python_type_checks_with_code_that_uses_it(python: str, tmp_path: Path) -> None:
    (tmp_path / "tracking.py").write_text(python, encoding="utf-8")
    (tmp_path / "shop.py").write_text(
        """
import asyncio
from typing import Any

from tracking import Eid, Options, SignupStep, lms_video, signup_form_viewed, signup_submitted, start


def send(eid: Eid, edata: dict[str, Any], options: Options, /) -> int:
    return len(options["context"])


async def post(eid: Eid, edata: dict[str, Any], options: Options, /) -> str:
    return eid


sent: int = signup_submitted(send, "flow-1", contact_type="email", options={"object": {"id": "a"}})
step: SignupStep = "submitted"


async def main() -> str:
    lms_video(send, course_slug="a", course_run="b", course_unit_id=3, video_id="v",
              video_event_type="kinesinlms.course.video.play")
    await start(post, type_="app", uaspec={"agent": "Firefox"})
    return await signup_form_viewed(post, correlation_id="flow-1")


asyncio.run(main())
""",
        encoding="utf-8",
    )
    (tmp_path / "wrong.py").write_text(
        """
from typing import Any

from tracking import Eid, Options, impression, signup_form_viewed, signup_submitted, start


def send(eid: Eid, edata: dict[str, Any], options: Options, /) -> None: ...


signup_submitted(send, "flow-1", contact_type="fax")
signup_submitted(send, "flow-1")
signup_form_viewed(send)
start(send, type_="app", uaspec={"browser": "Firefox"})
impression(send, type_="view", pageid=7, uri="/")
""",
        encoding="utf-8",
    )
    run = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), *map(str, tmp_path.glob("*.py"))]
    said = subprocess.run(run, capture_output=True, text=True, check=False).stdout
    lines = [line for line in said.splitlines() if ": error: " in line]
    assert len(lines) == 5, said
    assert all("wrong.py" in line for line in lines), said


def test_typescript_type_checks_with_code_that_uses_it(script: Path) -> None:
    folder = script.parent
    (folder / "shop.mts").write_text(
        """
import { impression, lmsVideo, signupFormViewed, signupSubmitted, start } from "./tracking.mjs";
import type { Eid, Options, SignupStep } from "./tracking.mjs";

const send = (eid: Eid, edata: Record<string, unknown>, options: Options): number => Object.keys(options).length;
const post = async (eid: Eid): Promise<string> => eid;
export const sent: number = signupSubmitted(send, "flow-1", { contactType: "email" }, { object: { id: "a" } });
export const step: SignupStep = "submitted";
const video = { video_id: "v", video_event_type: "kinesinlms.course.video.play" } as const;
lmsVideo(send, { course_slug: "a", course_run: "b", course_unit_id: 3, ...video });
await start(post, { type: "app", uaspec: { agent: "Firefox" } });
await signupFormViewed(post, "flow-1");
// @ts-expect-error a value that is not allowed
signupSubmitted(send, "flow-1", { contactType: "fax" });
// @ts-expect-error a field that is missing
signupSubmitted(send, "flow-1", {});
// @ts-expect-error no correlation id
signupFormViewed(send);
// @ts-expect-error a key that a browser does not have
start(send, { type: "app", uaspec: { browser: "Firefox" } });
// @ts-expect-error a number for a text
impression(send, { type: "view", pageid: 7, uri: "/" });
""",
        encoding="utf-8",
    )
    flags = [flag for flag in STRICT if "unused" not in flag.lower()]
    assert tsc(7, *flags, "--noEmit", folder / "shop.mts") == ""


def test_typescript_of_older_compilers(script: Path) -> None:
    assert tsc(5, *STRICT, "--noEmit", "--isolatedDeclarations", "--declaration", script.with_suffix(".mts")) == ""


def test_typescript_needs_nothing_newer_than_its_compilers_oldest_target(typescript: str, tmp_path: Path) -> None:
    (tmp_path / "tracking.ts").write_text(typescript, encoding="utf-8")
    assert tsc(5, "--strict", "--noEmit", tmp_path / "tracking.ts") == ""


@pytest.fixture(scope="module", params=["python", "typescript"])
def spoken(request: pytest.FixtureRequest, python: str, typescript: str, script: Path) -> Iterator[Any]:
    """What functions say, in either language."""
    if request.param == "python":
        yield lambda wanted: in_python(python, wanted)
    else:
        yield lambda wanted: in_typescript(script, typescript, wanted)


@pytest.mark.parametrize("full", [False, True], ids=["required", "everything"])
def test_every_event_is_accepted(spoken: Any, full: bool) -> None:
    wanted = _all_calls(full=full)
    for number, (call, said) in enumerate(zip(wanted, spoken(wanted), strict=True)):
        value = event(said, number)
        assert _findings(value, Profile.V3) == [] or call.function.name == ("google-signin", "returned"), value
        if not full:
            assert _findings(value, Profile.SUNBIRD) == [], value


def test_every_event_is_its_own_step_without_a_warning(spoken: Any) -> None:
    wanted = [call for call in _all_calls(full=False) if call.section != "v3"]
    assert len(wanted) > 150
    recognise = {plan.plan: _recogniser(plan) for plan in shipped()}
    for call in wanted:
        call.given |= _TELLING.get(call.function.name[-1], {})
    for call, said in zip(wanted, spoken(wanted), strict=True):
        plan, step = call.function.name
        assert recognise[plan](event(said)) == (step, ()), (plan, said)


def test_what_types_carry_is_what_their_plans_say(spoken: Any) -> None:
    wanted = [call for call in _all_calls(full=True) if call.function.name[0] in ("lms", "identity")]
    matcher = Matcher(shipped())
    for call, said in zip(wanted, spoken(wanted), strict=True):
        match = matcher.match(event(said))
        assert match is not None
        assert (match.step, match.warnings) == (call.function.name[1], ()), said


def _recogniser(plan: Plan) -> Callable[[dict[str, Any]], tuple[str, tuple[Remark, ...]]]:
    if plan.kind == "workflow":
        steps = Steps(plan.steps)
        return lambda value: (steps.of(mark_of(value)), ())
    matcher = Matcher([plan])

    def recognise(value: dict[str, Any]) -> tuple[str, tuple[Remark, ...]]:
        match = matcher.match(value)
        return (match.step, match.warnings) if match else ("", ())

    return recognise


def test_both_languages_say_the_same(python: str, typescript: str, script: Path) -> None:
    for full in (False, True):
        wanted = [call for call in _all_calls(full=full) if not _is_dated_now(call)]
        assert len(wanted) > 100
        for ours, theirs in zip(in_python(python, wanted), in_typescript(script, typescript, wanted), strict=True):
            assert _read(ours) == _read(theirs)


def _is_dated_now(call: Call) -> bool:
    times = [one.path for one in call.function.parameters if one.kind.base == "moment"]
    return any(path not in call.given for path in times)


def _read(said: Said) -> Said:
    eid, edata, options = said
    data = edata.get("data", "")
    return eid, edata | ({"data": json.loads(data)} if data.startswith("{") else {}), options


def test_there_is_a_function_for_each_step_type_and_event() -> None:
    functions = [
        (section.name, function.name) for section in module_of(shipped()).sections for function in section.functions
    ]
    plans = [(plan.plan, (plan.plan, name)) for plan in shipped() for name in _names(plan)]
    assert sorted(functions) == sorted(plans + [("v3", (eid,)) for eid in EIDS])


def _names(plan: Plan) -> list[str]:
    return [one.type for one in plan.types] or [step.step for step in plan.steps]


@pytest.mark.parametrize(
    ("name", "steps", "outcome"),
    [
        ("signup", "opened form_viewed submitted otp_viewed otp_submitted user_created ended", "success"),
        ("signup", "opened form_viewed submitted otp_viewed otp_submitted create_failed ended", "create_failed"),
        ("google-signin", "opened viewed details_received user_new user_created returned", "created"),
        ("google-signin", "viewed redirect_failed returned", "redirect_failed"),
    ],
)
def test_a_flow_sent_step_by_step_is_complete(spoken: Any, name: str, steps: str, outcome: str) -> None:
    plan = find(name)
    known = {call.function.name: call for call in _all_calls(full=False)}
    wanted = [known[name, step] for step in steps.split()]
    for call in wanted:
        call.given[("correlation_id",)] = "flow-7"
    matcher, key = Matcher([plan]), correlation(plan)
    sightings = []
    for number, said in enumerate(spoken(wanted)):
        value = event(said, number)
        match = matcher.match(value)
        assert match is not None
        sightings.append(sight(match, key(value), value, number))
    instance = judge_flow(plan, sightings)
    assert (instance.id, instance.outcome, instance.steps) == ("flow-7", outcome, steps.split())
    assert (instance.missing, instance.out_of_order, instance.remarks) == ([], [], ())


def test_a_lesson_is_kept_in_the_shape_that_the_lms_documents(spoken: Any) -> None:
    wanted = [call for call in _all_calls(full=True) if call.function.name == ("lms", "video")]
    (said,) = spoken(wanted)
    value = event(said)
    line = seed_line(_encode(value).decode())
    assert line is not None
    shape = json.loads(line)
    assert tuple(shape) == KEYS
    assert shape["event_type"] == "video"
    assert shape["anon_username"] == value["actor"]["id"] == "anon_username-1"
    assert shape["time"] == "2026-11-21T10:04:05.107000+00:00"
    assert shape["event_data"]["video_id"] == "video_id-1"
    assert value["ets"] == 1795255445107
    assert value["context"]["env"] == "lms"
    assert value["context"]["cdata"] == [{"type": "course", "id": "course_slug-1/course_run-1"}]
    assert value["object"] == {"id": "7", "type": "CourseNode"}


def test_an_account_is_the_object_of_its_events(spoken: Any) -> None:
    wanted = [call for call in _all_calls(full=True) if call.function.name == ("identity", "signin.social")]
    (said,) = spoken(wanted)
    assert said == (
        "AUDIT",
        {"type": "signin.social"},
        {
            "actor": {"id": "user-1", "type": "User"},
            "context": {
                "env": "identity",
                "cdata": [
                    {"type": "operation", "id": "operation-1"},
                    {"type": "provider", "id": "provider-1"},
                    {"type": "surface", "id": "registration_ui"},
                ],
            },
            "object": {"id": "user-1", "type": "User"},
        },
    )


def test_nothing_personal_can_be_sent(python: str) -> None:
    personal = {
        name for plan in shipped() for one in plan.types for name, field in one.fields.items() if field.personal
    }
    assert personal
    taken = {
        one.path[-1]
        for section in module_of([find("lms")]).sections
        for function in section.functions
        for one in function.parameters
        if one.path[0] == "payload"
    }
    assert personal.isdisjoint(taken)
