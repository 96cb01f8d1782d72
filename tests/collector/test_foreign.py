"""Requests in a dialect over real sockets: limits, keys and failures as for all events, and replies of their own."""

import gzip
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from footfall.collector.dialect_router import DialectRouter
from footfall.collector.request import RequestHead
from footfall.collector.responses import Reply
from footfall.collector.service import AcceptedRequest, JudgedRequest, Service
from footfall.control.store import Control, NewKeys
from footfall.dialects.base import Answer, Dialect, Lost, Outcome, RefusalError, Request, Translation
from footfall.dialects.identity.dialect import PATH
from footfall.micro.client import Micro
from footfall.micro.server import running
from footfall.schema.reasons import Reason
from footfall.schema.record import unpack
from footfall.schema.verdict import Finding
from footfall.settings import Settings

from .running import Answer as Heard
from .running import Collector, collecting, event, get, post

Json = dict[str, Any]


def login(name: str, **over: Any) -> Json:
    whole = {
        "id": name,
        "time": time.time_ns() // 1_000_000,
        "operation": "login",
        "surface": "oauth_api",
        "user": "u-1",
        "client": "portal",
    }
    return whole | over


def told(answer: Heard) -> tuple[int, list[str]]:
    """The status, and what became of each operation."""
    return answer.status, [report["status"] for report in answer.json["operations"]]


def send(collector: Collector, body: object, path: str = PATH, **headers: str) -> Heard:
    text = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return collector.ask(post(text, path, **headers))


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with collecting(tmp_path_factory.mktemp("foreign") / "data") as running:
        yield running


# In and out


@pytest.mark.parametrize("path", [PATH, f"{PATH}/", f"/{PATH}", "/v1/identity%2Foperations", f"{PATH}?x=1"])
def test_the_path_as_clients_write_it(collector: Collector, path: str) -> None:
    answer = send(collector, login(path), path)
    assert told(answer) == (200, ["accepted"])
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["access-control-allow-origin"] == "*"


def test_events_are_on_disk_before_the_reply(collector: Collector) -> None:
    answer = send(collector, {"operations": [login("disk-1"), login("disk-2", surface="paper")]})
    good, bad = answer.json["operations"]
    assert set(good["mids"]) <= set(collector.stored_mids())
    assert bad["errors"][0]["path"] == "$.operations[1].surface"
    intake = collector.intakes()[-1]
    assert (intake.of, intake.channel, len(intake.refused)) == (3, "dev", 1)
    assert intake.refused[0].payload is None


def test_a_resend_is_a_duplicate_and_stores_nothing(collector: Collector) -> None:
    body = [login("again-1"), login("again-2", operation="replace", surface="entity_api")]
    assert told(send(collector, body)) == (200, ["accepted", "nothing_fired"])
    before = collector.stored_mids()
    answer = send(collector, body)
    assert told(answer) == (200, ["duplicate", "nothing_fired"])
    assert answer.json["duplicate"] == 1
    assert collector.stored_mids() == before
    assert {repeat.event_type for repeat in collector.intakes()[-1].repeats} == {"signin.traditional", "entity_update"}


def test_an_id_used_for_something_else(collector: Collector) -> None:
    first = login("other")
    answer = send(collector, [first, first | {"user": "u-2"}, first])
    assert told(answer) == (200, ["accepted", "rejected", "duplicate"])
    (error,) = answer.json["operations"][1]["errors"]
    assert (error["code"], error["path"]) == ("mid_conflict", "$[1].id")


