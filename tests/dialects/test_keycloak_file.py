"""Files with Keycloak's events: every form, every kind of damage, and none that costs more than its size."""

import io
import json
import time
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dialects.keycloak.event import KeycloakEvent
from footfall.errors import TerminalError
from footfall.importers.keycloak.event_file import Form, Skipped, read_events
from footfall.importers.keycloak.splitter import LONGEST, Flaw

from .keycloak_samples import PROFILE, SECRET, Json, admin_event, log_line, login, register, user_event, webhook

EVENTS = [register(0), login(10), admin_event("UPDATE", 20, representation=PROFILE), user_event("LOGOUT", 30)]
KEYS = [event["id"] for event in EVENTS]
DUMPED = [json.dumps(event).encode() for event in EVENTS]

Found = KeycloakEvent | Flaw | Skipped


def found(text: bytes, form: Form = Form.AUTO, buffer: int = 1 << 17) -> list[Found]:
    stream = io.BufferedReader(io.BytesIO(text), buffer)
    return list(read_events(stream, "events.json", form, timedelta()))


def keys(items: list[Found]) -> list[str]:
    return [item.key for item in items if isinstance(item, KeycloakEvent)]


def flaws(items: list[Found]) -> list[tuple[int, str]]:
    return [(item.line, item.path) for item in items if isinstance(item, Flaw)]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(EVENTS).encode(),
        json.dumps(EVENTS, indent=2).encode(),
        b"\xef\xbb\xbf" + json.dumps(EVENTS, indent=2).encode(),
        b"\n\n  " + json.dumps(EVENTS, indent="\t").replace("\n", "\r\n").encode(),
        b"\n".join(DUMPED),
        b"\r\n\r\n".join(DUMPED) + b"\r\n",
        b",\n".join(DUMPED),
        b"\n".join(json.dumps(event, indent=2).encode() for event in EVENTS),
        b"[" + b"]\n[".join(DUMPED) + b"]",
        b"\xef\xbb\xbf" + b"\n".join(DUMPED),
    ],
)
def test_every_way_to_put_events_into_a_file(text: bytes) -> None:
    assert [item.key for item in found(text) if isinstance(item, KeycloakEvent)] == KEYS
    assert not flaws(found(text))
    assert keys(found(text, Form.JSON)) == KEYS


def test_a_single_event_is_a_file_too() -> None:
    assert keys(found(DUMPED[0])) == keys(found(json.dumps(EVENTS[0], indent=2).encode())) == KEYS[:1]
    assert found(b"") == found(b"\n \n") == found(b"[]") == []


def test_a_log_holds_lines_about_other_things() -> None:
    lines = ["Keycloak started", log_line(EVENTS[0]), "  at java.lang.Thread", log_line(EVENTS[1], ""), "{not json"]
    items = found("\n".join(lines).encode())
    assert [type(item) for item in items] == [Skipped, KeycloakEvent, Skipped, KeycloakEvent, Flaw]


def test_the_forms_may_be_mixed() -> None:
    lines = [DUMPED[0], json.dumps(webhook(EVENTS[1])).encode(), log_line(EVENTS[2]).encode()]
    assert [type(item) for item in found(b"\n".join(lines))] == [KeycloakEvent] * 3


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (b'{"type":"LOGIN","time":"secret"}', "$.time"),
        (b'{"type":"LOGIN","time":17952624', "$"),
        (b'N","realmId":"secret"}', "$"),
        (b"{" + b'"a":{' * 9, "$"),
        (b'{"type":"\xc3\x28secret"}', "$"),
        (b"\xff\xfe secret", "$"),
        (b"secret\0", "$"),
        (b'{"type":"LOGIN","details":"' + b"s" * LONGEST + b'"}', "$"),
        (b"x" * (LONGEST + 9), "$"),
        (b"{" + b"{" * 9000, "$"),
    ],
)
def test_a_bad_line_takes_no_other_along(bad: bytes, says: str) -> None:
    items = found(b"\n".join([DUMPED[0], bad, b"", DUMPED[1]]))
    assert keys(items) == KEYS[:2]
    assert flaws(items) == [(2, says)]
    assert SECRET not in str([item for item in items if isinstance(item, Flaw)])


