"""Documents are read as people mean them, and JSON exactly as it is."""

import json
import time
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.check.lenient_json import BrokenError, read_loosely

AGENT = {"agent": "<agent>", "ver": "<ver>", "system": "<system>", "platform": "<platform>", "raw": "<raw>"}

REPAIRED: list[tuple[str, Any, list[tuple[str, str]]]] = [
    ('{"a": 1,}', {"a": 1}, [("trailing_comma", "$")]),
    ('{"a": [1, 2, ],}', {"a": [1, 2]}, [("trailing_comma", "$.a"), ("trailing_comma", "$")]),
    ('{"a": [[1,], {"b": 2,}]}', {"a": [[1], {"b": 2}]}, [("trailing_comma", "$.a[0]"), ("trailing_comma", "$.a[1]")]),
    ("[,1,,2]", [1, 2], [("stray_comma", "$"), ("stray_comma", "$")]),
    ('{"a": 1, // one\n"b": /* two */ 2}', {"a": 1, "b": 2}, [("comment", "$"), ("comment", "$.b")]),
    ('{"a": 1 # one\n}', {"a": 1}, [("comment", "$")]),
    ('{"a": UASPEC}', {"a": AGENT}, [("bare_placeholder", "$.a")]),
    ('{"a": <uuid>, "b": ${id}}', {"a": "<uuid>", "b": "${id}"}, [("bare_placeholder", f"$.{key}") for key in "ab"]),
    ('{"a": SOME_ID}', {"a": "SOME_ID"}, [("bare_placeholder", "$.a")]),
    ("{a: 1, $b: 2}", {"a": 1, "$b": 2}, [("bare_key", "$.a"), ("bare_key", "$.$b")]),
    ("{'a': 'it\\'s \"b\"'}", {"a": 'it\'s "b"'}, [("single_quotes", "$.a")] * 2),
    (
        '{\u201ca\u201d: \u201cb c\u201d, \u2018d\u2019: \u201ce"}',
        {"a": "b c", "d": "e"},
        [("smart_quotes", f"$.{key}") for key in "aadd"],
    ),
    ('{"a": "b\tc"}', {"a": "b\tc"}, [("control_character", "$.a")]),
    ('{\u00a0"a":\u200b 1}', {"a": 1}, [("odd_space", "$"), ("odd_space", "$.a")]),
    ('{"a": ..., "b": [1 ...]}', {"a": "...", "b": [1]}, [("ellipsis", "$.a"), ("ellipsis", "$.b")]),
    ("[1, ...]", [1], [("ellipsis", "$"), ("trailing_comma", "$")]),
    ('{"a": True, "b": None}', {"a": True, "b": None}, [("python_literal", f"$.{key}") for key in "ab"]),
    ('{"a": "<uuid>", "b": "// no comment"}', {"a": "<uuid>", "b": "// no comment"}, []),
]


@pytest.mark.parametrize(("text", "value", "repairs"), REPAIRED, ids=[row[0] for row in REPAIRED])
def test_documents_are_read_as_meant_and_the_person_is_told(
    text: str, value: Any, repairs: list[tuple[str, str]]
) -> None:
    reading = read_loosely(text.encode())
    assert json.loads(reading.text) == value
    assert [(repair.code, repair.path) for repair in reading.repairs] == repairs


def test_a_repair_says_where_it_stands() -> None:
    text = b'{\n  "a": [1, 2],\n  "b": {"c": 3, },\n}'
    repairs = read_loosely(text).repairs
    assert [(text[repair.offset :][:1], repair.path) for repair in repairs] == [(b",", "$.b"), (b",", "$")]
    assert [text.count(b"\n", 0, repair.offset) for repair in repairs] == [2, 2]


def test_lines_stay_lines_whatever_is_repaired() -> None:
    text = b'{ // one\n/* two\nthree */ "a": UASPEC,\n\n"b": \'x\', }\n'
    reading = read_loosely(text)
    assert reading.text.count(b"\n") == text[: reading.end].count(b"\n")
    assert reading.text.index(b'"b"') - reading.text.rindex(b"\n", 0, reading.text.index(b'"b"')) == 1


def test_the_places_of_all_parts_are_known() -> None:
    text = b'{"a": {"b": [10, {"c": 1}]}, "d": 2}'
    places = read_loosely(text, traced=True).places
    starts = {path: text[offset : offset + 3] for path, offset in places.items()}
    assert starts == {
        "$": b'{"a',
        "$.a": b'"a"',
        "$.a.b": b'"b"',
        "$.a.b[0]": b"10,",
        "$.a.b[1]": b'{"c',
        "$.a.b[1].c": b'"c"',
        "$.d": b'"d"',
    }


