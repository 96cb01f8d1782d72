"""What is kept of rejected events."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.schema.event_types import known_eid
from footfall.schema.redaction import mask, payload_text, plausible_id
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .samples import event, text
from .strategies import values


def shape(value: Any) -> Any:
    match value:
        case None:
            return None
        case list():
            return [shape(item) for item in value]
        case dict():
            return [shape(item) for item in value.values()]
        case str():
            return "string"
        case bool():
            return "boolean"
        case _:
            return "number"


def said(value: Any) -> Any:
    """The same of a masked value."""
    match value:
        case str():
            return value.strip("<>").split(" ")[0]
        case list():
            return [said(item) for item in value]
        case dict():
            return [said(item) for item in value.values()]
        case _:
            return value


@given(values)
def test_masking_keeps_the_shape_and_nothing_else(value: Any) -> None:
    assert said(mask(value)) == shape(value)


SECRET = "k5v9zq"
NUMBER = 817_263_544

secrets = st.recursive(
    st.sampled_from([SECRET, NUMBER, -NUMBER, NUMBER / 1000, f"a {SECRET} b", str(NUMBER)]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["eid", "mid", "edata", "type", SECRET, f"{SECRET}2", str(NUMBER)]), inner)
    ),
)


@given(secrets)
def test_no_secret_outlives_masking_be_it_a_value_or_a_name(value: Any) -> None:
    kept = payload_text(b"", value, masked=True) or ""
    assert SECRET not in kept
    assert str(NUMBER) not in kept
    assert "817263" not in kept


@pytest.mark.parametrize("mid", ["a@b.example", "Mary Miller", "x" * 501, "née", "<b>", 7, None])
def test_what_cannot_be_an_id_is_none(mid: object) -> None:
    assert plausible_id(mid) is None


@pytest.mark.parametrize("mid", ["START:52b1fae7", "3f2504e0-4f89-11d3-9a0c-0305e82c3301", "x" * 500])
def test_what_can_be_an_id_is_kept(mid: str) -> None:
    assert plausible_id(mid) == mid


def test_names_that_senders_make_up_count_as_one() -> None:
    assert known_eid("START") == "START"
    assert {known_eid(name) for name in ("start", "x" * 1000, "", SECRET)} == {"unknown"}
    assert known_eid(7) is None


def test_an_event_of_very_many_parts_is_kept_as_few() -> None:
    assert len(payload_text(b"", {"edata": [{f"k{n}": n for n in range(5000)}] * 90}, masked=True) or "") < 50_000


def test_of_long_arrays_and_deep_values_the_rest_is_counted() -> None:
    assert mask(["a"] * 102) == ["<string 1>"] * 100 + ["<2 more>"]
    assert mask({"tags": [{"b": [1, 2]}]}, 2) == {"tags": ["<object 1>"]}
    assert mask({"x": 1, "y": 2, "eid": True}) == {"?": "<number>", "?2": "<number>", "eid": "<boolean>"}
    assert list(mask({str(number): 1 for number in range(102)}).values())[-1] == "<2 more>"


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("depth", [201, 500, 800])
def test_a_deep_event_can_be_masked(depth: int, profile: Profile) -> None:
    sent = text(event("HEARTBEAT")).replace(b"{}}", b'{"a":' + b"[" * depth + b"]" * depth + b"}}")
    verdict = judge(sent, profile)

    payload = payload_text(sent, verdict.value, masked=True)

    assert payload is not None
    assert json.loads(payload)["eid"] == "<string 9>"


@pytest.mark.parametrize(
    ("sent", "masked", "kept"),
    [
        (b'{"eid":"X","n":[1,"ab"]}', '{"eid":"<string 1>","?":["<number>","<string 2>"]}', '{"eid":"X","n":[1,"ab"]}'),
        (b"nonsense", None, '"nonsense"'),
        (b'{"a":"\xff"}', None, '"{\\"a\\":\\"\\\\xff\\"}"'),
        (b'{"a":"\\ud800"}', None, '"{\\"a\\":\\"\\\\ud800\\"}"'),
        (b"[1e999]", None, '"[1e999]"'),
        (b"7", '"<number>"', "7"),
    ],
)
def test_the_payload_is_json_that_any_reader_takes(sent: bytes, masked: str | None, kept: str) -> None:
    value = judge(sent, Profile.V3).value

    assert payload_text(sent, value, masked=True) == masked
    assert payload_text(sent, value, masked=False) == kept
    json.loads(kept).__repr__().encode()
