"""The Structs, the JSON Schemas, and two independent validators give the same verdict on anything."""

import json
from functools import cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.schema.reasons import Reason
from footfall.schema.schemas import EIDS, all_schemas, event_schema
from footfall.schema.validation import judge, judge_batch
from footfall.schema.verdict import Profile

from .samples import GOOD, Json, text
from .strategies import events, valid_events, values

FOUND_BY_SCHEMA = {
    reason.code
    for reason in (
        Reason.NOT_AN_OBJECT,
        Reason.UNKNOWN_EVENT,
        Reason.MISSING_FIELD,
        Reason.WRONG_TYPE,
        Reason.UNKNOWN_FIELD,
        Reason.VALUE_NOT_ALLOWED,
        Reason.EMPTY_VALUE,
        Reason.BELOW_MINIMUM,
    )
}


@cache
def _validators(profile: Profile, eid: str) -> tuple[Any, Any]:
    schema = event_schema(profile, eid)
    return jsonschema.Draft202012Validator(schema), jsonschema_rs.Draft202012Validator(schema)


def schema_verdicts(value: Any, profile: Profile) -> set[bool]:
    """What the two validators say; an event without a schema is invalid."""
    eid = value.get("eid") if isinstance(value, dict) else None
    if not isinstance(eid, str) or eid not in EIDS:
        return {False}
    return {validator.is_valid(value) for validator in _validators(profile, eid)}


def check(value: Any) -> None:
    for profile in Profile:
        verdict = judge(text(value), profile)
        accepted = verdict.event is not None
        assert schema_verdicts(value, profile) == {accepted}
        assert {finding.code for finding in verdict.findings} <= FOUND_BY_SCHEMA
        assert accepted or verdict.findings
    if schema_verdicts(value, Profile.SUNBIRD) == {True}:
        assert schema_verdicts(value, Profile.V3) == {True}
        assert judge(text(value), Profile.V3).findings == ()


@given(events)
@settings(max_examples=1000)
def test_shapes_and_schemas_agree_on_events(value: Json) -> None:
    check(value)


@given(values)
@settings(max_examples=300)
def test_shapes_and_schemas_agree_on_anything_else(value: Any) -> None:
    check(value)


@pytest.mark.parametrize("profile", Profile)
@given(data=st.data())
@settings(max_examples=300)
def test_what_is_made_from_a_schema_is_accepted(profile: Profile, data: st.DataObject) -> None:
    value = data.draw(valid_events(profile))

    assert judge(text(value), profile).event is not None


@given(st.lists(events | st.sampled_from(GOOD), max_size=4))
@settings(max_examples=200)
def test_a_batch_is_judged_like_its_events(batch: list[Json]) -> None:
    one_by_one = [judge(text(value), Profile.SUNBIRD) for value in batch]
    together = judge_batch(text(batch))

    if together is not None:
        assert all(verdict.event is not None and not verdict.findings for verdict in one_by_one)
        assert together.canonicals.splitlines() == [verdict.canonical for verdict in one_by_one]
        assert together.events == [verdict.event for verdict in one_by_one]


@given(st.lists(st.sampled_from([value for value in GOOD if "syncts" not in value]), max_size=4))
@settings(max_examples=50)
def test_a_batch_of_plain_good_events_never_needs_a_closer_look(batch: list[Json]) -> None:
    assert judge_batch(text(batch)) is not None


@given(events)
@settings(max_examples=300)
def test_white_space_and_escapes_change_nothing(value: Json) -> None:
    spaced = json.dumps(value, indent=2, ensure_ascii=True).encode()
    for profile in Profile:
        plain, other = judge(text(value), profile), judge(spaced, profile)
        assert plain.findings == other.findings
        assert plain.canonical == other.canonical


def test_every_schema_is_a_valid_schema_with_its_own_name() -> None:
    names = set()
    for profile, eid, schema in all_schemas():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["$id"] == f"/schemas/{profile}/{eid.lower()}.json"
        names.add(schema["$id"])
    assert len(names) == 34


def test_every_field_is_described() -> None:
    for _, _, schema in all_schemas():
        for part in (schema, *schema.get("$defs", {}).values()):
            for name, field in part.get("properties", {}).items():
                assert "description" in field or name in ("eid", "edata"), (schema["$id"], part["title"], name)


def test_only_the_seventeen_have_schemas() -> None:
    with pytest.raises(KeyError):
        event_schema(Profile.V3, "SHARE_ITEM")
