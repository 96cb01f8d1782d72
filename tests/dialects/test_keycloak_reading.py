"""Keycloak's events in all their forms: what is kept of them, and what is said about those that are none."""

import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.dialects.keycloak.event import KeycloakEvent, ReadError
from footfall.dialects.keycloak.representations import read_object
from footfall.dialects.keycloak.server_log import read_line

from .keycloak_samples import (
    ANN,
    NOON,
    PROFILE,
    SECRET,
    Json,
    admin_event,
    log_line,
    login,
    read,
    register,
    user_event,
    webhook,
)

FAILED = user_event("LOGIN_ERROR", error="invalid_user_credentials", userId=None, details={"code_id": "c-1"})
OFF = admin_event("UPDATE", representation=PROFILE | {"enabled": False})
EVENTS = [login(), login(details={"identity_provider": "google"}), register(), FAILED, OFF, admin_event("DELETE")]


def without_key(event: KeycloakEvent) -> KeycloakEvent:
    return msgspec.structs.replace(event, key="", realm="", realm_name="")


def line(text: str) -> KeycloakEvent:
    found = read_line(text)
    assert found is not None
    return found


# The same event, however it comes


@pytest.mark.parametrize("event", EVENTS)
def test_a_webhook_says_what_the_store_says(event: Json) -> None:
    assert without_key(read(webhook(event))) == without_key(read(event))
    assert read(webhook(event, with_id=True)).key == event["id"]
    assert read(webhook(event, "0f3c9f7a-uid")).key == "0f3c9f7a-uid"


def test_a_webhook_about_a_user_may_name_resource_and_operation_in_its_type_only() -> None:
    event = webhook(admin_event("CREATE"))
    for name in ("resourceType", "operationType", "resourcePath"):
        del event[name]
    event["details"] = {"userId": ANN, "username": "secret-name"}
    found = read(event)
    assert (found.type, found.user, found.rest) == ("USER-CREATE", ANN, "")


@pytest.mark.parametrize("event", EVENTS)
def test_a_gateway_says_what_the_store_says(event: Json) -> None:
    extra: Json = {
        "eventClass": "AdminEvent",
        "kcVersion": "22.0.5",
        "dateTime": "2026-11-21T12:00:00Z",
        "realmName": "x",
    }
    extra |= {"value": {"email": "secret"}, "username": "secret-name", "error": event.get("error")}
    assert without_key(read(event | extra)) == without_key(read(event))


@pytest.mark.parametrize("quote", ['"', "'", ""])
@pytest.mark.parametrize("event", EVENTS)
def test_the_log_says_what_the_store_says_but_for_the_representation(event: Json, quote: str) -> None:
    kept = msgspec.structs.replace(without_key(read(event)), names=(), enabled=None)
    assert without_key(line(log_line(event, quote))) == kept


@pytest.mark.parametrize("event", EVENTS)
def test_a_json_log_says_what_the_log_says(event: Json) -> None:
    record = {
        "timestamp": "2026-11-21T12:00:00.000Z",
        "loggerName": "org.keycloak.events",
        "level": "WARN",
        "message": log_line(event, prefix=""),
    }
    assert read(record) == line(log_line(event))


def test_events_without_an_id_get_one_that_is_the_same_in_every_copy() -> None:
    old = login(id=None)
    assert read(old).key == read(json.loads(json.dumps(old, indent=2))).key
    assert read(old | {"ipAddress": "203.0.113.1"}).key == read(old).key
    others = [login(1, id=None), login(id=None, clientId="forum"), login(0, "s-2", id=None), user_event("LOGOUT")]
    assert len({read(event).key for event in [old, *others]}) == 5


@pytest.mark.parametrize(
    ("prefix", "offset", "hour"),
    [
        ("2026-11-21 10:04:05,107 INFO  [org.keycloak.events] (executor-thread-8) ", 0, 10),
        ("2026-11-21 10:04:05,107 INFO  [org.keycloak.events] (executor-thread-8) ", 330, 4.5),
        ("2026-11-21T10:04:05.107Z keycloak-0 ", 330, 10),
        ("2026-11-21T10:04:05.107+05:30 ", 0, 4.5),
        ("2026-11-21T10:04:05.107-0200 ", 0, 12),
        ("2026-11-20 09:00:00 2026-11-21 10:04:05,107 Event Occurred:", 0, 10),
        ("2026-11-21 10:04:05.107123456 [stdout] (default task-8) ", 0, 10),
    ],
)
def test_the_time_is_the_one_before_the_event(prefix: str, offset: int, hour: float) -> None:
    found = read_line(log_line(login(), prefix=prefix), timedelta(minutes=offset))
    assert found is not None
    midnight = NOON - 12 * 3_600_000
    assert found.at == midnight + int(hour * 3_600_000) + 245_107


def test_lines_about_something_else_are_passed_over() -> None:
    for text in (
        "",
        "Keycloak 26.0 started",
        "content-type=JSON, realmId=x",
        "type=lower, realmId=x",
        "type=LOGIN, a=b",
    ):
        assert read_line(text) is None
    assert read_object(b'{"timestamp":"2026-11-21T12:00:00Z","message":"started in 3.2s"}') is None


# What a person typed in changes nothing


