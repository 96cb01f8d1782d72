"""The sender against a real HTTP server, which is at times busy, away, or not footfall at all."""

import socket
import threading
import time

import pytest

from footfall.demo.client import BusyError, Client, RefusedBatchError, Sent, UnreachableError
from footfall.demo.endpoints import Endpoint, Parcel
from footfall.demo.sender import run_live, send_history

from .conftest import Answer, Stub
from .reading import NOON

TWO = [b'{"eid":"START","mid":"1"}', b'{"eid":"END","mid":"2"}']
EVENTS = Parcel(Endpoint.TELEMETRY, TWO)
OPERATIONS = Parcel(Endpoint.IDENTITY, [b'{"id":"op-1","time":1}', b'{"id":"op-1","time":1}', b'{"id":"op-2"}'])
TRACKED = Parcel(Endpoint.LMS, [b'{"event_type":"video"}', b'{"tracking_event_type":"video"}', b'{"node_id":7}'])


def test_sends_a_batch_as_clients_do(stub: Stub) -> None:
    before = time.time_ns() // 1_000_000
    with Client(stub.url, "secret") as door:
        assert door.send(EVENTS) == Sent(2, 2, 0, 0)
        assert door.send(Parcel(Endpoint.TELEMETRY, [*TWO, b'{"eid":"LOG"}'])) == Sent(3, 0, 2, 1)
    first, second = stub.requests
    assert first.path == "/v1/telemetry"
    assert first.headers["Authorization"] == "Bearer secret"
    assert before <= first.batch["ets"] <= time.time_ns() // 1_000_000
    assert [event["mid"] for event in first.batch["events"]] == ["1", "2"]
    assert first.batch["params"]["msgid"] != second.batch["params"]["msgid"]
    assert first.client == second.client  # one connection, kept alive


def test_operations_go_in_one_request_and_an_lms_sends_one_by_one(stub: Stub) -> None:
    with Client(stub.url, "secret") as door:
        assert door.send(OPERATIONS) == Sent(3, 1, 1, 1)
        assert door.send(TRACKED) == Sent(3, 2, 0, 1)
    assert [request.path for request in stub.requests] == ["/v1/identity/operations", *["/api/tracking/"] * 3]
    assert [operation["id"] for operation in stub.requests[0].batch["operations"]] == ["op-1", "op-1", "op-2"]
    assert [request.body for request in stub.requests[1:]] == TRACKED.texts
    assert {request.headers["Authorization"] for request in stub.requests} == {"Bearer secret"}
    assert len({request.client for request in stub.requests}) == 1


def test_without_a_key_sends_none(stub: Stub) -> None:
    with Client(stub.url + "/below/") as door:
        door.send(EVENTS)
    assert "Authorization" not in stub.requests[0].headers
    assert stub.requests[0].path == "/below/v1/telemetry"


@pytest.mark.parametrize("status", [429, 503])
def test_comes_back_after_the_time_asked_for(stub: Stub, status: int) -> None:
    stub.script = [Answer(status, {"Retry-After": "0.3"}), Answer(status, {"Retry-After": "0"})]
    began = time.monotonic()
    with Client(stub.url) as door:
        assert door.send(EVENTS) == Sent(2, 2, 0, 0)
    assert time.monotonic() - began >= 0.3
    assert len({request.batch["params"]["msgid"] for request in stub.requests}) == 1
    assert stub.requests[2].batch["ets"] >= stub.requests[0].batch["ets"] + 300


def test_gives_up_where_the_wait_would_pass_its_patience(stub: Stub) -> None:
    stub.script = [Answer(503, {"Retry-After": "3600"})]
    with Client(stub.url, patience_s=0.5) as door, pytest.raises(BusyError, match="503"):
        door.send(EVENTS)


def test_a_stop_ends_the_wait(stub: Stub) -> None:
    stub.script = [Answer(503, {"Retry-After": "20"})]
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    began = time.monotonic()
    with Client(stub.url, stop=stop) as door, pytest.raises(BusyError):
        door.send(EVENTS)
    assert time.monotonic() - began < 10


def test_a_broken_connection_is_made_anew(stub: Stub) -> None:
    stub.script = [Answer(0)]
    with Client(stub.url) as door:
        assert door.send(EVENTS).accepted == 2
        stub.script = [Answer(0), Answer(0)]
        assert door.send(EVENTS).duplicate == 2