def test_a_clock_far_ahead_is_remarked(collector: Collector) -> None:
    (report,) = send(collector, login("ahead", time=time.time_ns() // 1_000_000 + 3 * 86_400_000)).json["operations"]
    assert [(warning["code"], warning["path"]) for warning in report["warnings"]] == [("clock_ahead", "$.time")]


def test_a_thousand_operations_in_one_compressed_request(collector: Collector) -> None:
    body = gzip.compress(msgspec.json.encode([login(f"many-{number}") for number in range(1000)]))
    answer = send(collector, body, content_encoding="gzip")
    assert (answer.status, answer.json["accepted"]) == (200, 1000)
    assert len(collector.intakes()[-1].keys) == 2000 * 16


def test_operations_and_events_on_one_connection(collector: Collector) -> None:
    with collector.talk() as talk:
        texts = [
            msgspec.json.encode([part]) for number in range(10) for part in (login(f"p-{number}"), event(f"p-{number}"))
        ]
        talk.send(b"".join(post(text, PATH if b"oauth" in text else "/v1/telemetry") for text in texts))
        replies = [talk.answer().json for _ in texts]
    assert [reply["accepted"] if "accepted" in reply else reply["result"]["accepted"] for reply in replies] == [1] * 20


def test_nothing_is_taken_for_a_dialect_that_is_none(collector: Collector) -> None:
    for path in ("/v1/identity", "/v1/identity/operations/1", "/v1/identity/operationsx"):
        assert send(collector, login("none"), path).status == 503  # there is no web process that could know it


def test_a_collector_stays_light() -> None:
    heavy = {"yaml", "duckdb", "deltalake", "pyarrow", "litestar", "footfall.plans"}
    program = "import sys, footfall.collector.server; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert not heavy & set(loaded.split())


# Refused as a whole


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b'{"operations":[}', {}, 400, "malformed_json"),
        (b"7", {}, 400, "not_a_batch"),
        (b"[]", {"content_type": "application/xml"}, 415, "unsupported_media_type"),
        (b"[]", {"content_encoding": "compress"}, 415, "unsupported_encoding"),
        (b"[]", {"content_encoding": "gzip"}, 400, "corrupt_encoding"),
        (b"[]", {"host": "rebound.example.org"}, 421, "host_unknown"),
        (b"[" + b"{}," * 1000 + b"{}]", {}, 413, "too_many_events"),
        (b" " * (5 << 20) + b"[]", {}, 413, "body_too_large"),
        (gzip.compress(b" " * (21 << 20)), {"content_encoding": "gzip"}, 413, "inflated_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused_as_a_whole(collector: Collector, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    answer = send(collector, body, **headers)
    assert (answer.status, answer.result["code"]) == (status, code)


def test_malformed_json_says_where(collector: Collector) -> None:
    answer = send(collector, b'{"operations":[\n{"id":}]}')
    assert (answer.result["line"], answer.result["column"]) == (2, 7)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_other_methods(collector: Collector, method: str) -> None:
    answer = collector.ask(get(PATH, method))
    assert (answer.status, answer.headers["allow"]) == (405, "POST, OPTIONS")


def test_preflight(collector: Collector) -> None:
    answer = collector.ask(get(PATH, "OPTIONS", origin="https://a.org"))
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "https://a.org")


def test_a_body_that_does_not_come(tmp_path: Path) -> None:
    with collecting(tmp_path / "data", body_timeout=0.3) as collector, collector.talk() as talk:
        talk.send(post(b"", PATH, content_length="10"))
        assert talk.answer().status == 408


def test_a_full_journal(tmp_path: Path) -> None:
    with collecting(tmp_path / "data", segment_bytes=1 << 16, journal_max_bytes=1 << 17) as collector:
        answers = [send(collector, [login(f"{part}-{n}") for n in range(100)]) for part in range(6)]
    answer = answers[-1]
    assert (answer.status, answer.result["code"]) == (503, "journal_full")
    assert int(answer.headers["retry-after"]) >= 1
    assert answers[0].status == 200


# Keys


class House:
    """A collector with two channels, reachable from outside."""

    def __init__(self, collector: Collector, keys: dict[str, NewKeys]) -> None:
        self.collector = collector
        self.keys = keys

    def send(self, body: object, key: str = "", **headers: str) -> Heard:
        return send(self.collector, body, authorization=f"Bearer {key}" if key else "", **headers)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    data = tmp_path_factory.mktemp("foreign-keys") / "data"
    data.mkdir()
    with Control.open(data / "control.db") as control:
        keys = {
            "school": control.add_channel("school", origins=["https://a.org"]),
            "shop": control.add_channel("shop"),
            "slow": control.add_channel("slow", rate=1, burst=2),
        }
    with collecting(data, host="0.0.0.0") as collector:
        yield House(collector, keys)


def test_off_loopback_a_key_is_needed(house: House) -> None:
    answer = house.send(login("outside"))
    assert (answer.status, answer.result["code"]) == (401, "key_missing")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert house.send(login("outside"), "ffs_x").result["code"] == "key_unknown"


def test_channels_do_not_see_each_other(house: House) -> None:
    one = login("shared")
    for name in ("school", "shop"):
        assert told(house.send(one, house.keys[name].secret, x_channel_id="school")) == (200, ["accepted"])
    assert told(house.send(one, house.keys["shop"].secret)) == (200, ["duplicate"])
    last = house.collector.intakes()[-2:]
    assert [intake.channel for intake in last] == ["shop", "shop"]
    assert not any(intake.channels for intake in last)
    contexts = [found["context"]["channel"] for found in msgspec.json.decode(last[0].events)]
    assert contexts == ["shop", "shop"]


def test_a_public_key_has_its_origins(house: House) -> None:
    key = house.keys["school"].public
    assert house.send(login("public-0"), key).result["code"] == "origin_forbidden"
    answer = house.send(login("public-1"), key, origin="https://a.org")
    assert told(answer) == (200, ["rejected"])
    assert answer.json["operations"][0]["errors"][0]["code"] == "needs_secret_key"
    assert answer.headers["access-control-allow-origin"] == "https://a.org"
    assert told(house.send(login("public-1"), house.keys["school"].secret)) == (200, ["accepted"])


def test_the_rate_counts_the_events(house: House) -> None:
    key = house.keys["slow"].secret
    assert house.send([login(f"rate-{n}") for n in range(3)], key).status == 200
    answer = house.send(login("rate"), key)
    assert (answer.status, answer.result["code"]) == (429, "rate_limited")
    assert int(answer.headers["retry-after"]) >= 3


# Other doors, other dialects


def test_micro_answers_too() -> None:
    with running() as url, httpx.Client(base_url=url, trust_env=False) as client:
        answer = client.post(f"{PATH}/", json=login("m"))
        assert (answer.status_code, answer.json()["accepted"]) == (200, 1)
        assert [good.event_type for good in Micro(url).wait_for(2)] == ["signin.traditional", "entity_update"]
        assert client.post(PATH, content=b"[").json()["result"]["code"] == "malformed_json"


class Whisper(Dialect):
    """A dialect with words of its own for everything."""

    paths = ("/whisper",)

    def translate(self, request: Request) -> Translation:
        if request.body == b"hush":
            raise RefusalError(
                400, Reason.BAD_REQUEST, answer=Answer(418, b"hush", ((b"content-type", b"text/plain"),))
            )
        self.heard = request
        lost = [Lost([Finding.make(Reason.EMPTY_VALUE)], "lost", "LOG")]
        return Translation(msgspec.json.encode([event("w")] * 2), self._answer, lost)

    def refuse(self, error: RefusalError) -> Answer | None:
        return error.answer or (Answer(403, str(error.status).encode()) if error.status == 429 else None)

    def _answer(self, outcome: Outcome) -> Answer:
        return Answer(202, b"%d" % len(outcome.duplicates))


def test_a_dialect_has_the_request_as_it_came_and_words_of_its_own() -> None:
    service, whisper = Service(Settings()), Whisper()
    service.router = DialectRouter([whisper])
    body = gzip.compress(b"psst")

    def enter(text: bytes) -> JudgedRequest | Reply:
        head = RequestHead.make(b"POST", b"a=1", [(b"content-encoding", b"gzip"), (b"x-mark", b"m")])
        head.path, head.peer = "/whisper", "192.0.2.1"
        admitted = service.accept_head(head)
        assert isinstance(admitted, AcceptedRequest)
        return service.enter(admitted, text)

    entry = enter(body)
    assert isinstance(entry, JudgedRequest)
    assert entry.record is not None
    intake = unpack(entry.record)
    reply = service.on_durable(entry)
    assert (reply.status, reply.body) == (202, b"1")
    heard = whisper.heard
    assert (heard.raw, heard.body, heard.headers[b"x-mark"]) == (body, b"psst", b"m")
    assert (heard.path, heard.query, heard.peer, heard.channel) == ("/whisper", b"a=1", "192.0.2.1", "dev")
    assert heard.is_trusted
    assert (intake.of, intake.indexes) == (3, [0])
    assert [(refused.index, refused.mid) for refused in intake.refused] == [(2, "lost")]
    refused = enter(gzip.compress(b"hush"))
    assert isinstance(refused, Reply)
    assert (refused.status, refused.body, refused.headers[0]) == (418, b"hush", (b"content-type", b"text/plain"))