@pytest.mark.parametrize("quote", ['"', ""])
@pytest.mark.parametrize(
    "name",
    [
        'x", userId="mallory", clientId="mallory',
        "x, userId=mallory, clientId=mallory, realmId=mallory",
        "x' , userId='mallory', clientId='mallory",
        "type=LOGIN, realmId=mallory, userId=mallory",
        "x=\x1b[31m",
        "ann\u2028type=LOGIN, realmId=mallory",
    ],
)
def test_a_name_cannot_pass_for_something_else(name: str, quote: str) -> None:
    event = FAILED | {"details": {"username": name}}
    try:
        found = line(log_line(event, quote))
    except ReadError:
        return
    assert (found.type, found.client, found.user) == ("LOGIN_ERROR", "portal", "")


def test_escaped_quotes_belong_to_the_value() -> None:
    found = line(log_line(login(details={"username": 'a "quoted" name', "identity_provider": "google"})))
    assert found.provider == "google"
    with pytest.raises(ReadError, match="no end"):
        read_line('2026-11-21 10:04:05 type="LOGIN", realmId="x", clientId="portal')


def said_of(text: str) -> str:
    """All that comes out of a line."""
    try:
        return str(read_line(text))
    except ReadError as error:
        return f"{error} {error.path}"


# What is about a person is neither kept nor repeated


@given(
    st.dictionaries(
        st.sampled_from(["username", "email", "previous_email", "updated_email", "first_name", "custom"]),
        st.text(max_size=20).map(lambda text: f"{SECRET}{text}"),
    ),
    st.sampled_from(["LOGIN", "REGISTER", "UPDATE_PROFILE", "LOGIN_ERROR"]),
)
def test_nothing_personal_is_kept(details: dict[str, str], kind: str) -> None:
    event = user_event(kind, details=details, ipAddress="secret")
    for form in (event, webhook(event)):
        assert SECRET not in str(read(form))
    assert SECRET not in said_of(log_line(event))


@pytest.mark.parametrize("representation", [PROFILE, json.dumps(PROFILE), json.dumps(PROFILE)[:-9]])
def test_nothing_of_a_representation_is_kept_but_names(representation: object) -> None:
    assert SECRET not in str(read(admin_event("UPDATE", representation=representation)))
    inline = admin_event("UPDATE") | {"representation": representation}
    assert SECRET not in str(read(inline)).lower()


# What is wrong, and where


@pytest.mark.parametrize(
    ("event", "path", "says"),
    [
        (login(time="secret"), "$.time", "Expected `int | null`, got `str`"),
        (login(time=None), "$.time", "time is missing"),
        (login(time=1_795_262_400), "$.time", "not a time in epoch milliseconds"),
        (login(userId=7), "$.userId", "Expected `str | null`, got `int`"),
        (login(userId=SECRET * 100), "$.userId", "more than 200 characters"),
        (login(clientId="secret\0"), "$.clientId", "control character"),
        (login(sessionId="a\nsecret"), "$.sessionId", "control character"),
        (login() | {"details": "secret"}, "$.details", "Expected `object | null`, got `str`"),
        (user_event("LOGIN secret"), "$.type", "LIKE_THIS"),
        (user_event(""), "$.type", "LIKE_THIS"),
        (admin_event("UPDATE", resource="secret"), "$.resourceType", "LIKE_THIS"),
        (admin_event("secret"), "$.operationType", "LIKE_THIS"),
        (admin_event("UPDATE", authDetails="secret"), "$.authDetails", "Expected `object | null`, got `str`"),
        (webhook(login(userId="\x7fsecret")), "$.authDetails.userId", "control character"),
        ({"email": "secret"}, "$", "neither type nor operationType"),
    ],
)
def test_a_fault_says_where_it_is_and_not_what_stands_there(event: Json, path: str, says: str) -> None:
    with pytest.raises(ReadError, match=says.replace("|", r"\|")) as caught:
        read(event)
    assert caught.value.path == path
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says", "line_number"),
    [
        (b'{"type":"LOGIN"', "the text ends too soon in column 16", 1),
        (b'{\n"type": secret}', "invalid character in column 9", 2),
        (b'{"type":"\xff"}', "not UTF-8", 1),
        (b"[1]", "Expected `object`, got `array`", 1),
        (b'{"details":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}", "nested too deeply", 1),
        (b'{"time":1e400}', "out of range", 1),
    ],
)
def test_what_is_no_json_says_where(text: bytes, says: str, line_number: int) -> None:
    with pytest.raises(ReadError, match=says) as caught:
        read_object(text)
    assert caught.value.line == line_number
    assert SECRET not in str(caught.value)


def test_a_name_with_half_a_character_does_no_harm() -> None:
    text = json.dumps(login(details={"username": "secret-\ud83d", "identity_provider": "google"}))
    assert "\\ud83d" in text
    found = read_object(text.encode())
    assert found is not None
    assert found.provider == "google"


@given(st.binary(max_size=300))
def test_any_bytes_are_an_event_or_an_error(text: bytes) -> None:
    for mangled in (text, b'{"type":"LOGIN","time":1795262400000,"userId":"' + text + b'"}'):
        try:
            read_object(mangled)
        except ReadError:
            continue


@given(st.text(max_size=300), st.integers(0, 200))
def test_any_line_is_an_event_an_error_or_something_else(text: str, place: int) -> None:
    whole = log_line(login())
    for mangled in (text, whole[:place] + text + whole[place:], whole[:place]):
        try:
            read_line(mangled)
        except ReadError:
            continue
