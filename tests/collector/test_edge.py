"""Requests over real sockets: how they arrive, and what is answered."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from footfall.collector.request import PATHS
from footfall.runtime import heartbeat
from footfall.runtime.heartbeat import Heartbeat
from footfall.settings import Settings

from .running import Collector, batch, collecting, event, get, post, until


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with collecting(tmp_path_factory.mktemp("edge") / "data") as running:
        yield running


def counts(result: dict[str, int]) -> tuple[int, int, int, int]:
    return result["received"], result["accepted"], result["duplicate"], result["rejected"]


def test_reply_says_what_became_of_each_event(collector: Collector) -> None:
    twice = event("each-1")
    body = batch(twice, event("each-2", ver="9"), twice, params={"msgid": "m-1"})
    answer = collector.ask(post(body))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    reply = answer.json
    assert (reply["id"], reply["responseCode"], reply["params"]["status"]) == ("api.telemetry", "SUCCESS", "successful")
    assert reply["params"]["msgid"] == "m-1"
    assert len(reply["params"]["resmsgid"]) == 36
    assert counts(reply["result"]) == (3, 1, 1, 1)
    (error,) = reply["result"]["errors"]
    assert (error["index"], error["mid"], error["code"], error["path"]) == (1, "each-2", "value_not_allowed", "$.ver")
    assert error["hint"]
    assert error["docs"] == "/docs/reasons#value_not_allowed"


@pytest.mark.parametrize("path", [*PATHS, "//v1/telemetry", "/v1/telemetry/", "/v1%2Ftelemetry", "/v1/telemetry?x=1"])
def test_every_path_that_clients_use(collector: Collector, path: str) -> None:
    answer = collector.ask(post(batch(event(path)), path))
    assert counts(answer.result) == (1, 1, 0, 0)


def test_target_in_absolute_form(collector: Collector) -> None:
    answer = collector.ask(post(batch(event("absolute")), "http://localhost/v1/telemetry"))
    assert counts(answer.result) == (1, 1, 0, 0)


@pytest.mark.parametrize("kind", ["text/plain;charset=UTF-8", "application/json; charset=utf-8", ""])
def test_content_types_of_beacons_and_sdks(collector: Collector, kind: str) -> None:
    answer = collector.ask(post(batch(event(f"kind {kind}")), content_type=kind))
    assert counts(answer.result) == (1, 1, 0, 0)


def test_ndjson(collector: Collector) -> None:
    body = batch(event("line-1"))[:-1].partition(b'"events":[')[2].removesuffix(b"]")
    answer = collector.ask(post(body + b"\n\n{broken\n", content_type="application/x-ndjson"))
    assert counts(answer.result) == (2, 1, 0, 1)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"content_type": "application/xml"}, 415, "unsupported_media_type"),
        ({"content_type": "application/json; charset=utf-16"}, 415, "unsupported_media_type"),
        ({"content_encoding": "compress"}, 415, "unsupported_encoding"),
        ({"content_encoding": "gzip"}, 400, "corrupt_encoding"),
        ({"host": "rebound.example.org"}, 421, "host_unknown"),
    ],
)
def test_refused_as_a_whole(collector: Collector, headers: dict[str, str], status: int, code: str) -> None:
    answer = collector.ask(post(batch(event("whole")), **headers))
    assert (answer.status, answer.json["params"]["err"]) == (status, code)
    assert answer.json["responseCode"] == "CLIENT_ERROR"


def test_malformed_json_says_where(collector: Collector) -> None:
    answer = collector.ask(post(b'{"events":[\n{"eid":}]}'))
    assert (answer.status, answer.result["code"]) == (400, "malformed_json")
    assert (answer.result["line"], answer.result["column"]) == (2, 8)


def test_empty_batch(collector: Collector) -> None:
    assert counts(collector.ask(post(batch())).result) == (0, 0, 0, 0)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_other_methods(collector: Collector, method: str) -> None:
    answer = collector.ask(get("/v1/telemetry", method), to_head=method == "HEAD")
    assert answer.status == 405
    assert answer.headers["allow"] == "POST, OPTIONS"


def test_preflight(collector: Collector) -> None:
    headers = {"origin": "https://a.org", "access_control_request_private_network": "true"}
    answer = collector.ask(get("/v1/telemetry", "OPTIONS", **headers))
    assert answer.status == 204
    assert answer.headers["access-control-allow-origin"] == "https://a.org"
    assert answer.headers["access-control-allow-private-network"] == "true"
    for name in ("authorization", "content-type", "x-channel-id", "x-device-id", "x-app-id", "datatype"):
        assert name in answer.headers["access-control-allow-headers"]


def test_keep_alive_and_pipelining(collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(b"".join(post(batch(event(f"pipe-{n}")), x_n=str(n)) for n in range(30)) + get("/health"))
        for _ in range(30):
            assert counts(talk.answer().result) == (1, 1, 0, 0)
        assert "stages" in talk.answer().json
        assert talk.ask(post(batch(event("pipe-last")))).status == 200


def test_pipelined_refusals_and_empty_batches_do_not_pile_up(collector: Collector) -> None:
    with collector.talk() as talk:
        for _ in range(20):
            talk.send((post(b"{") + post(batch())) * 30)
            assert [talk.answer().status for _ in range(60)] == [400, 200] * 30


def test_request_in_single_bytes(collector: Collector) -> None:
    with collector.talk() as talk:
        for byte in post(batch(event("bytes"))):
            talk.send(bytes([byte]))
        assert counts(talk.answer().result) == (1, 1, 0, 0)


def test_chunked_body_with_trailers(collector: Collector) -> None:
    body = batch(event("chunked"))
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:7], body[7:]))
    head = post(b"", transfer_encoding="chunked", content_length="")
    with collector.talk() as talk:
        answer = talk.ask(head + chunks + b"0\r\nauthorization: Bearer x\r\n\r\n")
        assert counts(answer.result) == (1, 1, 0, 0)
        assert talk.ask(post(batch(event("after chunks")))).status == 200


def test_trailers_without_end(collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(post(b"", transfer_encoding="chunked", content_length="") + b"1\r\n[\r\n0\r\nx: ")
        talk.send(b"x" * (1 << 20))
        assert talk.answer().status == 400


def test_expect_continue(collector: Collector) -> None:
    body = batch(event("expected"))
    head, _, _ = post(body, expect="100-continue").partition(body)
    with collector.talk() as talk:
        assert talk.ask(head).status == 100
        assert talk.ask(body).status == 200


def test_upgrade_is_passed_over(collector: Collector) -> None:
    with collector.talk() as talk:
        for number in range(2):
            asked = post(batch(event(f"h2c-{number}")), connection="Upgrade, HTTP2-Settings", upgrade="h2c")
            assert counts(talk.ask(asked).result) == (1, 1, 0, 0)


def test_http_1_0_and_half_closed_clients(collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(post(batch(event("old")), version="1.0"))
        talk.finish_sending()
        assert counts(talk.answer().result) == (1, 1, 0, 0)
        assert talk.is_closed()


@pytest.mark.parametrize(
    "request_text",
    [
        b"NOT HTTP\r\n\r\n",
        b"POST /v1/telemetry HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n[]",
        b"POST /v1/telemetry HTTP/1.1\r\nhost: localhost\r\ncontent-length: x\r\n\r\n[]",
        b"POST /v1/telemetry HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /v1/telemetry HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET http://localhost HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"CONNECT localhost:80 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
)
def test_malformed_requests(collector: Collector, request_text: bytes) -> None:
    assert collector.ask(request_text).status == 400


def test_head_that_never_ends(collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(b"POST /v1/telemetry HTTP/1.1\r\nx: " + b"x" * 200_000)
        assert talk.answer().status == 431


def test_body_over_the_limit_is_refused_before_it_is_sent(collector: Collector) -> None:
    with collector.talk() as talk:
        answer = talk.ask(post(b"[", content_length=str(10 << 20)))
        assert (answer.status, answer.result["code"]) == (413, "body_too_large")
        assert talk.is_closed()


def test_chunked_body_over_the_limit(collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(post(b"", transfer_encoding="chunked", content_length=""))
        chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
        talk.send(chunk * 85)
        assert talk.answer().status == 413


def test_refused_request_leaves_a_usable_connection(collector: Collector) -> None:
    with collector.talk() as talk:
        assert talk.ask(post(batch(event("x")), content_type="application/xml")).status == 415
        assert talk.ask(post(batch(event("then good")))).status == 200


def test_too_many_events(collector: Collector) -> None:
    answer = collector.ask(post(b"[" + b"{}," * 1000 + b"{}]"))
    assert (answer.status, answer.result["code"]) == (413, "too_many_events")


def test_large_event_alone_is_rejected(collector: Collector) -> None:
    large = event("large", edata={"type": "job", "level": "INFO", "message": "x" * (1 << 20)})
    answer = collector.ask(post(batch(large, event("beside large"))))
    assert counts(answer.result) == (2, 1, 0, 1)
    (error,) = answer.result["errors"]
    assert (error["mid"], error["code"]) == ("large", "event_too_large")


def test_everything_is_freed(collector: Collector) -> None:
    with collector.talk() as talk:
        talk.send(post(b"[" * 1000, content_length="5000"))
        until(lambda: collector.metric("footfall_held_bytes") == 1000)
        with collector.talk() as other:
            halves = post(batch(event("half"))) * 2
            other.send(halves[:100])
            for _ in range(5):  # there is always a request under way
                other.send(halves[100:] + halves[:100])
        talk.finish_sending()
    until(lambda: collector.metric("footfall_held_bytes") == 0)


def test_metrics_and_health_are_for_get(collector: Collector) -> None:
    assert collector.ask(get("/metrics", x_forwarded_for="1.2.3.4")).status == 403
    assert collector.ask(get("/metrics", "POST", content_length="0")).status == 405
    assert collector.ask(get("/health", "HEAD"), to_head=True).status == 200
    assert collector.ask(post(batch(event("counted")))).status == 200
    assert collector.metric('footfall_requests_total{reason="ok"}') > 0
    assert collector.metric('footfall_events_total{channel="c",fate="stored"}') > 0


def test_health_reports_the_journal_and_a_missing_pipeline(collector: Collector) -> None:
    collector.ask(post(batch(event("healthy"))))
    health = collector.health()
    assert health["status"] == "degraded"
    assert health["stages"]["journal"]["age_ms"] < 10_000
    assert any("pipeline" in problem["what"] for problem in health["problems"])


def test_what_is_in_the_lake_was_in_a_journal_whichever_collector_took_it(collector: Collector) -> None:
    now = time.time_ns() // 1_000_000
    path = Settings(data=collector.data).heartbeat
    path.parent.mkdir(parents=True, exist_ok=True)
    heartbeat.write(path, Heartbeat(at=now, pid=1, newest_stored_at=now + 60_000))
    assert collector.health()["stages"]["journal"]["newest_ms"] == now + 60_000
    path.unlink()


def test_other_paths_wait_for_the_web_process(collector: Collector) -> None:
    answer = collector.ask(get("/"))
    assert (answer.status, answer.json["params"]["err"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"


def test_what_the_journal_holds(tmp_path: Path) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
    with collecting(tmp_path / "data") as collector:
        headers = {"user_agent": agent, "x_device_id": "d" * 300, "x_app_id": "app", "x_channel_id": "named"}
        blank = event("blank", context={"channel": " ", "env": "e", "pdata": {"id": "p"}})
        collector.ask(post(batch(event("m1"), blank, ets=1_700_000_000_000), **headers))
        (intake,) = collector.intakes()
    assert (intake.of, intake.channel, intake.channels) == (2, "named", ["c", "named"])
    assert intake.agent is not None
    assert (intake.agent.family, intake.agent.version, intake.agent.system) == ("Firefox", "130.0", "Linux")
    assert (intake.device, intake.app, intake.sent_at) == ("d" * 200, "app", 1_700_000_000_000)
    assert len(intake.keys) == 32