def test_a_server_that_is_away_is_waited_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but not listening
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with Client(url, patience_s=0.3) as door, pytest.raises(UnreachableError, match="ConnectionRefusedError"):
            door.send(EVENTS)


@pytest.mark.parametrize("answer", [Answer(401), Answer(413), Answer(500), Answer(200, body=b"<html>")])
@pytest.mark.parametrize("parcel", [EVENTS, OPERATIONS, TRACKED])
def test_a_refusal_is_final(stub: Stub, answer: Answer, parcel: Parcel) -> None:
    stub.script = [answer]
    with Client(stub.url, "secret") as door, pytest.raises(RefusedBatchError) as refused:
        door.send(parcel)
    assert "secret" not in str(refused.value)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("url", ["localhost:8400", "ftp://localhost", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(RefusedBatchError):
        Client(url)


def test_history_goes_over_in_bulk_and_adds_up(stub: Stub) -> None:
    told: list[Sent] = []
    stub.script = [Answer(503, {"Retry-After": "0"})]
    sent = send_history(stub.url, None, 7, until_ms=NOON, target_events=8000, utc_offset_s=0, progress=told.append)
    assert told[-1] == sent
    assert [one.events for one in told] == sorted(one.events for one in told)
    assert sent.events == pytest.approx(8000, rel=0.1)
    assert sent.events == sent.accepted + sent.duplicate + sent.rejected
    tracked = sum(request.path == "/api/tracking/" for request in stub.requests)
    assert 0 < tracked < 200
    assert len(stub.mids) < sent.accepted <= len(stub.mids) + tracked
    assert sent.duplicate > 20
    assert max(len(request.body) for request in stub.requests) < 5 << 20
    assert {request.path for request in stub.requests} == {way.value for way in Endpoint}


def test_history_sent_twice_on_the_same_day_is_all_duplicates(stub: Stub) -> None:
    first = send_history(stub.url, None, 7, until_ms=NOON, days=2, target_events=2000, utc_offset_s=0)
    again = send_history(stub.url, None, 7, until_ms=NOON, days=2, target_events=2000, utc_offset_s=0)
    assert (again.events, again.rejected) == (first.events, first.rejected)
    assert again.accepted < 50  # what an LMS sends, to which nobody says that it was there before
    assert again.accepted + again.duplicate == first.accepted + first.duplicate


def test_history_can_be_stopped(stub: Stub) -> None:
    stop = threading.Event()
    sent = send_history(stub.url, None, 7, stop=stop, progress=lambda _: stop.set())
    assert 0 < sent.events < 20_000


def test_history_that_is_refused_says_so(stub: Stub) -> None:
    stub.script = [Answer(401)] * 100
    with pytest.raises(RefusedBatchError, match="401"):
        send_history(stub.url, "wrong", 7)


def _run_live(stub: Stub, enough: int) -> Sent:
    """Live traffic until so many small batches are over."""
    stop = threading.Event()
    before = _small_batches(stub)

    def look(total: Sent) -> None:
        if _small_batches(stub) - before >= enough:
            stop.set()

    return run_live(stub.url, None, 7, stop, rate=300, progress=look)


def _small_batches(stub: Stub) -> int:
    return sum(request.path == Endpoint.TELEMETRY and len(request.body) < 20_000 for request in stub.requests)


def test_live_runs_until_it_is_stopped_and_never_repeats_itself(stub: Stub) -> None:
    first = _run_live(stub, 30)
    second = _run_live(stub, 30)
    assert first.events >= 30
    assert first.events == first.accepted + first.duplicate + first.rejected
    assert second.accepted > 0.9 * second.events
    newest = next(request.batch for request in reversed(stub.requests) if request.path == Endpoint.TELEMETRY)
    happened = [float(event["ets"]) for event in newest["events"]]
    assert newest["ets"] - max(happened) < 5000


def test_live_goes_on_after_the_server_was_away(stub: Stub) -> None:
    stub.script = [Answer(0), Answer(503, {"Retry-After": "0.1"}), Answer(0)]
    assert _run_live(stub, 30).events >= 30