@pytest.mark.parametrize(
    ("text", "detail", "offset", "is_cut"),
    [
        ('{"a" 1}', "a colon is missing", 5, False),
        ('{"a": 1 "b": 2}', "a comma is missing", 8, False),
        ('{"a": }', "a value is missing", 6, False),
        ('{"a": 1]', "the wrong bracket", 7, False),
        ('{"a": "b\n"}', "a string that does not end", 6, False),
        ('{"a": "b', "a string that does not end", 6, True),
        ('{"a": 1', "the text ends too soon", 7, True),
        ('{"a": /* b', "a comment that does not end", 6, True),
        ('{"a": @}', "invalid character", 6, False),
        ("", "the text ends too soon", 0, True),
        ("[" * 2000, "nested too deeply", 1000, False),
    ],
)
def test_what_cannot_be_understood_says_where(text: str, detail: str, offset: int, *, is_cut: bool) -> None:
    with pytest.raises(BrokenError) as caught:
        read_loosely(text.encode())
    assert (str(caught.value), caught.value.offset, caught.value.is_cut) == (detail, offset, is_cut)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(
    JSON_VALUES,
    st.sampled_from([None, 0, 1, "\t"]),
    st.booleans(),
    st.sampled_from(["", " ", "\n", "{", "]", ",x", "\x00"]),
)
def test_json_is_left_as_it_is_to_the_byte(value: Any, indent: Any, is_ascii: bool, after: str) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
    if not isinstance(value, dict | list):
        text = b"[" + text + b"]"
    reading = read_loosely(text + after.encode())
    assert (reading.text, reading.end, reading.repairs) == (text, len(text), [])


def _loosely(value: Any, random: Random) -> str:
    """The value as a person might write it."""
    space = random.choice(["", " ", "\n", "\t", " // x\n", "/* { */", "\u00a0", "# '\n"])
    match value:
        case dict():
            inner = "".join(f"{space}{_key(key, random)}:{_loosely(item, random)}," for key, item in value.items())
            return "{" + _ended(inner, random) + space + "}"
        case list():
            return "[" + _ended("".join(_loosely(item, random) + "," for item in value), random) + "]" + space
        case str():
            return space + _quoted(value, random)
        case True | False | None:
            return random.choice([json.dumps(value), str(value)])
        case _:
            return json.dumps(value)


def _ended(inner: str, random: Random) -> str:
    return inner if random.random() < 0.5 else inner.removesuffix(",")


def _key(key: str, random: Random) -> str:
    is_word = key.isascii() and key.isalpha()
    return key if is_word and random.random() < 0.5 else _quoted(key, random)


def _quoted(text: str, random: Random) -> str:
    plain = not any(sign in text for sign in "'\\\"\n\r\u201c\u201d\u2018\u2019") and text.isprintable()
    return f"'{text}'" if plain and random.random() < 0.5 else json.dumps(text)


@given(st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.randoms(use_true_random=False))
def test_whatever_style_it_is_written_in_the_value_is_the_same(value: Any, random: Random) -> None:
    reading = read_loosely(_loosely(value, random).encode("utf-8", "surrogatepass"))
    assert json.loads(reading.text.decode("utf-8", "surrogatepass")) == value


SIGNS = [b'"', b"'", b"{", b"}", b"[", b"]", b",", b":", b"//", b"/*", b"*/", b"\\", b"\n", b"<", b">", b"...", b"#"]
WORDS = [
    b"UASPEC",
    b"true",
    b"None",
    b"-1",
    b"1e9",
    b"a",
    b" ",
    b"\x00",
    b"\xff",
    b"\xe2\x80\x9c",
    b"\xe2\x80\x9d",
    b"$",
]


@given(st.lists(st.sampled_from(SIGNS + WORDS), max_size=60).map(b"".join) | st.binary(max_size=200))
def test_nothing_makes_it_fail_but_what_is_broken(text: bytes) -> None:
    with suppress(BrokenError):
        reading = read_loosely(text, traced=True)
        assert reading.end <= len(text)
        assert all(0 <= repair.offset < len(text) for repair in reading.repairs)


SIZE = 1 << 18
HOSTILE = {
    "openings": b"[" * SIZE,
    "objects": b'{"a":' * (SIZE // 5),
    "quotes": b'"' * SIZE,
    "open string": b'["' + b"a" * SIZE,
    "escapes": b'["' + b"\\" * SIZE,
    "single quotes": b"['" + b"\\'" * (SIZE // 2),
    "comments": b"[" + b"/*" * (SIZE // 2),
    "closed comments": b"[" + b"/**/" * (SIZE // 4),
    "line comments": b"[" + b"//\n" * (SIZE // 3),
    "stars": b"[/*" + b"*" * SIZE,
    "angles": b"[" + b"<" * SIZE,
    "smart quotes": b"[" + b"\xe2\x80\x9c" * (SIZE // 3),
    "commas": b"[" + b"," * SIZE,
    "dots": b"[" + b"." * SIZE,
    "digits": b"[" + b"7" * SIZE,
    "words": b"[" + b"a," * (SIZE // 2),
    "odd spaces": b"[" + b"\xc2\xa0" * (SIZE // 2),
    "spaces": b"[" + b" " * SIZE,
    "keys": b"{" + b'"a":1,' * (SIZE // 6),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_quarter_of_a_megabyte_takes_a_second_or_two_whatever_it_is(name: str) -> None:
    began = time.process_time()
    with suppress(BrokenError):
        read_loosely(HOSTILE[name], traced=True)
    assert time.process_time() - began < 10
