"""Events are found in whatever is around them, each once and with its place; what is malformed takes none with it."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.check.chunk import Place
from footfall.check.reader import Reader

from .texts import chunks, event, pieces, text, values

ONE, TWO, THREE = (text(event(number)) for number in range(3))
ALL = [json.loads(one) for one in (ONE, TWO, THREE)]

WHOLE = {
    "lines": b"%s\n%s\n%s\n",
    "lines without an end": b"%s\n%s\n%s",
    "lines of another system": b"%s\r\n%s\r\n%s\r\n",
    "lines with gaps": b"\n\n%s\n \n%s\n\t%s\n\n",
    "one after the other": b"%s%s %s",
    "array": b"[%s,%s,%s]",
    "array in lines": b"[\n%s,\n%s,\n%s\n]\n",
    "batch": b'{"id":"api.telemetry","ver":"3.0","params":{"msgid":"x"},"ets":1,"events":[%s,%s,%s]}',
    "batch with more behind": b'{"events":[%s,%s,%s],"id":"x","params":{"a":[1]},"ets":1}',
    "batch in lines": b'{\n "id": "x",\n "events": [\n%s,\n%s,\n%s\n]\n}\n',
    "batch and event": b'{"id":"x","events":[%s,%s]}\n%s',
    "batches": b'{"events":[%s]}\n{"events":[]}\n{"events":[%s,%s]}\n',
    "batches in an array": b'[{"events":[%s]},%s,{"events":[%s],"x":1}]',
    "arrays": b"[%s]\n[]\n[%s,%s]",
    "escaped key of a batch": b'{"\\u0065vents":[%s,%s,%s]}',
    "batch after a surrogate": b'{"x":"\\ud83d\\ude00","events":[%s,%s,%s]}',
}


@pytest.mark.parametrize("loosely", [False, True])
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
@pytest.mark.parametrize("form", WHOLE)
def test_events_are_found_in_every_form(form: str, size: int, *, loosely: bool) -> None:
    data = WHOLE[form] % (ONE, TWO, THREE)
    assert values(data, loosely=loosely, size=size) == ALL


@pytest.mark.parametrize("form", WHOLE)
def test_each_event_has_the_place_where_it_begins(form: str) -> None:
    data = WHOLE[form] % (ONE, TWO, THREE)
    for piece in pieces(data, size=100):
        start = data.index(piece.text)
        assert piece.place == Place(data.count(b"\n", 0, start) + 1, start - data.rfind(b"\n", 0, start))


def test_columns_count_characters() -> None:
    data = '["é😀", {"a": 1}]'.encode()
    assert [piece.place.column for piece in pieces(data)] == [2, 8]


GOOD = st.integers(0, 10_000).map(event)


def _lines(found: list[bytes], random: Random) -> bytes:
    return b"".join(one + random.choice([b"\n", b"\r\n", b"\n\n", b" "]) for one in found)


def _array(found: list[bytes], random: Random) -> bytes:
    return b"[" + random.choice([b",", b" ,\n", b",\n  "]).join(found) + b"]"


def _batch(found: list[bytes], random: Random) -> bytes:
    return random.choice([b'{"events":%s}', b'{"id":"x","events":%s,"a":{"b":[]}}']) % _array(found, random)


def _mixed(found: list[bytes], random: Random) -> bytes:
    cut = random.randrange(len(found) + 1)
    return b"\n".join(random.choice(FORMS)(part, random) for part in (found[:cut], found[cut:]))


FORMS: list[Callable[[list[bytes], Random], bytes]] = [_lines, _array, _batch]


@given(
    st.lists(GOOD, max_size=8),
    st.sampled_from([*FORMS, _mixed]),
    st.sampled_from([None, 0, 2]),
    st.integers(1, 2000),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_neither_blocks_nor_form_change_what_is_read(
    events: list[dict[str, object]],
    form: Callable[[list[bytes], Random], bytes],
    indent: int | None,
    size: int,
    loosely: bool,
    random: Random,
) -> None:
    data = form([text(one, indent) for one in events], random)
    assert values(data, loosely=loosely, size=size) == events


def test_large_inputs_are_read_in_stretches() -> None:
    events = [event(number) for number in range(5000)]
    lines = [text(one) for one in events]
    for data in (b"\n".join(lines), b"[" + b",".join(lines) + b"]", b'{"events":[' + b", ".join(lines) + b"]}"):
        found = chunks(data)
        assert values(data) == events
        assert 4 < len(found) < 30
        assert [chunk.index for chunk in found] == [sum(one.count for one in found[:at]) for at in range(len(found))]


MALFORMED = [
    ("a line", b'%s\n{"eid": "LOG", "x": }\n%s\n%s', [2]),
    ("a line cut short", b'%s\n{"eid": "LOG", "edata": {"a": [\n%s\n%s', [2]),
    ("a text cut short", b'%s\n{"eid": "LO\n%s\n%s', [2]),
    ("no JSON at all", b"%s\nsomething\nelse\n%s\n%s", [2, 3]),
    ("a log's prefix", b"2026-11-21 INFO %s\n%s\n%s", [1]),
    ("a brace too many", b"%s}\n%s\n%s", [1]),
    ("a comma after a line", b"%s,\n%s\n%s", [1]),
    ("several pages", b'%s\n{\n  "eid": "LOG",\n  "mid" 1\n}\n%s\n%s', [2]),
    ("an item", b'[%s,{"eid": "LOG" "mid": 1},%s,%s]', [1]),
    ("an item without an end", b'[%s,{"eid": "LOG", "a": {,%s,%s]', [1]),
    ("an item of another kind", b'[%s,{"a": 1 "b"}, %s,%s]', [1]),
    ("the last item", b'[%s,%s,%s,{"eid": ]', [1]),
    ("a text in an item", b'[%s,{"eid": "LO,%s,%s]', [1]),
    ("an array without an end", b"[%s,%s,%s", [1]),
    ("a batch without an end", b'{"events":[%s,%s,%s', [1]),
    ("a comma missing", b"[%s\n%s,%s]", [2]),
    ("a comma too many", b"[%s,,%s,%s]", [1]),
    ("a comma at the end", b"[%s,%s,%s,]", [1]),
    ("rubbish behind the events", b'{"events":[%s,%s,%s], 12}', [1]),
    ("events named twice", b'{"events":[%s],"events":[%s,%s]}', [1]),
]


@pytest.mark.parametrize("size", [5, 1 << 20])
@pytest.mark.parametrize(("name", "form", "lines"), MALFORMED, ids=[row[0] for row in MALFORMED])
def test_what_is_malformed_is_one_piece_and_loses_nothing_else(
    name: str, form: bytes, lines: list[int], size: int
) -> None:
    read = Reader("f", iter([form % (ONE, TWO, THREE)]), loosely=False, singly=True)
    if size == 5:
        data = form % (ONE, TWO, THREE)
        read = Reader("f", (data[at : at + 5] for at in range(0, len(data), 5)), loosely=False, singly=True)
    found = [piece for chunk in read.chunks() for piece in chunk.pieces]
    good = [json.loads(piece.text) for piece in found if piece.is_json]
    assert good == ALL
    assert [piece.place.line for piece in found if not piece.is_json] == lines


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"[%s,%s,%s,]", {"trailing_comma"}),
        (b"[%s,,%s,%s]", {"stray_comma"}),
        (b"%s,\n%s,\n%s", {"stray_comma"}),
        (b"// first\n%s\n/* second */ %s # third\n%s", {"comment"}),
        (b'{"events": [ // all\n%s,%s,%s]}', {"comment"}),
        (b"[%s,%s,%s // {\n]", {"comment"}),
        (b"{events: [%s,%s,%s], id: UASPEC}", set()),
    ],
)
def test_a_reader_of_documents_passes_over_what_stands_between_events(data: bytes, codes: set[str]) -> None:
    found = pieces(data % (ONE, TWO, THREE), loosely=True)
    assert [json.loads(piece.text) for piece in found] == ALL
    assert {stray.code for piece in found for stray in piece.strays} == codes


def test_an_event_inside_a_comment_of_another_is_no_event() -> None:
    data = b'{"eid": "LOG", // such as {"eid": "LOG"}\n"a": 1}\n' + ONE
    assert [piece.is_json for piece in pieces(data, loosely=True)] == [False, True]


def test_objects_that_begin_lines_inside_an_event_are_no_events() -> None:
    data = b'{\n"eid": "LOG",\n"context":\n{\n"cdata": [\n{\n"id": 1}]\n}\n}\n'
    assert values(data + ONE) == [{"eid": "LOG", "context": {"cdata": [{"id": 1}]}}, ALL[0]]


@given(st.binary(max_size=300), st.booleans(), st.integers(1, 50))
def test_no_bytes_make_it_fail(data: bytes, loosely: bool, size: int) -> None:
    for chunk in chunks(data, loosely=loosely, size=size):
        assert chunk.count


PARTS = [ONE, b'"', b"{", b"}", b"[", b"]", b",", b'{"events":[', b"\n", b"//", b"/*", b"x", b'{"eid":', b"\\", b"'"]


@given(st.lists(st.sampled_from(PARTS), max_size=30).map(b"".join), st.booleans(), st.integers(1, 500))
def test_no_arrangement_makes_it_fail(data: bytes, loosely: bool, size: int) -> None:
    read = Reader("f", (data[at : at + size] for at in range(0, len(data), size)), loosely=loosely, singly=True)
    found = [piece for chunk in read.chunks() for piece in chunk.pieces]
    assert sum(len(piece.text) for piece in found) <= len(data)
    if not loosely and b'"' not in data.replace(ONE, b""):
        assert sum(piece.text == ONE for piece in found) == data.count(ONE)


SIZE = 1 << 16
HOSTILE = {
    "openings": b"[" * SIZE,
    "braces": b"{" * SIZE,
    "closings": b"]}" * (SIZE // 2),
    "objects": b'{"a":' * (SIZE // 5),
    "beginnings": b'{"eid":' * (SIZE // 7),
    "beginnings of arrays": b'{"eid":[' * (SIZE // 8),
    "lines of them": b'{"eid":[\n' * (SIZE // 9),
    "comments": b'{"eid":/*' * (SIZE // 9),
    "texts": b'{"eid":"' * (SIZE // 8),
    "quotes": b'"' * SIZE,
    "single quotes": b"'\n{" * (SIZE // 3),
    "line feeds": b"\n" * SIZE,
    "commas": b"[" + b"," * SIZE,
    "items": b"[" + b"1," * (SIZE // 2),
    "empty objects": b"{}" * (SIZE // 2),
    "batches": b'{"events":[' * (SIZE // 11),
    "nearly batches": b'{"events":1,' * (SIZE // 12),
    "slashes": b"/" * SIZE,
    "spaces": b" " * SIZE,
    "zeros": b"0" * SIZE,
}


@pytest.mark.parametrize("loosely", [False, True])
@pytest.mark.parametrize("name", HOSTILE)
def test_time_stays_in_proportion(name: str, *, loosely: bool) -> None:
    began = time.process_time()
    list(Reader("f", iter([HOSTILE[name]]), loosely=loosely).chunks())
    assert time.process_time() - began < 10  # each takes a second at most


def test_a_line_too_large_to_be_held_is_passed_over() -> None:
    size = 48

    def line() -> Iterator[bytes]:
        yield ONE + b'\n{"eid":"'
        for _ in range(size):
            yield b"x" * (1 << 20)
        yield b'"}\n' + TWO

    tracemalloc.start()
    try:
        found = [piece for chunk in Reader("f", line(), loosely=False, singly=True).chunks() for piece in chunk.pieces]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [piece.problem and piece.problem.code for piece in found] == [None, "event_too_large", None]
    assert [piece.place.line for piece in found] == [1, 2, 3]
    assert peak < size << 20
