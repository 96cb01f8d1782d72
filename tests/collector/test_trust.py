"""What a public key may say is one rule on every path, and the journal knows which kind of key an event came with."""

import hashlib
import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from footfall.collector.request import PATHS
from footfall.control.store import Control, NewKeys
from footfall.dialects.identity.dialect import PATH as IDENTITY
from footfall.schema.schemas import EIDS
from tests.dialects.keycloak_samples import register, webhook
from tests.dialects.lms_samples import ROWS, told
from tests.schema.samples import FULL
from tests.schema.samples import event as sample

from .running import Answer, Collector, collecting, event, post
from .test_foreign import login

KEYCLOAK = "/v1/keycloak/events"
LMS = "/api/tracking/"
SIGNING = "signs the webhook"
Json = dict[str, Any]


class Site:
    """A collector with a channel that allows nothing besides, and one that allows some types."""

    def __init__(self, collector: Collector, keys: dict[str, NewKeys]) -> None:
        self.collector = collector
        self.keys = keys

    def send(self, body: bytes, path: str, *, key: str = "strict", kind: str = "public", **headers: str) -> Answer:
        """Send with a channel's public or secret key."""
        token = getattr(self.keys[key], kind)
        return self.collector.ask(post(body, path, authorization=f"Bearer {token}", **headers))

    def kinds(self) -> list[str]:
        """The kinds of keys of all records."""
        return [intake.key_kind for intake in self.collector.intakes()]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("trust") / "data"
    data.mkdir()
    with Control.open(data / "control.db") as control:
        types = ["signin.traditional", "entity_update", "course.forum.post"]
        keys = {"strict": control.add_channel("strict"), "open": control.add_channel("open", public_types=types)}
    with collecting(data, keycloak_secret=SIGNING) as collector:
        yield Site(collector, keys)


def envelope(*events: Json) -> bytes:
    return msgspec.json.encode({"id": "api.telemetry", "ver": "3.0", "events": events})


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("kind", ["User", "anonymous"])
def test_all_seventeen_of_a_persons_page_are_taken(site: Site, path: str, kind: str) -> None:
    events = [
        sample(eid, FULL[eid], mid=f"{path}{kind}{eid}", actor={"id": "u", "type": kind}, ets=event("x")["ets"])
        for eid in EIDS
    ]
    answer = site.send(envelope(*events), path)
    assert answer.status == 200
    assert answer.result["accepted"] == 17, answer.result


FORGED = {
    "an administrator's deletion": ({"type": "System", "id": "admin"}, "AUDIT", {"type": "entity_delete"}),
    "a user's deletion": ({"type": "User", "id": "u"}, "AUDIT", {"type": "entity_delete"}),
    "a sign-in": ({"type": "User", "id": "u"}, "AUDIT", {"type": "signin.sso"}),
    "the same by another name": ({"type": "User", "id": "u"}, "AUDIT", {"type": "sign-in.traditional"}),
    "a passed course": ({"type": "User", "id": "u"}, "EXDATA", {"type": "course.progress.passed"}),
    "the same with its prefix": ({"type": "User", "id": "u"}, "EXDATA", {"type": "kinesinlms.course.progress.passed"}),
    "a system's log": ({"type": "System", "id": "cron"}, "LOG", FULL["LOG"]),
}


@pytest.mark.parametrize("name", FORGED)
@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
def test_what_a_visitor_cannot_know_is_rejected_alone_and_kept_as_such(
    site: Site, name: str, content_type: str
) -> None:
    actor, eid, edata = FORGED[name]
    good = event(f"good {name} {content_type}")
    bad = event(f"bad {name} {content_type}", eid=eid, actor=actor, edata=edata)
    lines = b"\n".join(map(msgspec.json.encode, (good, bad)))
    body = envelope(good, bad) if content_type == "application/json" else lines
    answer = site.send(body, "/v1/telemetry", content_type=content_type)
    assert (answer.status, answer.result["accepted"], answer.result["rejected"]) == (200, 1, 1)
    (error,) = answer.result["errors"]
    assert (error["code"], error["index"]) == ("needs_secret_key", 1)
    (refused,) = site.collector.intakes()[-1].refused
    assert refused.mid == bad["mid"]
    answer = site.send(body, "/v1/telemetry", kind="secret", content_type=content_type)
    assert answer.result["accepted"] == 2, "what a visitor sent under a mid keeps no server's event out"


def test_operations_on_accounts_need_a_secret_key(site: Site) -> None:
    body = msgspec.json.encode(login("forged"))
    answer = site.send(body, IDENTITY)
    assert answer.json["operations"][0]["errors"][0]["code"] == "needs_secret_key"
    assert site.send(body, IDENTITY, kind="secret").json["accepted"] == 1
    allowed = msgspec.json.encode(login("allowed"))
    assert site.send(allowed, IDENTITY, key="open").json["accepted"] == 1
    gone = msgspec.json.encode(login("gone", operation="delete", surface="admin"))
    assert site.send(gone, IDENTITY, key="open").json["rejected"] == 1


def test_an_lms_takes_videos_and_what_is_allowed(site: Site) -> None:
    payload = next(payload for name, _, payload in ROWS if name == "course.forum.post")
    body = msgspec.json.encode(told("course.forum.post", payload))
    refused = site.send(body, LMS)
    assert (refused.status, refused.json["errors"][0]["code"]) == (403, "needs_secret_key")
    assert site.send(body, LMS, key="open").status == 201
    assert site.kinds()[-1] == "public"


def test_a_signature_vouches_for_a_webhook_with_a_public_key(site: Site) -> None:
    body = msgspec.json.encode(webhook(register(1, "w-1", userId="user-1")))
    signature = hmac.new(SIGNING.encode(), body, hashlib.sha256).hexdigest()
    answer = site.send(body, KEYCLOAK, x_keycloak_signature=signature)
    assert (answer.status, answer.json["rejected"]) == (200, 0)
    assert site.kinds()[-1] == "secret"
    unsigned = site.send(body, KEYCLOAK)
    assert (unsigned.status, unsigned.result["code"]) == (401, "signature_missing")


def test_the_journal_knows_the_kind_of_key(site: Site) -> None:
    for kind in ("public", "secret"):
        site.send(envelope(event(f"kind {kind}")), "/v1/telemetry", kind=kind)
        assert site.kinds()[-1] == kind


def test_the_same_mid_of_either_kind_is_no_duplicate_at_the_door(site: Site) -> None:
    body = envelope(event("same", ets=event("x")["ets"]))
    assert site.send(body, "/v1/telemetry").result["accepted"] == 1
    assert site.send(body, "/v1/telemetry").result["duplicate"] == 1
    assert site.send(body, "/v1/telemetry", kind="secret").result["accepted"] == 1
    assert site.send(body, "/v1/telemetry", kind="secret").result["duplicate"] == 1


def test_without_channels_no_kind_is_noted(tmp_path: Path) -> None:
    with collecting(tmp_path / "data") as collector:
        collector.ask(post(envelope(event("open", actor={"id": "cron", "type": "System"}))))
        assert [(intake.key_kind, len(intake.refused)) for intake in collector.intakes()] == [("", 0)]
