"""Profile `v3`: the public documentation's events, and what clients in the field send, are accepted with a warning."""

import pytest

from footfall.schema.validation import judge, judge_batch
from footfall.schema.verdict import Finding, Profile

from .samples import MINIMAL, Json, event, text

DOCUMENTED: list[tuple[str, Json, list[tuple[str, str]]]] = [
    ("START", {"type": "player", "mode": "play", "stageid": "s1"}, [("unknown_field", "$.edata.stageid")]),
    (
        "IMPRESSION",
        {"type": "list", "subtype": "Paginate", "pageid": "p", "itype": "SWIPE", "stageto": "s2"},
        [
            ("missing_field", "$.edata.uri"),
            ("unknown_field", "$.edata.itype"),
            ("unknown_field", "$.edata.stageto"),
        ],
    ),
    (
        "INTERACT",
        {
            "type": "LISTEN",
            "subtype": "PAUSE",
            "id": "audio",
            "pageid": "p",
            "extra": {"pos": [{"x": 1, "y": 2, "z": 0}], "values": [12.5], "tid": "drop", "uri": "rec/1"},
        },
        [],
    ),
    (
        "ASSESS",
        {
            "item": {
                "id": "q",
                "maxscore": 1,
                "exlength": 10.5,
                "params": [{"var1": "5"}],
                "uri": "",
                "desc": "a sum",
                "title": "Sum",
                "mmc": [],
                "mc": ["addition"],
            },
            "pass": "No",
            "score": 0.5,
            "resvalues": [{"ans": "7"}],
            "duration": 4.25,
        },
        [],
    ),
    (
        "RESPONSE",
        {
            "target": {"id": "q", "ver": "1", "type": "Question", "parent": {"id": "l", "type": "Lesson"}},
            "qid": "q",
            "type": "MATCH",
            "values": [{"lhs": "a"}, {"rhs": "b"}],
        },
        [("unknown_field", "$.edata.qid")],
    ),
    ("INTERRUPT", {"type": "call", "pageid": "p", "eventid": "e"}, [("unknown_field", "$.edata.eventid")]),
    (
        "FEEDBACK",
        {"contentId": "c", "rating": 3, "comments": "good"},
        [("unknown_field", "$.edata.contentId")],
    ),
    (
        "SHARE",
        {
            "dir": "In",
            "type": "File",
            "items": [
                {
                    "obj": {"id": "o", "type": "Content", "ver": "1"},
                    "params": [{"transfers": 1}],
                    "origin": {"id": "d", "type": "Device"},
                    "to": {"id": "", "type": ""},
                }
            ],
        },
        [("unknown_field", "$.edata.items[0].obj")],
    ),
    (
        "AUDIT",
        {"edata": {"props": ["name"], "state": "Live", "prevstate": "Draft"}},
        [("unknown_field", "$.edata.edata")],
    ),
    ("AUDIT", {"props": ["name"], "state": "Live", "prevstate": ""}, []),
    ("ERROR", {"err": "E", "errtype": "MOBILEAPP", "stacktrace": "at line 1"}, []),
    ("HEARTBEAT", {"edata": {}}, []),
    ("LOG", {"type": "app_update", "level": "FATAL", "message": "m", "params": [{"from": "1"}]}, []),
    (
        "SEARCH",
        {
            "type": "asset",
            "query": "tree",
            "filters": {},
            "sort": {},
            "correlationid": "",
            "size": 333,
            "topn": [{}],
        },
        [],
    ),
    (
        "METRICS",
        {"metric1": 1, "metric2": 2},
        [
            ("missing_field", "$.edata.system"),
            ("missing_field", "$.edata.subsystem"),
            ("unknown_field", "$.edata.metric1"),
            ("unknown_field", "$.edata.metric2"),
        ],
    ),
    (
        "METRICS",
        {"edata": {"metric1": 1}},
        [
            ("missing_field", "$.edata.system"),
            ("missing_field", "$.edata.subsystem"),
            ("unknown_field", "$.edata.edata"),
        ],
    ),
    (
        "SUMMARY",
        MINIMAL["SUMMARY"]
        | {
            "mode": "play",
            "envsummary": [{"env": "content", "timespent": 9.5, "visits": 2}],
            "eventssummary": [{"id": "START", "count": 1}],
            "pagesummary": [{"id": "p", "type": "view", "env": "content", "timespent": 1.5, "visits": 1}],
        },
        [
            ("unknown_field", "$.edata.envsummary"),
            ("unknown_field", "$.edata.eventssummary"),
            ("unknown_field", "$.edata.pagesummary"),
        ],
    ),
    (
        "SUMMARY",
        {"edata": MINIMAL["SUMMARY"] | {"envsummary": []}},
        [("unknown_field", "$.edata.edata")] + [("missing_field", f"$.edata.{field}") for field in MINIMAL["SUMMARY"]],
    ),
    ("EXDATA", {"type": "partnerdata", "data": "c2VyaWFsaXNlZA=="}, []),
    ("EXDATA", {"type": "xapi", "verb": "completed"}, [("unknown_field", "$.edata.verb")]),
    ("EXDATA", {"data": {"verb": "completed"}}, [("wrong_type", "$.edata.data")]),
    (
        "END",
        {"contentId": "c", "type": "player", "duration": 61.5, "pageid": "p", "summary": [{"progress": 50}]},
        [("unknown_field", "$.edata.contentId")],
    ),
]

