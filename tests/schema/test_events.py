"""Profile `sunbird`: the verdict of the pipeline's own schemas, field by field."""

from typing import Any

import pytest

from footfall.schema.schemas import EIDS
from footfall.schema.validation import judge, judge_batch
from footfall.schema.verdict import Profile

from .samples import FULL, GOOD, MINIMAL, Json, event, text

CONTEXT = {"channel": "c", "env": "", "pdata": {"id": ""}}


def faults(value: Any, profile: Profile = Profile.SUNBIRD) -> list[tuple[str, str]]:
    """The codes and paths for which an event is rejected; empty when it is accepted without a remark."""
    verdict = judge(text(value), profile)
    assert (verdict.event is None) == bool(verdict.findings)
    return [(finding.code, finding.path) for finding in verdict.findings]


@pytest.mark.parametrize("value", GOOD, ids=lambda value: value["eid"])
@pytest.mark.parametrize("profile", Profile)
def test_what_the_pipeline_takes_is_accepted_without_a_remark(value: Json, profile: Profile) -> None:
    assert faults(value, profile) == []


def test_there_are_seventeen_events() -> None:
    assert len(EIDS) == 17
    assert set(EIDS) == set(MINIMAL) == set(FULL)


@pytest.mark.parametrize(
    ("eid", "field"),
    [
        (eid, field)
        for eid, fields in {
            "START": ["type"],
            "IMPRESSION": ["type", "pageid", "uri"],
            "INTERACT": ["type", "id"],
            "ASSESS": ["item", "pass", "score", "resvalues", "duration"],
            "RESPONSE": ["target", "type", "values"],
            "INTERRUPT": ["type"],
            "SHARE": ["items"],
            "ERROR": ["err", "errtype", "stacktrace"],
            "LOG": ["type", "level", "message"],
            "SEARCH": ["query", "size", "topn"],
            "METRICS": ["system", "subsystem"],
            "SUMMARY": ["type", "starttime", "endtime", "timespent", "pageviews", "interactions"],
            "END": ["type"],
        }.items()
        for field in fields
    ],
)
def test_a_required_field_of_edata_must_be_there(eid: str, field: str) -> None:
    edata = {key: value for key, value in MINIMAL[eid].items() if key != field}

    assert faults(event(eid, edata)) == [("missing_field", f"$.edata.{field}")]


@pytest.mark.parametrize("eid", EIDS)
def test_no_other_field_of_edata_is_required(eid: str) -> None:
    assert faults(event(eid, MINIMAL[eid])) == []


@pytest.mark.parametrize(("eid", "field"), [(eid, field) for eid in EIDS if eid != "HEARTBEAT" for field in FULL[eid]])
@pytest.mark.parametrize("wrong", [None, True])
def test_every_field_of_edata_has_its_type(eid: str, field: str, wrong: object) -> None:
    found = faults(event(eid, FULL[eid] | {field: wrong}))

    assert found == [("wrong_type", f"$.edata.{field}")]


@pytest.mark.parametrize("eid", [eid for eid in EIDS if eid != "HEARTBEAT"])
def test_edata_is_closed(eid: str) -> None:
    assert faults(event(eid, MINIMAL[eid] | {"further": 1})) == [("unknown_field", "$.edata.further")]


def test_edata_of_heartbeat_is_open_but_an_object() -> None:
    assert faults(event("HEARTBEAT", {"further": 1})) == []
    assert faults(event("HEARTBEAT", [])) == [("wrong_type", "$.edata")]


@pytest.mark.parametrize("eid", EIDS)
@pytest.mark.parametrize("field", ["ets", "ver", "mid", "actor", "context", "edata"])
def test_the_envelope_must_be_complete(eid: str, field: str) -> None:
    value = event(eid)
    del value[field]

    assert faults(value) == [("missing_field", f"$.{field}")]


