"""The documented samples of sign-up and Google sign-in, as they stand in Markdown, earn exactly their oddities."""

import re
from pathlib import Path

import msgspec
import pytest

from footfall.check.examine import Brief, Examiner
from footfall.check.inputs import Inputs
from footfall.check.plans import chosen
from footfall.check.reader import Reader
from footfall.check.repairs import REPAIRS
from footfall.check.report import Report
from footfall.schema.verdict import Profile

SAMPLES = Path(__file__).with_name("data") / "signup.md"

Codes = list[tuple[str, str]]

_FLAG: Codes = [("string_for_boolean", "$.edata.extra.isError")]
_ENV: Codes = [("env_page_mismatch", "$.context.env")]
_AUDIT: Codes = [
    ("missing_value", "$.object"),
    ("empty_audit_value", "$.edata.props"),
    ("empty_audit_value", "$.edata.state"),
]
_SIGIN: Codes = [
    ("misspelt_value", "$.context.env"),
    ("misspelt_value", "$.context.cdata.type"),
    ("misspelt_value", "$.edata.pageid"),
]
_SUBTYPE: Codes = [("unknown_field", "$.edata.subtype")]
_PROPS: Codes = [("wrong_type", "$.edata.props")]

# Row, plan, step, what a plan remarks, and what Sunbird's own pipeline would refuse.
TABLE: list[tuple[str, str, str, Codes, Codes]] = [
    ("S1", "signup", "opened", [], []),
    ("S2", "signup", "form_viewed", [], []),
    ("S3", "signup", "submitted", [], []),
    ("S4", "signup", "otp_viewed", [], []),
    ("S5", "signup", "otp_submitted", [], []),
    ("S6", "signup", "otp_resent", [], []),
    ("S7", "signup", "otp_send_failed", _FLAG, []),
    ("S8", "signup", "otp_resend_failed", _FLAG, []),
    ("S9", "signup", "ended", [], []),
    ("SL1", "signup", "captcha_suspicious", [], []),
    ("SL2", "signup", "otp_rejected", [], []),
    ("SL3", "signup", "create_failed", _ENV, []),
    ("G1", "google-signin", "opened", [("start_end_type_mismatch", "$.edata.type")], []),
    ("G2", "google-signin", "viewed", _ENV, []),
    ("G3", "google-signin", "returned", _SIGIN, _SUBTYPE),
    ("GL1", "google-signin", "details_received", [], []),
    ("GL2", "google-signin", "redirect_failed", [], []),
    ("GL3", "google-signin", "details_failed", [], []),
    ("GL4", "google-signin", "user_exists", [], []),
    ("GL5", "google-signin", "user_new", [], []),
    ("GL6", "google-signin", "create_failed", _ENV, []),
    ("A1", "signup", "user_created", _AUDIT, _PROPS),
    ("A2", "google-signin", "user_created", _AUDIT, _PROPS),
]
REFS = [row[0] for row in TABLE]
STRICT = {"S2", "S3", "S5"}
WITH_UASPEC = {"S1", "G1"}

_DECODER = msgspec.json.Decoder(Report)


def checked(profile: Profile) -> dict[str, Report]:
    """The reports on the samples by their rows."""
    examiner = Examiner(Brief(profile, chosen([]), loosely=True, fills=True))
    found = [examiner.examine(chunk) for chunk in Inputs([str(SAMPLES)], loosely=True).chunks()]
    reports = [_DECODER.decode(line) for one in found for line in one.reports.splitlines()]
    return dict(zip(REFS, reports, strict=True))


BY_PROFILE = {profile: checked(profile) for profile in Profile}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(("ref", "plan", "step", "remarks", "refused"), TABLE, ids=REFS)
def test_a_sample_is_its_step_and_earns_exactly_its_oddities(
    ref: str, plan: str, step: str, remarks: Codes, refused: Codes, profile: Profile
) -> None:
    report = BY_PROFILE[profile][ref]
    assert (report.plan, report.step) == (plan, step)
    said = sorted((note.code, note.path) for note in report.findings if note.code not in REPAIRS)
    assert said == sorted([*remarks, *refused])
    level = "error" if profile is Profile.SUNBIRD else "warning"
    assert {note.level for note in report.findings if (note.code, note.path) in refused} <= {level}
    if refused and profile is Profile.SUNBIRD:
        assert report.verdict == "rejected"
    else:
        assert report.verdict == ("warned" if report.findings else "accepted")


@pytest.mark.parametrize("ref", REFS)
def test_what_is_no_json_in_a_sample_is_told(ref: str) -> None:
    report = BY_PROFILE[Profile.V3][ref]
    expected = ([] if ref in STRICT else ["trailing_comma"]) + (["bare_placeholder"] if ref in WITH_UASPEC else [])
    assert [note.code for note in report.findings if note.code in REPAIRS] == expected


@pytest.mark.parametrize("ref", REFS)
def test_a_strict_reader_takes_three_of_the_samples(ref: str) -> None:
    lines = SAMPLES.read_text().split("\n")
    report = BY_PROFILE[Profile.V3][ref]
    block = "\n".join(lines[report.line - 1 :]).partition("```")[0]
    (chunk,) = Reader("f", iter([block.encode()]), loosely=False).chunks()
    (strict,) = map(_DECODER.decode, Examiner(Brief()).examine(chunk).reports.splitlines())
    codes = {note.code for note in strict.findings}
    assert ("malformed_json" in codes) == (ref not in STRICT)
    if ref in STRICT:
        missing = {note.path for note in strict.findings if note.code == "missing_field"}
        assert {"$.ets", "$.mid", "$.actor"} <= missing <= {"$.ets", "$.mid", "$.actor", "$.ver"}


def test_findings_name_lines_of_the_document() -> None:
    lines = SAMPLES.read_text().split("\n")
    for report in BY_PROFILE[Profile.V3].values():
        assert lines[report.line - 1] == "{"
        for note in report.findings:
            key = re.split(r"[.\[]", note.path)[-1]
            if note.path not in ("$.object", "$.context.cdata.type", "$.context", "$.edata"):
                assert f'"{key}"' in lines[note.line - 1]
