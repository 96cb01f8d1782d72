"""The oddities of the documented sign-up and Google sign-in events, each by its name: what the command says of them.

The 23 samples say nothing of ets, mid, ver, sid, did and actor, which every sender adds; the documentation itself says
that the actor of all of them is anonymous. What else is odd about them stands here, and nothing else may be found.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from footfall.check.inputs import Inputs
from footfall.check.lenient_json import read_loosely
from footfall.check.location import Layout
from footfall.check.repairs import REPAIRS
from footfall.cli import app

from .test_samples import REFS, SAMPLES, STRICT, TABLE, WITH_UASPEC

Json = dict[str, Any]
Found = Counter[tuple[str, str, str]]
PLAN_OF = {row[0]: row[1] for row in TABLE}

# Each oddity: by whom it is told (the judge, or a plan), and the row, code and path of every finding.
IRREGULARITIES: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "G3 says sigin as env and page": (
        "plan",
        [("G3", "misspelt_value", "$.context.env"), ("G3", "misspelt_value", "$.edata.pageid")],
    ),
    "G3 says sigin as the type of its cdata": ("plan", [("G3", "misspelt_value", "$.context.cdata.type")]),
    "G3 has a subtype, which END has not": ("judge", [("G3", "unknown_field", "$.edata.subtype")]),
    "G1 is a START of another type than its END": ("plan", [("G1", "start_end_type_mismatch", "$.edata.type")]),
    "env otp on other pages": (
        "plan",
        [(ref, "env_page_mismatch", "$.context.env") for ref in ("G2", "GL6", "SL3")],
    ),
    "audits with a text for props": ("judge", [(ref, "wrong_type", "$.edata.props") for ref in ("A1", "A2")]),
    "audits that say nothing of what changed": (
        "plan",
        [(ref, "empty_audit_value", f"$.edata.{key}") for ref in ("A1", "A2") for key in ("props", "state")],
    ),
    "audits without the account": ("plan", [(ref, "missing_value", "$.object") for ref in ("A1", "A2")]),
    "isError is a text": ("plan", [(ref, "string_for_boolean", "$.edata.extra.isError") for ref in ("S7", "S8")]),
    "audits of a sign-up say env signin": ("plan", []),
    "messages misspelt as they are sent": ("plan", []),
    "the impressions are of another channel": ("plan", []),
    "the actor is anonymous": ("judge", []),
}


def expected(plans: tuple[str, ...]) -> Found:
    """What has to be found where these plans are asked."""
    return Counter(
        found
        for teller, rows in IRREGULARITIES.values()
        for found in rows
        if teller == "judge" or PLAN_OF[found[0]] in plans
    )


def checked(*arguments: str) -> list[Json]:
    """The reports of the command on the samples, in their order."""
    reports = ran(*arguments)
    assert len(reports) == len(REFS)
    return reports


def ran(*arguments: str, code: int = 1) -> list[Json]:
    """What the command prints."""
    done = CliRunner().invoke(app, ["check", "--format", "json", *arguments])
    assert done.exit_code == code, done.stderr
    reports: list[Json] = json.loads(done.stdout)
    return reports


def said(reports: list[Json]) -> Found:
    """Findings by row, but for what is no JSON."""
    return Counter(
        (ref, note["code"], note["path"])
        for ref, report in zip(REFS, reports, strict=True)
        for note in report["findings"]
        if note["code"] not in REPAIRS
    )


@pytest.fixture(scope="module")
def samples() -> list[Json]:
    """The samples as JSON, completed with ets, mid, ver, sid, did and the actor, and nothing else."""
    chunks = Inputs([str(SAMPLES)], loosely=True).chunks()
    texts = [Layout(chunk).piece(number).text for chunk in chunks for number in range(chunk.count)]
    made = [json.loads(read_loosely(text).text) for text in texts]
    for number, event in enumerate(made):
        event |= {"ets": 1_795_224_242_000 + 1000 * number, "mid": f"sample:{REFS[number]}", "ver": "3.0"}
        event["actor"] = {"id": "anonymous", "type": "User"}
        event["context"] |= {"sid": "session-1", "did": "device-1"}
    return made


@pytest.fixture(scope="module")
def completed(samples: list[Json], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "samples.ndjson"
    path.write_text("".join(json.dumps(one) + "\n" for one in samples))
    return path


PLANS = [(), ("signup",), ("google-signin",), ("signup", "google-signin")]


@pytest.mark.parametrize("profile", ["v3", "sunbird"])
@pytest.mark.parametrize("plans", PLANS, ids=lambda names: "+".join(names) or "all")
@pytest.mark.parametrize("form", ["as it stands", "completed"])
def test_the_samples_earn_these_findings_and_no_others(
    form: str, plans: tuple[str, ...], profile: str, completed: Path
) -> None:
    arguments = [part for name in plans for part in ("--plan", name)]
    source = ["--fill", str(SAMPLES)] if form == "as it stands" else [str(completed)]
    reports = checked("--lenient", "--profile", profile, *arguments, *source)
    assert said(reports) == expected(plans or ("signup", "google-signin"))
    refused = {ref for ref, report in zip(REFS, reports, strict=True) if report["verdict"] == "rejected"}
    assert refused == ({"G3", "A1", "A2"} if profile == "sunbird" else set())
    repairs = Counter(note["code"] for report in reports for note in report["findings"] if note["code"] in REPAIRS)
    odd = {"trailing_comma": len(REFS) - len(STRICT), "bare_placeholder": len(WITH_UASPEC)}
    assert repairs == (odd if form == "as it stands" else {})
    if plans:
        assert all(report["flows"] == [] for report in reports)  # an id that is a placeholder names no flow


@pytest.fixture(scope="module")
def by_profile(completed: Path) -> dict[str, Found]:
    return {name: said(checked("--lenient", "--profile", name, str(completed))) for name in ("v3", "sunbird")}


@pytest.mark.parametrize("name", IRREGULARITIES)
@pytest.mark.parametrize("profile", ["v3", "sunbird"])
def test_each_oddity_is_found_where_it_stands_or_is_none(name: str, profile: str, by_profile: dict[str, Found]) -> None:
    found, rows = by_profile[profile], IRREGULARITIES[name][1]
    assert {row: found[row] for row in rows} == dict.fromkeys(rows, 1)
    if not rows:
        nowhere = {"the actor is anonymous": "actor", "the impressions are of another channel": "channel"}
        assert not [path for _, _, path in found if nowhere.get(name, "message") in path]


@pytest.mark.parametrize("left_out", ["ets", "mid", "ver", "actor"])
def test_what_every_sender_adds_is_missed_where_it_is_not_added(
    left_out: str, samples: list[Json], tmp_path: Path
) -> None:
    path = tmp_path / "samples.ndjson"
    path.write_text("".join(json.dumps({k: v for k, v in one.items() if k != left_out}) + "\n" for one in samples))
    reports = checked("--lenient", str(path))
    assert {report["verdict"] for report in reports} == {"rejected"}
    assert said(reports) - expected(("signup", "google-signin")) == Counter(
        (ref, "missing_field", f"$.{left_out}") for ref in REFS
    )


def test_a_session_and_a_device_may_be_missing(samples: list[Json], tmp_path: Path) -> None:
    path = tmp_path / "samples.ndjson"
    bare = [one | {"context": {k: v for k, v in one["context"].items() if k not in ("sid", "did")}} for one in samples]
    path.write_text(json.dumps(bare))
    assert said(checked("--lenient", str(path))) == expected(("signup", "google-signin"))


def test_a_placeholder_that_is_sent_is_no_value(completed: Path) -> None:
    extra = said(checked(str(completed))) - expected(("signup", "google-signin"))
    assert extra == Counter([("S3", "unexpected_value", "$.edata.extra.contactType")])


# Every sample as part of a whole flow, some of them in several: rows, outcome.
FLOWS: list[tuple[str, str, str]] = [
    ("signup", "S1 S2 S3 S4 S5 A1 S9", "success"),
    ("signup", "S1 S2 S3 S4 S5 S9 A1", "success"),
    ("signup", "S1 S2 S3 SL1 S3 S7 S9", "otp_send_failed"),
    ("signup", "S1 S2 S3 S4 S5 SL2 S6 S8 S5 SL3 S9", "create_failed"),
    ("signup", "S1 S2 S3 S4 S5 SL2 S9", "otp_attempts_exhausted"),
    ("google-signin", "G1 G2 GL1 GL4 G3", "existing_user"),
    ("google-signin", "G2 GL1 GL4 G3", "existing_user"),
    ("google-signin", "G1 G2 GL1 GL5 A2 G3", "created"),
    ("google-signin", "G1 G2 GL1 GL5 GL6 G3", "create_failed"),
    ("google-signin", "G1 G2 GL2 G3", "redirect_failed"),
    ("google-signin", "G1 G2 GL3 G3", "details_failed"),
    ("google-signin", "G1 G2 G3", "denied"),
]


def test_every_sample_has_its_place_in_a_flow() -> None:
    assert {ref for _, refs, _ in FLOWS for ref in refs.split()} == set(REFS)


@pytest.mark.parametrize(("plan", "refs", "outcome"), FLOWS, ids=[row[1] for row in FLOWS])
def test_a_flow_of_samples_is_whole_whatever_is_odd_about_it(
    plan: str, refs: str, outcome: str, samples: list[Json], tmp_path: Path
) -> None:
    """Channels differ, G3 says sigin, the audits name no flow, G1 and G3 do not pair by type: it is one flow."""
    made = []
    for number, ref in enumerate(refs.split()):
        event: Json = json.loads(json.dumps(samples[REFS.index(ref)]).replace("<uuid>", "f-1").replace("<radio", "<"))
        event |= {"ets": 1_795_224_242_000 + 1000 * number, "mid": f"m:{number}"}
        made.append(event)
    path, told = tmp_path / "flow.json", tmp_path / "flows.json"
    path.write_text(json.dumps(made))
    found = [one for one in expected((plan,)) if one[0] in refs.split()]
    reports = ran("--lenient", "--plan", plan, "--flows", str(told), str(path), code=1 if found else 0)
    (flow,) = json.loads(told.read_text())
    assert (flow["outcome"], flow["missing"], flow["out_of_order"]) == (outcome, [], [])
    assert len(flow["steps"]) == len(made)
    findings = Counter(
        (ref, note["code"], note["path"])
        for ref, report in zip(refs.split(), reports, strict=True)
        for note in report["findings"]
    )
    assert set(findings) == set(found)
