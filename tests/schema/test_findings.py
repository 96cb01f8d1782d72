"""What is said about an event never holds what somebody typed: values may be personal."""

from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings

from footfall.schema.batch import BatchError, open_body
from footfall.schema.reasons import Reason
from footfall.schema.redaction import payload_text
from footfall.schema.validation import judge
from footfall.schema.verdict import Finding, Profile

from .samples import FULL, event, text
from .strategies import changed, seeds, valid_event

MARK = "Zz7Secret"


def marked(value: Any) -> Any:
    """The value with a mark in every string that is not a key."""
    match value:
        case str():
            return MARK + value
        case list():
            return [marked(item) for item in value]
        case dict():
            return {key: marked(item) for key, item in value.items()}
        case _:
            return value


def refusal(body: bytes) -> str:
    """What the sender of a body is told if it is refused."""
    try:
        open_body(body).texts()
    except BatchError as error:
        return str(error)
    return ""


def said(findings: tuple[Finding, ...]) -> str:
    return msgspec.json.encode(findings).decode()


@given(seeds)
@settings(max_examples=600)
def test_findings_hold_no_value(random: Random) -> None:
    value = changed(random, valid_event(random, random.choice(list(Profile))))
    eid = value.get("eid")
    value = marked(value)
    if random.random() < 0.8:
        value["eid"] = eid
    sent = text(value)
    if random.random() < 0.3:
        at = random.randrange(len(sent))
        sent = sent[:at] + random.choice([b'"', b"}", b"\xff", b"\\ud800", b"1e999", b""]) + sent[at + 1 :]

    for profile in Profile:
        verdict = judge(sent, profile)
        assert MARK not in said(verdict.findings)
        if verdict.event is None:
            assert MARK not in (payload_text(sent, verdict.value, masked=True) or "")


@given(seeds)
@settings(max_examples=200)
def test_a_refused_body_is_not_quoted(random: Random) -> None:
    body = b'{"id":"%b","events":[%b]}' % (MARK.encode(), text(marked(event("START", FULL["START"]))))
    at = random.randrange(len(body))
    broken = body[:at] + random.choice([b'"', b"}", b"]", b"\x00", b"\\", b'"\\ud800"', b""]) + body[at + 1 :]

    assert MARK not in refusal(broken)


def test_names_of_unknown_fields_are_cut_short() -> None:
    name = "n" * 1000
    findings = judge(text(event("START", {"type": "app", name: 1, "dspec": {"cap": [1]}})), Profile.SUNBIRD).findings
    (twice,) = judge(text(event("HEARTBEAT"))[:-1] + b',"%b":1,"%b":2}' % ((name.encode(),) * 2), Profile.V3).findings

    assert {finding.code for finding in findings} == {"unknown_field", "wrong_type"}
    assert "n" * 100 in said(findings)
    assert "n" * 101 not in said((*findings, twice))


def test_a_finding_names_what_was_found_by_type() -> None:
    wrong: list[object] = [None, True, 1, 1.5, "x", [], {}]
    found = [judge(text(event("START", tags=[value])), Profile.V3).findings for value in wrong]

    assert [(findings[0].found if findings else None) for findings in found] == [
        "null",
        "boolean",
        "number",
        "number",
        None,
        "array",
        "object",
    ]
    assert found[0][0].message == "tags[0] must be a string, not null."
    assert found[5][0].message == "tags[0] must be a string, not an array."


def test_every_code_leads_back_to_its_reason() -> None:
    for reason in Reason:
        assert Finding.make(reason).reason is reason
        assert reason.docs == f"/docs/reasons#{reason.code}"
        assert reason.sentence.endswith(".")
        assert reason.hint.endswith((".", "…."))
    assert len({reason.code for reason in Reason}) == len(Reason)