IN_THE_FIELD: list[tuple[str, Json, list[tuple[str, str]]]] = [
    ("AUDIT", {"props": "", "state": "", "prevstate": ""}, [("wrong_type", "$.edata.props")]),
    ("AUDIT", {"props": ["tnc"], "prevState": "Draft"}, [("unknown_field", "$.edata.prevState")]),
    ("END", {"type": "signin", "subtype": "google_signin", "mode": "google"}, [("unknown_field", "$.edata.subtype")]),
    ("LOG", {"type": "api", "level": "SUCCESS", "message": "m", "params": "[]"}, [("wrong_type", "$.edata.params")]),
    ("ERROR", MINIMAL["ERROR"] | {"traceid": "t"}, [("unknown_field", "$.edata.traceid")]),
    ("SUMMARY", MINIMAL["SUMMARY"] | {"timespent": "1.5"}, [("wrong_type", "$.edata.timespent")]),
]


@pytest.mark.parametrize(("eid", "edata", "remarks"), DOCUMENTED + IN_THE_FIELD)
def test_what_is_documented_is_accepted_with_a_warning_where_sunbird_would_refuse_it(
    eid: str, edata: Json, remarks: list[tuple[str, str]]
) -> None:
    sent = text(event(eid, edata))
    loose, strict = judge(sent, Profile.V3), judge(sent, Profile.SUNBIRD)

    assert loose.event is not None
    assert _places(loose.findings) == set(remarks)
    assert (strict.event is None) == bool(remarks)
    assert _places(strict.findings) == set(remarks)


@pytest.mark.parametrize(("eid", "edata", "remarks"), DOCUMENTED)
def test_a_warning_says_who_would_refuse(eid: str, edata: Json, remarks: list[tuple[str, str]]) -> None:
    findings = judge(text(event(eid, edata)), Profile.V3).findings

    assert len(findings) == len(remarks)
    assert all(finding.message.startswith("Sunbird's pipeline would refuse this: ") for finding in findings)


@pytest.mark.parametrize(
    ("context", "remarks"),
    [
        ({"env": "e"}, {("missing_field", "$.context.channel"), ("missing_field", "$.context.pdata")}),
        ({"env": "e", "channel": "", "pdata": {"id": "p"}}, {("empty_value", "$.context.channel")}),
        ({"env": "e", "channel": "c", "pdata": {"pid": "p"}}, {("missing_field", "$.context.pdata.id")}),
    ],
)
def test_what_headers_and_keys_can_fill_may_be_left_out(context: Json, remarks: set[tuple[str, str]]) -> None:
    verdict = judge(text(event("LOG", context=context)), Profile.V3)

    assert verdict.event is not None
    assert _places(verdict.findings) == remarks


@pytest.mark.parametrize(
    ("eid", "edata", "found"),
    [
        ("START", {"type": "app", "stageid": 1}, ("wrong_type", "$.edata.stageid")),
        ("START", {"type": "app", "stage": "s"}, ("unknown_field", "$.edata.stage")),
        ("IMPRESSION", {"type": "view"}, ("missing_field", "$.edata.pageid")),
        ("AUDIT", {"props": 1}, ("wrong_type", "$.edata.props")),
        ("AUDIT", {"edata": {"edata": {}}}, ("unknown_field", "$.edata.edata.edata")),
        ("LOG", MINIMAL["LOG"] | {"params": {}}, ("wrong_type", "$.edata.params")),
        ("SUMMARY", {"edata": {}}, ("missing_field", "$.edata.edata.type")),
        ("SUMMARY", MINIMAL["SUMMARY"] | {"envsummary": [{"x": 1}]}, ("unknown_field", "$.edata.envsummary[0].x")),
        ("METRICS", [], ("wrong_type", "$.edata")),
        ("EXDATA", {"type": 1}, ("wrong_type", "$.edata.type")),
        ("HEARTBEAT", None, ("wrong_type", "$.edata")),
    ],
    ids=str,
)
def test_what_nobody_documents_is_rejected_in_v3_too(eid: str, edata: object, found: tuple[str, str]) -> None:
    verdict = judge(text(event(eid) | {"edata": edata}), Profile.V3)

    assert verdict.event is None
    assert found in _places(verdict.findings)


def test_summary_wants_its_figures_inside_or_outside() -> None:
    verdict = judge(text(event("SUMMARY", {"type": "app"})), Profile.V3)

    assert _places(verdict.findings) == {
        ("missing_field", f"$.edata.{field}") for field in MINIMAL["SUMMARY"] if field != "type"
    }


def test_a_batch_as_the_javascript_client_sends_it_passes_at_once() -> None:
    sent = event(
        "START",
        {
            "type": "signup",
            "pageid": "signup",
            "mode": "self",
            "duration": 0,
            "uaspec": {"agent": "Node", "ver": "v20", "system": "linux", "platform": "x64", "raw": "Node.js"},
        },
        mid="START:0a1b2c3d4e5f",
        actor={"id": "dev-1", "type": "User"},
        context={
            "channel": "c",
            "pdata": {"id": "example.portal", "ver": "1.13.0", "pid": "portal"},
            "env": "signup",
            "sid": "s",
            "did": "dev-1",
            "cdata": [{"type": "signup", "id": "u"}],
            "rollup": {},
        },
        object={},
        tags=[],
    )

    accepted = judge_batch(text([sent, sent]))

    assert accepted is not None
    assert len(accepted.events) == 2


def _places(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    return {(finding.code, finding.path) for finding in findings}