@pytest.mark.parametrize(
    "parts",
    [
        {"ets": 1.51540235431e12},
        {"ets": 0},
        {"ets": -1},
        {"ver": "3.1"},
        {"actor": {"id": "", "type": ""}},
        {"actor": {"id": "a", "type": "User", "further": 1}},
        {"context": CONTEXT | {"channel": " "}},
        {"context": CONTEXT | {"rollup": None}},
        {"context": CONTEXT | {"rollup": {"l1": 5}}},
        {"context": CONTEXT | {"cdata": []}},
        {"context": CONTEXT | {"pdata": {"id": "", "platform": 7}}},
        {"object": {}},
        {"object": {"parent": {}}},
        {"object": {"subtype": None}},
        {"object": {"rollup": {"l5": 1}}},
        {"tags": []},
        {"metadata": None},
        {"flags": {}},
        {"type": "events"},
    ],
    ids=str,
)
@pytest.mark.parametrize("eid", EIDS)
def test_the_odd_but_valid(eid: str, parts: Json) -> None:
    assert faults(event(eid, **parts)) == []


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        ({"ets": "1795224242107"}, ("wrong_type", "$.ets")),
        ({"ets": None}, ("wrong_type", "$.ets")),
        ({"ets": True}, ("wrong_type", "$.ets")),
        ({"ver": "3"}, ("value_not_allowed", "$.ver")),
        ({"ver": "2.2"}, ("value_not_allowed", "$.ver")),
        ({"ver": 3.0}, ("value_not_allowed", "$.ver")),
        ({"mid": ""}, ("empty_value", "$.mid")),
        ({"mid": 7}, ("wrong_type", "$.mid")),
        ({"actor": None}, ("wrong_type", "$.actor")),
        ({"actor": {"id": "a"}}, ("missing_field", "$.actor.type")),
        ({"actor": {"type": "User"}}, ("missing_field", "$.actor.id")),
        ({"actor": {"id": None, "type": "User"}}, ("wrong_type", "$.actor.id")),
        ({"context": {"env": "", "pdata": {"id": ""}}}, ("missing_field", "$.context.channel")),
        ({"context": {"channel": "c", "pdata": {"id": ""}}}, ("missing_field", "$.context.env")),
        ({"context": {"channel": "c", "env": ""}}, ("missing_field", "$.context.pdata")),
        ({"context": CONTEXT | {"channel": ""}}, ("empty_value", "$.context.channel")),
        ({"context": CONTEXT | {"pdata": {}}}, ("missing_field", "$.context.pdata.id")),
        ({"context": CONTEXT | {"pdata": {"id": "p", "pid": None}}}, ("wrong_type", "$.context.pdata.pid")),
        ({"context": CONTEXT | {"pdata": {"id": "p", "ver": 1}}}, ("wrong_type", "$.context.pdata.ver")),
        ({"context": CONTEXT | {"sid": None}}, ("wrong_type", "$.context.sid")),
        ({"context": CONTEXT | {"did": None}}, ("wrong_type", "$.context.did")),
        ({"context": CONTEXT | {"cdata": None}}, ("wrong_type", "$.context.cdata")),
        ({"context": CONTEXT | {"cdata": {}}}, ("wrong_type", "$.context.cdata")),
        ({"context": CONTEXT | {"cdata": [{"type": "t"}]}}, ("missing_field", "$.context.cdata[0].id")),
        ({"context": CONTEXT | {"cdata": [{"type": "t", "id": ["i"]}]}}, ("wrong_type", "$.context.cdata[0].id")),
        (
            {"context": CONTEXT | {"cdata": [{"type": "t", "id": "i"}, {"type": "t", "id": "i", "x": 1}]}},
            ("unknown_field", "$.context.cdata[1].x"),
        ),
        ({"object": None}, ("wrong_type", "$.object")),
        ({"object": {"ver": None}}, ("wrong_type", "$.object.ver")),
        ({"object": {"id": 1}}, ("wrong_type", "$.object.id")),
        ({"object": {"rollup": {"l1": 1}}}, ("wrong_type", "$.object.rollup.l1")),
        ({"object": {"rollup": None}}, ("wrong_type", "$.object.rollup")),
        ({"tags": "a"}, ("wrong_type", "$.tags")),
        ({"tags": ["a", 1]}, ("wrong_type", "$.tags[1]")),
        ({"edata": None}, ("wrong_type", "$.edata")),
        ({"edata": []}, ("wrong_type", "$.edata")),
    ],
    ids=str,
)
@pytest.mark.parametrize("eid", ["START", "HEARTBEAT", "SUMMARY"])
def test_the_invalid_envelope(eid: str, parts: Json, found: tuple[str, str]) -> None:
    assert faults(event(eid) | parts) == [found]


