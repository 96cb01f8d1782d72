"""What is wrong with the text of an event, and where."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.schema.json_text import MAX_DEPTH, MalformedJSONError, cut, has_lone_surrogate, members, split
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile

from .samples import event, text
from .strategies import values

GOOD = text(event("HEARTBEAT"))


def with_edata(edata: bytes) -> bytes:
    return GOOD.replace(b'"edata":{}', b'"edata":' + edata)


def code(sent: bytes, profile: Profile = Profile.V3) -> str | None:
    """The reason for which a text is rejected; None when it is accepted without a remark."""
    verdict = judge(sent, profile)
    assert (verdict.event is None) == bool(verdict.findings)
    return verdict.findings[0].code if verdict.findings else None


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "malformed_line"),
        (b"   ", "malformed_line"),
        (b"{", "malformed_line"),
        (b"nonsense", "malformed_line"),
        (GOOD[:-1], "malformed_line"),
        (GOOD[:40], "malformed_line"),
        (GOOD + b"}", "malformed_line"),
        (GOOD + b"," + GOOD, "malformed_line"),
        (GOOD + b"\x00", "malformed_line"),
        (GOOD.replace(b'"mid"', b"mid"), "malformed_line"),
        (GOOD.replace(b'"', b"'"), "malformed_line"),
        (GOOD.replace(b"{}}", b"{},}"), "malformed_line"),
        (with_edata(b'{"a":NaN}'), "malformed_line"),
        (with_edata(b'{"a":Infinity}'), "malformed_line"),
        (with_edata(b'{"a":01}'), "malformed_line"),
        (with_edata(b'{"a":1.}'), "malformed_line"),
        (with_edata(b'{"a":+1}'), "malformed_line"),
        (with_edata(b'{"a":"\x00"}'), "malformed_line"),
        (with_edata(b'{"a":"\x1f"}'), "malformed_line"),
        (with_edata(b'{"a":"\\x"}'), "malformed_line"),
        (with_edata(b'{"a":"\n"}'), "malformed_line"),
        (with_edata(b'{"a":1} /* remark */'), "malformed_line"),
        (b"\x0b" + GOOD, "malformed_line"),
        (with_edata(b'{"a":"\xff"}'), "invalid_utf8"),
        (with_edata(b'{"\xff":1}'), "invalid_utf8"),
        (with_edata(b'{"a":"\xc0\xaf"}'), "invalid_utf8"),
        (with_edata(b'{"a":"\xed\xa0\x80"}'), "invalid_utf8"),
        (GOOD[:-1] + b',"further":"\xff"}', "invalid_utf8"),
        (with_edata(b'{"a":"\\ud800"}'), "lone_surrogate"),
        (with_edata(b'{"a":"\\udc00"}'), "lone_surrogate"),
        (with_edata(b'{"a":"\\uDE00\\uD83D"}'), "lone_surrogate"),
        (with_edata(b'{"a":"\\ud83d\\\\\\ude00"}'), "lone_surrogate"),
        (with_edata(b'{"\\ud800":1}'), "lone_surrogate"),
        (with_edata(b'{"a":1e999}'), "number_out_of_range"),
        (with_edata(b'{"a":[-1e309]}'), "number_out_of_range"),
        (with_edata(b'{"a":1' + b"0" * 309 + b"}"), "number_out_of_range"),
        (with_edata(b'{"a":-1' + b"0" * 400 + b"}"), "number_out_of_range"),
        (with_edata(b'{"a":1' + b"0" * 5000 + b"}"), "number_out_of_range"),
        (GOOD.replace(b"1795224242107", b"1" + b"0" * 400), "number_out_of_range"),
        (GOOD.replace(b"1795224242107", b"1e999"), "number_out_of_range"),
        (GOOD[:-1] + b',"further":1e999}', "number_out_of_range"),
        (GOOD[:-1] + b',"further":1' + b"0" * 400 + b"}", "number_out_of_range"),
        (GOOD[:-1] + b',"mid":"m1"}', "duplicate_key"),
        (GOOD[:-1] + b',"eid":"HEARTBEAT"}', "duplicate_key"),
        (GOOD[:-1] + b',"\\u0065id":"HEARTBEAT"}', "duplicate_key"),
        (GOOD[:-1] + b',"further":1,"further":1}', "duplicate_key"),
        (GOOD[:-1] + b',"further":[{"deep":{"a":1,"b":2,"a":1}}]}', "duplicate_key"),
        (GOOD.replace(b'"env":""', b'"env":"","env":""'), "duplicate_key"),
        (with_edata(b'{"a":1,"a":1}'), "duplicate_key"),
        (with_edata(b'{"a":1,"\\u0061":2}'), "duplicate_key"),
        (with_edata(b'{"a":[{"b":{"c":1,"c":2}}]}'), "duplicate_key"),
        (with_edata(b'{"":1,"":2}'), "duplicate_key"),
        (with_edata(b'{"a":1,"a":"\\u0022"}'), "duplicate_key"),
        (with_edata(b'{"a\\"":1,"a\\u0022":2}'), "duplicate_key"),
    ],
    ids=lambda part: part[-60:] if isinstance(part, bytes) else part,
)
@pytest.mark.parametrize("profile", Profile)
def test_text_without_one_clear_meaning_is_rejected(sent: bytes, reason: str, profile: Profile) -> None:
    assert code(sent, profile) == reason


@pytest.mark.parametrize(
    "sent",
    [
        b" \t\r\n" + GOOD + b"\n",
        with_edata(b'{"a":"\\u0000"}'),
        with_edata(b'{"a":"\\ud83d\\ude00"}'),
        with_edata(b'{"a":"\\\\ud800"}'),
        with_edata(b'{"a":"\\u0022\\u005c"}'),
        with_edata('{"a":"é😀\u2028\ufeff"}'.encode()),
        with_edata(b'{"a":1' + b"0" * 308 + b"}"),
        with_edata(b'{"a":1e308,"b":1e-999,"c":-0,"d":9223372036854775808}'),
        with_edata(b'{"a":"' + b"7" * 1000 + b'"}'),
        with_edata(b'{"a":0.' + b"3" * 1000 + b"}"),
        with_edata(b'{"a":"\x7f"}'),
        with_edata(b'{"a":{"a":{"a":[{"a":1},{"a":1}]}}}'),
        with_edata(b'{"A":1,"a":1}'),
        GOOD.replace(b'"eid"', b'"\\u0065id"'),
        GOOD[:-1] + b',"further":{"eid":"START"}}',
    ],
    ids=lambda part: part[-60:],
)
@pytest.mark.parametrize("profile", Profile)
def test_unusual_text_with_one_meaning_is_accepted(sent: bytes, profile: Profile) -> None:
    assert code(sent, profile) is None


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
@pytest.mark.parametrize("depth", [199, 200, 201, 900, 990, 1000, 1010, 100_000])
def test_nesting_has_a_limit(depth: int, opening: bytes, closing: bytes) -> None:
    inside = depth - 2  # the event and edata
    sent = with_edata(b'{"a":' + opening * inside + b"1" + closing * inside + b"}")

    assert code(sent) == (None if depth <= MAX_DEPTH else "too_deep")


def test_many_brackets_are_not_deep() -> None:
    assert code(with_edata(b'{"a":[' + b"[],{}," * 1000 + b"[]]}")) is None


def test_the_place_of_a_fault_in_one_event() -> None:
    (finding,) = judge(GOOD.replace(b',"mid":', b',\n  "mid":nil'), Profile.V3).findings

    assert finding.message == "Not JSON: invalid character at line 2, column 9."


@pytest.mark.parametrize(
    ("array", "message", "line", "column"),
    [
        (b'[{"a":1},\n {"a":tru}]', "invalid character", 2, 7),
        (b"[1,\r\n2,\r\n03]", "invalid number", 3, 2),
        (b"[1,2", "the text ends too soon", 1, 5),
        (b"[1,2] 3", "trailing characters", 1, 7),
        ('["é😀", x]'.encode(), "invalid character", 1, 8),
        (b'[\n"\\ud800"\n,x"', "the text ends too soon", 3, 4),
        (b'["\\ud800",]', "a value is missing", 1, 11),
        (b'["\\ud800"}', "the wrong bracket", 1, 10),
        (b'["\\ud800"]\n]', "trailing characters", 2, 1),
    ],
)
def test_an_array_that_is_not_json_says_where(array: bytes, message: str, line: int, column: int) -> None:
    with pytest.raises(MalformedJSONError, match=message) as caught:
        split(array)

    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"line {line}, column {column}" in str(caught.value)


@pytest.mark.parametrize(
    "odd",
    [
        b'"\\ud800"',
        b'{"a":"\\udfff\\"]}[{,"}',
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 3000 + b'"],[{"' + b"}" * 3000,
        b'[[["\\ud800"],[]],{}]',
        b'"\\ud800",[1,2],{"a":[3,{}]}',
    ],
    ids=lambda part: part[:30],
)
def test_an_element_that_cannot_be_read_leaves_its_neighbours_whole(odd: bytes) -> None:
    pieces = split(b" [ " + GOOD + b" ,\n" + odd + b" , " + GOOD + b"]\n")

    assert pieces[0] == pieces[-1] == GOOD
    assert b",".join(pieces[1:-1]) == odd


@given(st.lists(values))
def test_cutting_by_brackets_finds_the_elements(elements: list[Any]) -> None:
    for indent in (None, 1):
        array = json.dumps(elements, indent=indent).encode()

        assert [json.loads(piece) for piece in cut(array)] == elements
        assert list(cut(array)) == split(array)


@given(st.dictionaries(st.text(), values))
def test_cutting_by_brackets_finds_the_members(value: dict[str, Any]) -> None:
    sent = json.dumps(value).encode()

    assert {key: json.loads(inner) for key, inner in members(sent)} == value


@given(st.lists(st.sampled_from(["\\", "u", "\\ud83d", "\\uDE00", "d800", "0041", "é"]), max_size=10))
def test_lone_surrogates_are_found_exactly(parts: list[str]) -> None:
    inside = "".join(parts)
    try:
        value = json.loads(f'"{inside}"')
    except ValueError:
        return
    try:
        value.encode()
    except UnicodeEncodeError:
        assert has_lone_surrogate(f'"{inside}"'.encode())
    else:
        assert not has_lone_surrogate(f'"{inside}"'.encode())