@pytest.mark.parametrize("cut", [5, 60, 200])
def test_of_a_truncated_array_all_but_the_last_are_read(cut: int) -> None:
    for indent in (None, 2):
        items = found(json.dumps(EVENTS, indent=indent).encode()[:-cut])
        assert keys(items) == KEYS[:3]
        assert len(flaws(items)) == 1


def test_in_an_array_an_object_without_end_is_given_up_at_the_next() -> None:
    text = b"[\n" + DUMPED[0] + b",\n" + b'{"type": {"a": "\n' + DUMPED[1] + b",\n" + DUMPED[2] + b"\n]"
    items = found(text)
    assert keys(items) == KEYS[:3]
    assert flaws(items) == [(3, "$")]


def test_an_object_that_is_too_large_is_passed_over() -> None:
    large = json.dumps(login() | {"details": {"x": '}\\"{' * LONGEST}}).encode()
    text = b"[" + DUMPED[0] + b"," + large + b",\n" + DUMPED[1] + b"]"
    items = found(text)
    assert keys(items) == KEYS[:2]
    assert flaws(items) == [(1, "$")]


def test_what_stands_between_objects_is_told() -> None:
    items = found(b"[" + DUMPED[0] + b', "secret",\n7, ' + DUMPED[1] + b"]")
    assert keys(items) == KEYS[:2]
    assert flaws(items) == [(1, "$")]


def test_lines_are_those_of_the_file() -> None:
    bad = json.dumps(login(time=None), indent=2).encode()
    items = found(b"[\n" + json.dumps(EVENTS[0], indent=2).encode() + b",\n" + bad + b"]")
    begins = 2 + json.dumps(EVENTS[0], indent=2).count("\n") + 1
    assert flaws(items) == [(begins, "$.time")]
    spoilt = bad.replace(b'"type": "LOGIN"', b'"type": LOGIN')
    assert flaws(found(b"[\n" + spoilt + b"]")) == [(2 + spoilt[: spoilt.index(b"LOGIN")].count(b"\n"), "$")]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\x1f\x8b\x08\x00rest", "gzip"),
        (b"\x28\xb5\x2f\xfdrest", "zstd"),
        (b"PK\x03\x04rest", "zip"),
        (json.dumps(EVENTS).encode("utf-16"), "UTF-16"),
        (json.dumps(EVENTS).encode("utf-16-le"), "UTF-16"),
        (json.dumps(EVENTS).encode("utf-16-be"), "UTF-8"),
    ],
)
def test_what_is_no_text_is_refused_by_name(text: bytes, says: str) -> None:
    with pytest.raises(TerminalError, match=rf"events.json .*{says}"):
        found(text)


@given(st.lists(st.sampled_from([*DUMPED, b"{", b"}", b'"', b"\\", b"\n", b",", b"[", b"7"]), max_size=12))
def test_any_text_is_cut_to_its_end(parts: list[bytes]) -> None:
    for form in Form:
        items = found(b"".join(parts), form)
        assert set(keys(items)) <= set(KEYS)


@given(st.lists(st.sampled_from(EVENTS), max_size=6), st.integers(1, 64))
def test_where_the_buffer_ends_does_not_matter(events: list[Json], buffer: int) -> None:
    text = json.dumps(events, indent=1).encode()
    assert keys(found(text, Form.JSON, buffer)) == [event["id"] for event in events]


@pytest.mark.parametrize(
    "text",
    [
        b"{\n" * 200_000,
        b'{"' * 200_000,
        b'{"a":"' + b"\\" * 3_000_000,
        b"[" * 1_000_000,
        b"}" * 300_000,
        b"2026-11-21 10:10:10 type=A, realmId=a, " + b", a" * 200_000,
        b"2026-11-21 10:10:10 type=A, realmId=a, b='" + b"k', '" * 200_000,
        b'2026-11-21 10:10:10 type=A, realmId=a, b="' + b'\\"' * 200_000,
        b"2026-11-21 10:10:10 " * 50_000 + b"type=A, realmId=a",
        b"type=A, " * 100_000,
    ],
    ids=range(10),
)
@pytest.mark.parametrize("form", [Form.JSON, Form.LINES])
def test_hostile_text_takes_no_more_time_than_its_size_warrants(text: bytes, form: Form) -> None:
    began = time.process_time()
    found(text, form)
    assert time.process_time() - began < 10