@pytest.mark.parametrize(
    ("eid", "edata", "found"),
    [
        ("START", {"dspec": {"mem": -1.5}}, ("below_minimum", "$.edata.dspec.mem")),
        ("START", {"dspec": {"sims": "2"}}, ("wrong_type", "$.edata.dspec.sims")),
        ("START", {"dspec": {"cap": [1]}}, ("wrong_type", "$.edata.dspec.cap[0]")),
        ("START", {"uaspec": "Firefox"}, ("wrong_type", "$.edata.uaspec")),
        ("START", {"stageid": "s"}, ("unknown_field", "$.edata.stageid")),
        ("IMPRESSION", {"visits": [{"objid": "o"}]}, ("missing_field", "$.edata.visits[0].objtype")),
        (
            "IMPRESSION",
            {"visits": [{"objid": "o", "objtype": "t", "x": 1}]},
            ("unknown_field", "$.edata.visits[0].x"),
        ),
        ("IMPRESSION", {"itype": "SWIPE"}, ("unknown_field", "$.edata.itype")),
        ("IMPRESSION", {"stageto": "s"}, ("unknown_field", "$.edata.stageto")),
        ("INTERACT", {"target": {"id": "t", "ver": "1"}}, ("missing_field", "$.edata.target.type")),
        (
            "INTERACT",
            {"target": {"id": "t", "ver": "1", "type": "b", "x": 1}},
            ("unknown_field", "$.edata.target.x"),
        ),
        ("INTERACT", {"plugin": {"id": "p"}}, ("missing_field", "$.edata.plugin.ver")),
        ("INTERACT", {"plugin": {"id": "p", "ver": "1", "x": 1}}, ("unknown_field", "$.edata.plugin.x")),
        ("INTERACT", {"extra": []}, ("wrong_type", "$.edata.extra")),
        ("ASSESS", {"item": {}}, ("missing_field", "$.edata.item.id")),
        ("ASSESS", {"item": {"id": "q", "x": 1}}, ("unknown_field", "$.edata.item.x")),
        ("ASSESS", {"item": {"id": "q", "mc": [1]}}, ("wrong_type", "$.edata.item.mc[0]")),
        ("ASSESS", {"pass": True}, ("wrong_type", "$.edata.pass")),
        ("ASSESS", {"resvalues": ["a"]}, ("wrong_type", "$.edata.resvalues[0]")),
        ("RESPONSE", {"qid": "q"}, ("unknown_field", "$.edata.qid")),
        ("RESPONSE", {"values": ["a"]}, ("wrong_type", "$.edata.values[0]")),
        ("INTERRUPT", {"eventid": "e"}, ("unknown_field", "$.edata.eventid")),
        ("FEEDBACK", {"contentId": "c"}, ("unknown_field", "$.edata.contentId")),
        ("FEEDBACK", {"rating": "4"}, ("wrong_type", "$.edata.rating")),
        ("SHARE", {"items": [{"obj": {"id": "o"}}]}, ("unknown_field", "$.edata.items[0].obj")),
        ("SHARE", {"items": [{"params": [1]}]}, ("wrong_type", "$.edata.items[0].params[0]")),
        ("AUDIT", {"props": ""}, ("wrong_type", "$.edata.props")),
        ("AUDIT", {"prevState": ""}, ("unknown_field", "$.edata.prevState")),
        ("AUDIT", {"edata": {}}, ("unknown_field", "$.edata.edata")),
        ("ERROR", {"traceid": "t"}, ("unknown_field", "$.edata.traceid")),
        ("ERROR", {"object": {"id": "o", "type": "t"}}, ("missing_field", "$.edata.object.ver")),
        (
            "ERROR",
            {"object": {"id": "o", "type": "t", "ver": "1", "x": 1}},
            ("unknown_field", "$.edata.object.x"),
        ),
        ("LOG", {"params": "[]"}, ("wrong_type", "$.edata.params")),
        ("LOG", {"params": [[]]}, ("wrong_type", "$.edata.params[0]")),
        ("SEARCH", {"filters": []}, ("wrong_type", "$.edata.filters")),
        ("SEARCH", {"size": "3"}, ("wrong_type", "$.edata.size")),
        ("METRICS", {"metric1": 1}, ("unknown_field", "$.edata.metric1")),
        ("METRICS", {"metrics": [{"value": "1"}]}, ("wrong_type", "$.edata.metrics[0].value")),
        ("SUMMARY", {"timespent": "1.5"}, ("wrong_type", "$.edata.timespent")),
        ("SUMMARY", {"envsummary": []}, ("unknown_field", "$.edata.envsummary")),
        ("SUMMARY", {"eventssummary": []}, ("unknown_field", "$.edata.eventssummary")),
        ("SUMMARY", {"pagesummary": []}, ("unknown_field", "$.edata.pagesummary")),
        ("SUMMARY", {"extra": [{"id": "a", "value": 1}]}, ("wrong_type", "$.edata.extra[0].value")),
        ("EXDATA", {"data": {}}, ("wrong_type", "$.edata.data")),
        ("END", {"contentId": "c"}, ("unknown_field", "$.edata.contentId")),
        ("END", {"subtype": "s"}, ("unknown_field", "$.edata.subtype")),
        ("END", {"summary": ["a"]}, ("wrong_type", "$.edata.summary[0]")),
    ],
    ids=str,
)
def test_the_invalid_edata(eid: str, edata: Json, found: tuple[str, str]) -> None:
    assert faults(event(eid, MINIMAL[eid] | edata)) == [found]


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize(
    ("eid", "code"),
    [
        ("SHARE_ITEM", "unknown_event"),
        ("METRIC", "unknown_event"),
        ("ACCESS", "unknown_event"),
        ("log", "unknown_event"),
        ("", "unknown_event"),
        (7, "wrong_type"),
        (None, "wrong_type"),
    ],
)
def test_an_unknown_eid(eid: object, code: str, profile: Profile) -> None:
    assert faults(event("LOG") | {"eid": eid}, profile) == [(code, "$.eid")]


