"""Each format is what readers of it expect, whatever events say."""

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest

from footfall.check.examine import Brief
from footfall.check.junit import JunitWriter
from footfall.check.plans import chosen
from footfall.check.report_console import ListWriter, TextWriter
from footfall.check.run import check
from footfall.check.sarif import SarifWriter
from tests.check.sarif_schema import SARIF

from .test_flows import flow
from .texts import event, text

ODD = "\x1b]0;title\x07<&\"'>\u2028\ud7ff é\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """A file with good, remarkable and bad events; one with a flow; an empty one; none; and a packed one."""
    folder = tmp_path_factory.mktemp("formats & more")
    bad = event(1, mid=ODD, ets="now")
    portal = event(2, edata={"type": "t", "level": "l", "message": "m", "params": "a"})
    (folder / "events.ndjson").write_bytes(b"\n".join([text(event()), text(bad), text(portal), b"{oops}"]))
    (folder / "flow.json").write_bytes(text(flow("S1 S3 S2 S4 S5 S9", "one"), 1))
    (folder / "empty").touch()
    (folder / "packed").write_bytes(b"PK\x03\x04")
    return [str(folder / name) for name in ("events.ndjson", "flow.json", "empty", "none", "packed")]


def written(files: list[str], kind: Any, *plans: str, **options: Any) -> bytes:
    out = io.BytesIO()
    brief = Brief(plans=chosen(plans), follows=bool(plans))
    check(files, brief, 1, kind(out, **options), lambda *_: None)
    return out.getvalue()


def test_json_is_one_list_in_the_order_of_the_events(files: list[str]) -> None:
    found = json.loads(written(files, ListWriter))
    assert [(Path(one["file"]).name, one["index"], one["line"]) for one in found] == [
        *(("events.ndjson", number, number + 1) for number in range(4)),
        *(("flow.json", number, found[4 + number]["line"]) for number in range(6)),
    ]
    assert [one["verdict"] for one in found] == ["accepted", "rejected", "warned", "rejected"] + ["accepted"] * 6
    first, bad, portal, oops = found[:4]
    assert (first["mid"], first["eid"], first["plan"], first["step"]) == ("m0", "LOG", None, None)
    assert (oops["mid"], oops["eid"]) == (None, None)
    assert bad["mid"] == ODD
    for finding in bad["findings"] + portal["findings"] + oops["findings"]:
        assert finding["code"]
        assert finding["path"].startswith("$")
        assert finding["message"]
        assert finding["hint"]
    assert [(one["plan"], one["step"]) for one in found[4:6]] == [("signup", "opened"), ("signup", "submitted")]
    assert "flows" not in first


def test_json_of_nothing_is_an_empty_list(files: list[str]) -> None:
    assert json.loads(written(files[2:], ListWriter)) == []


def test_json_names_the_flows_of_an_event(files: list[str]) -> None:
    found = json.loads(written(files[1:2], ListWriter, "signup"))
    assert [one["flows"] for one in found] == [[{"plan": "signup", "id": "one", "outcome": "success"}]] * 6


def test_junit_has_a_case_for_each_event_and_flow(files: list[str]) -> None:
    root = ET.fromstring(written(files, JunitWriter, "signup", allow_warnings=False))
    suites = {Path(suite.get("name", "")).name: suite for suite in root}
    assert {
        name: (suite.get("tests"), suite.get("failures"), suite.get("errors")) for name, suite in suites.items()
    } == {
        "events.ndjson": ("4", "3", "0"),
        "flow.json": ("6", "1", "0"),
        "none": ("1", "0", "1"),
        "packed": ("1", "0", "1"),
        "flows of signup": ("1", "1", "0"),
    }
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("13", "5", "2")
    for suite in suites.values():
        assert len(suite) == int(suite.get("tests", ""))
        assert len(suite.findall("./testcase/failure")) == int(suite.get("failures", ""))
        assert len({case.get("name") for case in suite}) == len(suite)
    (failure,) = suites["events.ndjson"][1].findall("failure")
    assert failure.get("type") == "wrong_type"
    assert "\x1b" not in suites["events.ndjson"][1].get("name", "")


def test_junit_takes_warnings_for_failures_only_where_they_are(files: list[str]) -> None:
    root = ET.fromstring(written(files[:1], JunitWriter, allow_warnings=True))
    assert [[child.tag for child in case] for case in root[0]] == [[], ["failure"], ["system-out"], ["failure"]]


def test_sarif_is_valid_and_points_at_lines(files: list[str]) -> None:
    found = json.loads(written(files, SarifWriter, "signup", docs="https://footfall.example/"))
    jsonschema_rs.validate(SARIF, found)
    (run,) = found["runs"]
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    assert {result["ruleId"] for result in run["results"]} == set(rules)
    assert rules["wrong_type"]["helpUri"] == "https://footfall.example/docs/reasons#wrong_type"
    by_code = {result["ruleId"]: result for result in run["results"]}
    place = by_code["malformed_json"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"].endswith("formats%20%26%20more0/events.ndjson")
    assert place["region"] == {"startLine": 4, "startColumn": 2}
    assert {result["level"] for result in run["results"]} == {"error", "warning"}
    assert [note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]] == [
        "there is no such file",
        "is packed with zip: unpack it first; gzip and zstd need no unpacking",
    ]


def test_sarif_of_nothing_is_valid(files: list[str]) -> None:
    found = json.loads(written(files[2:3], SarifWriter, docs="http://127.0.0.1:8400"))
    jsonschema_rs.validate(SARIF, found)
    assert found["runs"][0]["results"] == []
    assert found["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_text_is_for_people_and_does_nothing_to_their_terminal(files: list[str]) -> None:
    out = io.StringIO()
    brief = Brief(plans=chosen(["signup"]), follows=True)
    check(files[:2], brief, 1, TextWriter(out), lambda *_: None)
    said = out.getvalue()
    assert "\x1b" not in said
    assert "events.ndjson:2: rejected LOG" in said
    assert "flow signup one: success, 6 steps in 5.0 s" in said
    assert "10 events: 6 accepted, 2 warned, 2 rejected" in said
    assert said.count("Send the type that the message names.") == 1
    assert "events.ndjson:1:" not in said
