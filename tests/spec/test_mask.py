"""What is kept of rejected events."""

import json
from typing import Any

import pytest
from hypothesis import given

from footfall.spec.judge import judge
from footfall.spec.mask import mask, payload_text
from footfall.spec.verdict import Profile

from .samples import event, text
from .strategies import values


def shape(value: Any) -> Any:
    match value:
        case str():
            return "text"
        case list():
            return [shape(item) for item in value]
        case dict():
            return {key: shape(item) for key, item in value.items()}
        case _:
            return value


@given(values)
def test_masking_keeps_the_shape_and_no_text(value: Any) -> None:
    masked = mask(value)

    assert shape(masked) == shape(value)
    for before, after in zip(_strings(value), _strings(masked), strict=True):
        assert after == f"<string {len(before)}>"


def _strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [each for item in value for each in _strings(item)]
        case dict():
            return [each for item in value.values() for each in _strings(item)]
        case _:
            return []


def test_of_long_arrays_and_deep_values_the_rest_is_counted() -> None:
    assert mask(["a"] * 102) == ["<string 1>"] * 100 + ["<2 more>"]
    assert mask({"a": [{"b": [1, 2]}]}, 2) == {"a": ["<object 1>"]}


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
        (b'{"eid":"X","n":[1,"ab"]}', '{"eid":"<string 1>","n":[1,"<string 2>"]}', '{"eid":"X","n":[1,"ab"]}'),
        (b"nonsense", None, '"nonsense"'),
        (b'{"a":"\xff"}', None, '"{\\"a\\":\\"\\\\xff\\"}"'),
        (b'{"a":"\\ud800"}', None, '"{\\"a\\":\\"\\\\ud800\\"}"'),
        (b"[1e999]", None, '"[1e999]"'),
        (b"7", "7", "7"),
    ],
)
def test_the_payload_is_json_that_any_reader_takes(sent: bytes, masked: str | None, kept: str) -> None:
    value = judge(sent, Profile.V3).value

    assert payload_text(sent, value, masked=True) == masked
    assert payload_text(sent, value, masked=False) == kept
    json.loads(kept).__repr__().encode()
