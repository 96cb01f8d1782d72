"""Operations on accounts: which events each fires, what those say, and what is said about bad ones."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dialects.base import Outcome, RefusalError
from footfall.dialects.identity.dialect import Identity
from footfall.dialects.identity.operation import Operation, event_mid, read_operation
from footfall.dialects.identity.rules import SYSTEM_SURFACES, TABLE, USER_SURFACES, Row
from footfall.schema.reasons import Reason
from footfall.schema.validation import judge
from footfall.schema.verdict import Finding, Profile

from .identity_samples import NOON, Json, events, faults, of_row, operation, reply, request, translate

UUID7 = "01a20d2f-5d00-7a56-9e9b-3c5f3c1b5f10"


def fired(one: Json) -> list[str]:
    return [event["edata"]["type"] for event in events(one)]


# What fires


@pytest.mark.parametrize(
    ("name", "method", "types"),
    [
        ("register", "password", ["signin.traditional_register", "entity_create"]),
        ("register", "provider", ["signin.social_register", "entity_create"]),
        ("login", "password", ["signin.traditional", "entity_update"]),
        ("login", "provider", ["signin.social", "entity_update"]),
        ("sso", None, ["signin.sso", "entity_update"]),
        ("import", None, ["entity_create"]),
        ("create", None, ["entity_create"]),
        ("update", None, ["entity_update"]),
        ("replace", None, []),
        ("deactivate", None, ["entity_update"]),
        ("reactivate", None, ["entity_update"]),
        ("delete", None, ["entity_delete"]),
    ],
)
def test_each_row_of_the_table(name: str, method: str | None, types: list[str]) -> None:
    one = operation(name, method)
    for surface in next(row for row in TABLE if row.operation == name).surfaces:
        assert fired(one | {"surface": surface}) == types
    (report,) = reply(one)["operations"]
    assert report["fired"] == types
    assert report["status"] == ("accepted" if types else "nothing_fired")


@pytest.mark.parametrize(
    ("name", "method", "types"),
    [
        ("register", "password", ["failed.register"]),
        ("register", "provider", ["failed.register"]),
        ("login", "password", ["failed.signin.traditional"]),
        ("login", "provider", ["failed.signin.social"]),
        ("sso", None, ["failed.signin.sso"]),
        ("import", None, []),
        ("create", None, []),
        ("update", None, ["failed.update"]),
        ("replace", None, []),
        ("deactivate", None, ["failed.update"]),
        ("reactivate", None, ["failed.update"]),
        ("delete", None, ["failed.delete"]),
    ],
)
def test_what_failed_fires_nothing_but_its_failure(name: str, method: str | None, types: list[str]) -> None:
    assert fired(operation(name, method, outcome="failed", reason="wrong_password", changed=["password"])) == types


def test_an_operation_that_succeeded_may_say_so() -> None:
    assert fired(operation("login", outcome="succeeded")) == ["signin.traditional", "entity_update"]


def test_the_provider_decides_on_the_method_where_none_is_named() -> None:
    assert fired(operation("login", "password", provider="saml-corp"))[0] == "signin.social"
    assert fired(operation("login", "password", method="password"))[0] == "signin.traditional"
    assert fired(operation("register", "provider", method="provider"))[0] == "signin.social_register"


# What the events say


def test_the_events_of_a_login() -> None:
    one = operation("login", "provider", session="s-1", id="op-7")
    signin, update = events(one)
    assert signin == {
        "eid": "AUDIT",
        "ets": NOON,
        "ver": "3.0",
        "mid": event_mid("op-7", "signin.social"),
        "actor": {"id": "u-1", "type": "User"},
        "context": {
            "channel": "school",
            "env": "identity",
            "pdata": {"id": "portal"},
            "sid": "s-1",
            "cdata": [
                {"type": "operation", "id": "op-7"},
                {"type": "provider", "id": "google"},
                {"type": "surface", "id": "registration_ui"},
            ],
        },
        "object": {"id": "u-1", "type": "User"},
        "edata": {"type": "signin.social"},
    }
    assert update["mid"] == event_mid("op-7", "entity_update") != signin["mid"]
    assert update["edata"] == {"type": "entity_update", "props": ["lastLogin"]}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("register", {"props": ["email", "name.first"], "state": "Created"}),
        ("import", {"props": ["email", "name.first"], "state": "Created"}),
        ("update", {"props": ["email", "name.first"]}),
        ("deactivate", {"props": ["email", "name.first"], "state": "Inactive", "prevstate": "Active"}),
        ("reactivate", {"props": ["email", "name.first"], "state": "Active", "prevstate": "Inactive"}),
        ("delete", {"props": ["email", "name.first"], "state": "Deleted"}),
    ],
)
def test_the_entity_event_names_what_changed(name: str, data: Json) -> None:
    found = events(operation(name, changed=["email", "name.first"]))[-1]["edata"]
    assert {field: value for field, value in found.items() if field != "type"} == data


def test_a_deactivation_sets_a_date() -> None:
    assert events(operation("deactivate"))[0]["edata"]["props"] == ["deactivateAccount"]


@pytest.mark.parametrize("surface", SYSTEM_SURFACES)
def test_what_is_done_to_accounts_is_done_by_a_system(surface: str) -> None:
    name = "import" if surface == "bulk_import" else "create"
    (with_client,) = events(operation(name, surface=surface))
    (without,) = events(operation(name, surface=surface, client=None))
    assert with_client["actor"] == {"id": "portal", "type": "System"}
    assert without["actor"] == {"id": surface, "type": "System"}
    assert without["object"] == {"id": "u-1", "type": "User"}


def test_a_failed_login_of_nobody() -> None:
    (event,) = events(operation("login", user=None, outcome="failed", reason="user_not_found"))
    assert (event["actor"], event["object"]) == ({"id": "", "type": "User"}, {"type": "User"})
    assert {"type": "reason", "id": "user_not_found"} in event["context"]["cdata"]


@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("outcome", ["succeeded", "failed"])
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_the_door_takes_every_event_without_remark(row: Row, outcome: str, profile: Profile) -> None:
    for event in msgspec.json.decode(translate(of_row(row, outcome=outcome)).events, type=list[msgspec.Raw]):
        verdict = judge(bytes(event), profile)
        assert verdict.event is not None
        assert not verdict.findings


# A resend is the same


def test_the_same_operation_is_the_same_events_in_every_process() -> None:
    assert translate(operation("login")).events == translate([operation("login")]).events
    assert event_mid("op-1", "signin.sso") == "AUDIT:57fbdf75-214d-5f4b-8ae3-1dbd9142d65c"
    assert len({event_mid(name, kind) for name in ("a", "b") for kind in ("signin.sso", "entity_update")}) == 4


@pytest.mark.parametrize(
    "text", ["2026-11-21T12:00:00Z", "2026-11-21T12:00:00.0004Z", "2026-11-21T17:30:00+05:30", NOON, float(NOON)]
)
def test_a_moment_may_be_written_in_several_ways(text: Any) -> None:
    assert translate(operation("login", time=text)).events == translate(operation("login")).events


def test_a_uuid_of_version_7_holds_the_time() -> None:
    found = events(operation("login", id=UUID7, time=None))
    assert {event["ets"] for event in found} == {int(UUID7.replace("-", "")[:12], 16)}
    assert events(operation("login", id=UUID7))[0]["ets"] == NOON


def test_what_the_door_knew_is_told() -> None:
    body = [operation("login"), operation("delete"), operation("replace"), operation("sso")]
    conflict = [Finding.make(Reason.MID_CONFLICT, "$.mid")]
    ahead = [Finding.make(Reason.CLOCK_AHEAD, "$.ets")]
    told = reply(body, Outcome(frozenset({0, 1, 3}), {2: conflict}, {3: ahead, 4: ahead}))
    assert [report["status"] for report in told["operations"]] == ["duplicate", "rejected", "nothing_fired", "accepted"]
    assert [told[name] for name in ("received", "accepted", "duplicate", "rejected")] == [4, 2, 1, 1]
    login, delete, _, sso = told["operations"]
    assert login["fired"] == ["signin.traditional", "entity_update"]
    assert (delete["fired"], delete["mids"]) == ([], [])
    (error,) = delete["errors"]
    assert (error["code"], error["path"]) == ("mid_conflict", "$[1].id")
    assert "operation" in error["hint"]
    assert [(warning["code"], warning["path"]) for warning in sso["warnings"]] == [("clock_ahead", "$[3].time")]


# Bodies


def test_the_three_forms_of_a_body() -> None:
    one, bad = operation("login"), operation("login", surface="paper")
    assert translate(one).events == translate([one]).events == translate({"operations": [one]}).events
    assert faults(bad) == [("value_not_allowed", "$.surface")]
    assert faults([bad]) == [("value_not_allowed", "$[0].surface")]
    assert faults({"source": "x", "operations": [bad]}) == [("value_not_allowed", "$.operations[0].surface")]
    assert translate(b"\xef\xbb\xbf \n" + msgspec.json.encode(one)).events == translate(one).events


def test_a_line_for_each_operation() -> None:
    body = b"\n\r\n".join(msgspec.json.encode(operation("login", id=name)) for name in "ab") + b"\n{\n"
    told = reply(body, ndjson=True)
    assert [report["status"] for report in told["operations"]] == ["accepted", "accepted", "rejected"]
    assert told["operations"][2]["errors"][0]["code"] == "malformed_line"


def test_an_empty_batch() -> None:
    assert reply([]) == {"received": 0, "accepted": 0, "duplicate": 0, "rejected": 0, "operations": []}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b'{"operations":[\n{"id":}]}', "malformed_json"),
        (b"[{}] []", "malformed_json"),
        (b'"register"', "not_a_batch"),
        (b"null", "not_a_batch"),
        (b'{"operations":{}}', "not_a_batch"),
        (b'{"operations":[],"operations":[]}', "not_a_batch"),
        (b'{"operations":[],"operation\\u0073":[]}', "not_a_batch"),
    ],
)
def test_a_body_without_operations(body: bytes, code: str) -> None:
    with pytest.raises(RefusalError) as caught:
        Identity().translate(request(body))
    assert (caught.value.status, caught.value.reason.code) == (400, code)
    if code == "malformed_json":
        assert caught.value.line
        assert caught.value.column


@pytest.mark.parametrize("body", [[{}] * 4, {"operations": [{}] * 4}])
def test_too_many_operations(body: object) -> None:
    with pytest.raises(RefusalError, match="at most 3 operations") as caught:
        translate(body, at_most=3)
    assert caught.value.status == 413


# Bad operations


def test_bad_operations_do_not_take_good_ones_with_them() -> None:
    good = operation("login")
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    texts = [b"7", b'{"id":"\\ud800"}', b'{"id":1,"id":2}', deep, msgspec.json.encode(good), b"null"]
    body = b'{"operations":[' + b",".join(texts) + b"]}"
    said = translate(body)
    assert msgspec.json.decode(said.events) == events(good)
    assert len(said.lost) == 5
    told = reply(body)
    assert (told["received"], told["accepted"], told["rejected"]) == (6, 1, 5)
    assert [report["status"] == "accepted" for report in told["operations"]] == [number == 4 for number in range(6)]
    codes = [report["errors"][0]["code"] for report in told["operations"] if report["errors"]]
    assert codes == ["wrong_type", "lone_surrogate", "duplicate_key", "too_deep", "wrong_type"]


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"id": None}, [("missing_field", "$.id")]),
        ({"id": ""}, [("empty_value", "$.id")]),
        ({"id": 5}, [("wrong_type", "$.id")]),
        ({"id": "x" * 201}, [("value_not_allowed", "$.id")]),
        ({"operation": "loggin"}, [("value_not_allowed", "$.operation")]),
        ({"surface": None, "operation": None}, [("missing_field", "$.operation"), ("missing_field", "$.surface")]),
        ({"user": None}, [("missing_field", "$.user")]),
        ({"user": {}}, [("wrong_type", "$.user")]),
        ({"email": "a@b.org"}, [("unknown_field", "$.email")]),
        ({"a@b.org": 1}, [("unknown_field", "$")]),
        ({"provider": "Google Inc."}, [("value_not_allowed", "$.provider")]),
        ({"provider": "google\n"}, [("value_not_allowed", "$.provider")]),
        ({"provider": "self"}, [("value_not_allowed", "$.provider")]),
        ({"method": "password", "provider": "google"}, [("value_not_allowed", "$.provider")]),
        ({"method": "provider"}, [("missing_field", "$.provider")]),
        ({"method": "magic"}, [("value_not_allowed", "$.method")]),
        ({"outcome": "maybe"}, [("value_not_allowed", "$.outcome")]),
        ({"reason": "locked"}, [("value_not_allowed", "$.reason")]),
        ({"time": None}, [("missing_field", "$.time")]),
        ({"time": 1_795_262_400}, [("value_not_allowed", "$.time")]),
        ({"time": True}, [("wrong_type", "$.time")]),
        ({"time": "2026-11-21T12:00:00"}, [("value_not_allowed", "$.time")]),
        ({"time": "yesterday"}, [("value_not_allowed", "$.time")]),
        ({"time": "9999-12-31T23:59:59-14:00"}, [("value_not_allowed", "$.time")]),
        ({"time": 10**40}, [("value_not_allowed", "$.time")]),
    ],
)
def test_each_fault_has_its_path(over: Json, expected: list[tuple[str, str]]) -> None:
    one = {field: value for field, value in (operation("login") | over).items() if value is not None}
    assert faults(one) == expected
    assert faults({"operations": [one]}) == [(code, path.replace("$", "$.operations[0]", 1)) for code, path in expected]


@pytest.mark.parametrize("row", TABLE, ids=str)
def test_an_operation_comes_by_its_surfaces_only(row: Row) -> None:
    for surface in {*USER_SURFACES, *SYSTEM_SURFACES} - {*row.surfaces}:
        (error,) = reply(of_row(row, surface=surface))["operations"][0]["errors"]
        assert (error["code"], error["path"]) == ("value_not_allowed", "$.surface")
        assert all(allowed in error["message"] for allowed in row.surfaces)


def test_only_registrations_and_logins_have_a_method() -> None:
    for row in TABLE:
        expected = [] if row.method else [("value_not_allowed", "$.method")]
        assert faults(of_row(row, method=row.method or "password")) == expected


# Values of attributes


@pytest.mark.parametrize(
    "changed",
    [
        {"email": "asha@example.org"},
        [{"email": "asha@example.org"}],
        [{"name": "email", "value": "asha@example.org"}],
        ["asha@example.org"],
        ["email=asha@example.org"],
        ["email: asha@example.org"],
        "asha@example.org",
        ["email", "asha@example.org\n"],
        [["asha@example.org"]],
    ],
)
def test_values_of_attributes_are_refused_and_go_nowhere(changed: object) -> None:
    body = [operation("update", changed=changed), operation("update", old={"asha@example.org": 1}, new="asha")]
    said = translate(body)
    told = said.answer(Outcome()).body
    assert said.events == b"[]"
    assert b"asha" not in told
    assert "asha" not in repr(said.lost)
    first = json.loads(told)["operations"][0]["errors"][0]
    assert first["path"].startswith("$[0].changed")
    assert "never their values" in first["message"]


@pytest.mark.parametrize(
    "name",
    [
        "email",
        "primaryAddress.city",
        "profiles#3.identifier",
        "address[0].street",
        "_custom",
        "urn:ietf:params:scim:schemas:core:2.0:User:name.givenName",
        "x" * 200,
    ],
)
def test_names_of_attributes_as_systems_write_them(name: str) -> None:
    assert events(operation("update", changed=[name]))[0]["edata"]["props"] == [name]


@pytest.mark.parametrize("name", ["", "x" * 201, "+4915112345", "12 High Street", "a b", "https://x.org/a", "Ünal"])
def test_what_is_no_name_of_an_attribute(name: str) -> None:
    assert faults(operation("update", changed=[name]))[0][1] == "$.changed[0]"


def test_very_many_names() -> None:
    assert faults(operation("update", changed=["a"] * 201)) == [("value_not_allowed", "$.changed")]
    assert len(faults(operation("update", changed=[1] * 200))) == 20


def test_the_reply_to_a_thousand_bad_operations_stays_small() -> None:
    body = [{"changed": [1] * 30}] * 1000
    told = reply(body)["operations"]
    assert len(told[0]["errors"]) == 20
    assert all(len(report["errors"]) in (1, 20) for report in told)
    assert sum(len(report["errors"]) for report in told) < 2000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(Operation.__struct_fields__), json_values) | json_values)
def test_any_json_is_an_operation_or_told_what_is_wrong(value: Any) -> None:
    found = read_operation(value)
    assert isinstance(found, Operation) or (found and all(finding.message for finding in found))
