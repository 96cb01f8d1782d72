"""Keycloak's webhook on a running collector: who may send, what is stored, and what is answered."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.control.store import Control, NewKeys
from footfall.dialects.keycloak.dialect import PATH, sign
from tests.collector.running import Answer, Collector, collecting, post

from .keycloak_samples import ANN, PROFILE, SECRET, Json, admin_event, login, register, user_event, webhook

SIGNING = "a secret of the installation"


class School:
    """A collector with one channel, and its keys; the webhook is signed unless `secret` is empty."""

    def __init__(self, collector: Collector, keys: NewKeys, secret: str) -> None:
        self.collector = collector
        self.keys = keys
        self.secret = secret

    def send(
        self, body: object, *, key: str = "public", signature: str | None = None, path: str = PATH, **headers: str
    ) -> Answer:
        """Send a body as p2-inc/keycloak-events does: a public key in the URL, and a signature."""
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        if signature is None and self.secret:
            signature = sign(self.secret.encode(), text).decode()
        if signature:
            headers["x-keycloak-signature"] = signature
        if key == "secret":
            headers["authorization"] = f"Bearer {self.keys.secret}"
        elif key:
            path += f"?key={self.keys.public}"
        return self.collector.ask(post(text, path, **headers))

    def stored(self) -> list[Json]:
        """All events on disk, as they were put there."""
        return [event for intake in self.collector.intakes() for event in msgspec.json.decode(intake.events)]

    def refused(self) -> list[Any]:
        """All that was kept as rejected."""
        return [refused for intake in self.collector.intakes() for refused in intake.refused]


def serve(folder: Path, secret: str) -> Iterator[School]:
    data = folder / "data"
    data.mkdir()
    with Control.open(data / "control.db") as control:
        keys = control.add_channel("school")
        with collecting(data, keycloak_secret=secret, max_body_bytes=200_000) as collector:
            yield School(collector, keys, secret)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    yield from serve(tmp_path_factory.mktemp("keycloak"), SIGNING)


@pytest.fixture(scope="module")
def unsigned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    yield from serve(tmp_path_factory.mktemp("unsigned"), "")


def test_a_signed_login_is_stored_as_its_two_events(school: School) -> None:
    answer = school.send(webhook(login(1, "w-1")))
    assert answer.status == 200
    assert answer.json == {
        "received": 1,
        "accepted": 1,
        "duplicate": 0,
        "ignored": 0,
        "rejected": 0,
        "events": [
            {"index": 0, "status": "accepted", "operation": "login", "fired": ["signin.traditional", "entity_update"]}
        ],
    }
    first, second = school.stored()[-2:]
    assert [event["edata"]["type"] for event in (first, second)] == ["signin.traditional", "entity_update"]
    assert first["actor"] == {"id": ANN, "type": "User"}
    assert first["object"] == {"id": ANN, "type": "User"}
    assert first["context"]["channel"] == "school"
    assert first["context"]["pdata"] == {"id": "portal"}
    assert first["ets"] == login(1)["time"]


# Trap 7: the signature is over the body as it arrived


@pytest.mark.parametrize(
    "signature",
    ["0" * 64, "", "nonsense", "\xff" * 64, sign(SIGNING.encode(), b"{}").decode(), sign(b"other", b"{}").decode()],
)
def test_what_is_not_signed_rightly_is_refused(school: School, signature: str) -> None:
    before = len(school.stored())
    answer = school.send(webhook(login(2, "w-2")), signature=signature)
    assert answer.status == 401
    assert answer.result["code"] == ("signature_invalid" if signature else "signature_missing")
    assert SIGNING not in answer.body.decode()
    assert len(school.stored()) == before


def test_a_signature_holds_for_one_text_only(school: School) -> None:
    body = json.dumps(webhook(login(3, "w-3"))).encode()
    signature = sign(SIGNING.encode(), body).decode()
    spaced = json.dumps(json.loads(body), indent=1).encode()
    assert school.send(spaced, signature=signature).status == 401
    assert school.send(body, signature=signature.upper()).status == 200
    packed = gzip.compress(body)
    assert school.send(packed, signature=signature, content_encoding="gzip").status == 401
    assert school.send(packed, content_encoding="gzip").json["duplicate"] == 1


def test_a_signature_is_needed_beside_any_key(school: School) -> None:
    assert school.send(webhook(login(4)), key="secret", signature="").status == 401
    assert school.send(webhook(login(4)), key="").status == 401
    assert school.send(webhook(login(4, "w-4")), key="secret").status == 200


def test_without_a_secret_only_servers_may_send(unsigned: School) -> None:
    body = webhook(login(5))
    refused = unsigned.send(body)
    assert (refused.status, refused.result["code"]) == (403, "key_forbidden")
    assert unsigned.send(body, signature="0" * 64).status == 403
    assert unsigned.send(body, key="").status == 401
    assert unsigned.send(body, key="secret").status == 200


# Trap 4: what comes twice


def test_the_same_event_sent_again_is_stored_once(school: School) -> None:
    body = webhook(register(6, "w-6", userId="user-6"))
    assert school.send(body).json["accepted"] == 1
    before = len(school.stored())
    for _ in range(2):
        assert school.send(body).json["duplicate"] == 1
    assert len(school.stored()) == before


# Traps 2 and 3, within one collector


def test_single_sign_on_and_the_login_after_a_registration(school: School) -> None:
    who: Json = {"userId": "user-7"}
    bodies = [
        webhook(register(700, "w-7", **who)),
        webhook(login(701, "w-7", **who)),
        webhook(login(9000, "w-7", clientId="forum", **who)),
    ]
    for _ in range(2):
        answers = [school.send(body).json["events"][0] for body in bodies]
        assert [answer.get("operation", "-") for answer in answers] == ["register", "-", "sso"]


def test_an_array_is_taken_in_the_order_in_which_things_happened(school: School) -> None:
    who: Json = {"userId": "user-8"}
    events = [login(801, "w-8", **who), register(800, "w-8", **who), user_event("CODE_TO_TOKEN", 802)]
    lines = b"\n".join(json.dumps(event).encode() for event in events)
    for body, kind in ((events, "application/json"), (lines, "application/x-ndjson")):
        first, second, third = school.send(body, content_type=kind).json["events"]
        assert (first["status"], second["operation"], third["status"]) == ("ignored", "register", "ignored")


def test_what_is_ignored_is_acknowledged(school: School) -> None:
    before = len(school.collector.intakes())
    for event in (user_event("REFRESH_TOKEN"), admin_event("ACTION", rest="logout")):
        answer = school.send(webhook(event))
        assert (answer.status, answer.json["ignored"]) == (200, 1)
    answer = school.send(webhook(user_event("X")) | {"type": "system.STARTED"})
    assert (answer.status, answer.json["ignored"]) == (200, 1)
    assert len(school.collector.intakes()) == before


# Nothing about people, and errors that say where


def test_nothing_personal_reaches_the_disk(school: School) -> None:
    events = [
        register(900, "w-9", userId="user-9"),
        login(901, "w-9", userId="user-9", details={"identity_provider": "google"}),
        user_event("UPDATE_EMAIL", 902, details={"updated_email": "secret@example.org"}),
        user_event("LOGIN_ERROR", 903, error="user_not_found", userId=None),
        admin_event("CREATE", 904, user="user-10", representation=PROFILE),
        admin_event("UPDATE", 905, user="user-10", representation=PROFILE),
    ]
    for event in events:
        assert school.send(webhook(event)).json["rejected"] == 0
    kind = msgspec.msgpack.encode("secret")  # that of the key, which every record holds
    paths = [path for path in (school.collector.data / "journal").rglob("*") if path.is_file()]
    files = [path.read_bytes().replace(kind, b"") for path in paths]
    assert not [text for text in files if SECRET.encode() in text.lower() or b"203.0.113.77" in text]


def test_a_bad_event_is_kept_as_rejected_and_takes_no_other_along(school: School) -> None:
    answer = school.send([login(1000, "w-10", time="secret"), login(1001, "w-11"), login(1002, userId=None), 7])
    assert answer.status == 200
    assert [event["status"] for event in answer.json["events"]] == ["rejected", "accepted", "rejected", "rejected"]
    faults = [event["errors"][0] for event in answer.json["events"] if event["status"] == "rejected"]
    assert [(fault["code"], fault["path"]) for fault in faults] == [
        ("wrong_type", "$[0].time"),
        ("missing_field", "$[2].userId"),
        ("wrong_type", "$[3]"),
    ]
    assert SECRET not in answer.body.decode()
    assert len(school.refused()[-3:]) == 3


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_json"),
        (b'{"type":"access.LOGIN",\n}', 400, "malformed_json"),
        (b'[{"type":"access.LOGIN"}', 400, "malformed_json"),
        (b"[" + b"{}," * 1000 + b"{}]", 413, "too_many_events"),
        (b" " * 200_001, 413, "body_too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_as_a_whole(school: School, body: bytes, status: int, code: str) -> None:
    answer = school.send(body)
    assert (answer.status, answer.result["code"]) == (status, code)


def test_other_methods_and_slashes(school: School) -> None:
    assert school.send(webhook(login(11, "w-12")), path="//v1/keycloak//events/").status == 200
    head = f"GET {PATH} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
    assert school.collector.ask(head).status == 405


def test_the_log_of_a_collector_holds_no_secret(school: School) -> None:
    assert SIGNING not in school.collector.log.read_text()