def test_an_eid_in_lower_case_is_told_the_right_one() -> None:
    (finding,) = judge(text(event("LOG") | {"eid": "log"}), Profile.SUNBIRD).findings

    assert "LOG" in finding.message


@pytest.mark.parametrize("profile", Profile)
def test_an_event_without_eid(profile: Profile) -> None:
    value = event("LOG")
    del value["eid"]

    assert faults(value, profile) == [("missing_field", "$.eid")]


@pytest.mark.parametrize("value", [None, 7, "START", [], [event("LOG")], True])
def test_an_event_is_an_object(value: object) -> None:
    assert faults(value) == [("not_an_object", "$")]


def test_all_faults_are_named_not_only_the_first() -> None:
    value = event("IMPRESSION", {"type": 1, "further": 2}, mid="", tags=[1, "a", 2])

    assert set(faults(value)) == {
        ("wrong_type", "$.edata.type"),
        ("missing_field", "$.edata.pageid"),
        ("missing_field", "$.edata.uri"),
        ("unknown_field", "$.edata.further"),
        ("empty_value", "$.mid"),
        ("wrong_type", "$.tags[0]"),
        ("wrong_type", "$.tags[2]"),
    }


def test_twenty_faults_are_enough() -> None:
    assert len(faults(event("LOG", tags=[1] * 100))) == 20
    assert len(faults(event("LOG", MINIMAL["LOG"] | {f"k{n}": n for n in range(100)}))) == 20


def test_a_fault_far_back_is_still_named() -> None:
    assert faults(event("LOG", tags=["a"] * 10_000 + [1])) == [("wrong_type", "$.tags[10000]")]
    assert faults(event("LOG", syncts=list(range(1000)), tags=[1])) == [("wrong_type", "$.tags[0]")]


def test_a_batch_of_good_events_is_accepted_at_once() -> None:
    accepted = judge_batch(text(GOOD))

    assert accepted is None  # further keys are looked at one by one
    plain = [event(eid) for eid in EIDS]
    accepted = judge_batch(text(plain))
    assert accepted is not None
    assert [found.__struct_config__.tag for found in accepted.events] == list(EIDS)
    assert accepted.canonicals.splitlines() == [judge(text(value), Profile.SUNBIRD).canonical for value in plain]


def test_an_empty_batch_is_accepted() -> None:
    accepted = judge_batch(b"[]")

    assert accepted is not None
    assert accepted.events == []


def test_equal_content_has_equal_canonical_text() -> None:
    value = event("INTERACT", FULL["INTERACT"])
    shuffled = dict(reversed(value.items()))
    spaced = b'{\n "ets": 1.795224242107E12' + text(value)[len(b'{"eid":"INTERACT","ets":1795224242107') :]
    spaced = spaced.replace(b"{\n", b'{\n "eid" : "INTERACT",')

    canonical = {judge(each, Profile.V3).canonical for each in (text(value), text(shuffled), spaced)}

    assert len(canonical) == 1
    assert judge(text(event("INTERACT")), Profile.V3).canonical not in canonical
