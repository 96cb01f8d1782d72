"""How it ends: slow and vanished clients, limits, signals, crashes; and that no acknowledged event is lost."""

import socket
import threading
import time
from pathlib import Path

import psutil
import pytest

from .running import Collector, Talk, batch, collecting, event, get, post, until


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_slow_clients_are_ended_and_starve_nobody(data: Path) -> None:
    with collecting(data, header_timeout=0.5, body_timeout=1, idle_timeout=1) as collector:
        silent, slow_head, slow_body, idle = (collector.talk() for _ in range(4))
        slow_head.send(b"POST /v1/tele")
        slow_body.send(post(b"[", content_length="100"))
        assert idle.ask(get("/health")).status == 200
        assert collector.ask(post(batch(event("quick")))).status == 200
        answer = slow_body.answer()
        assert (answer.status, answer.result["code"]) == (408, "body_too_slow")
        assert slow_head.answer().status == 408
        for talk in (silent, slow_head, slow_body, idle):
            assert talk.is_closed()
            talk.__exit__()


def test_client_that_never_reads_is_cut(data: Path) -> None:
    with collecting(data) as collector, collector.talk(timeout=2) as talk:
        asked = post(batch(*({"eid": n} for n in range(1000)))) * 2000
        before = psutil.Process(collector.process.pid).memory_info().rss
        with pytest.raises(TimeoutError):
            talk.send(asked)
        assert collector.ask(post(batch(event("others")))).status == 200
        assert psutil.Process(collector.process.pid).memory_info().rss - before < 100 << 20


def test_connections_are_limited(data: Path) -> None:
    with collecting(data, max_connections=3) as collector:
        talks = [collector.talk() for _ in range(3)]
        for talk in talks:
            talk.send(post(batch(event("in time")), expect="100-continue")[:-1])
            assert talk.answer().status == 100
        with collector.talk() as refused:
            answer = refused.answer()
            assert (answer.status, answer.result["code"]) == (503, "overloaded")
            assert int(answer.headers["retry-after"]) >= 1
        for talk in talks:
            talk.__exit__()
        until(lambda: _is_served(collector))


def _is_served(collector: Collector) -> bool:
    try:
        return collector.ask(post(batch(event("again")))).status == 200
    except (OSError, EOFError):
        return False


def test_bytes_under_way_are_limited(data: Path) -> None:
    with collecting(data, max_inflight_bytes=1_000_000) as collector:
        with collector.talk() as first, collector.talk() as second:
            first.send(post(b"[" + b" " * 800_000, content_length="900000"))
            until(lambda: collector.metric("footfall_held_bytes") > 800_000)
            answer = second.ask(post(b"[", content_length="900000"))
            assert (answer.status, answer.result["code"]) == (503, "overloaded")
            first.send(b"]" + b" " * 99_998)
            assert first.answer().status == 200
        assert collector.ask(post(batch(event("after")))).status == 200


def test_sigterm_in_mid_request_yields_an_answer(data: Path) -> None:
    with collecting(data) as collector, collector.talk() as talk, collector.talk() as idle:
        body = batch(event("mid-request"))
        talk.send(post(body)[:-10])
        assert idle.ask(get("/health")).status == 200
        collector.process.terminate()
        assert idle.is_closed()
        talk.send(body[-10:])
        answer = talk.answer()
        assert (answer.status, answer.result["accepted"]) == (200, 1)
        assert answer.headers["connection"] == "close"
        assert talk.is_closed()
        assert collector.process.wait(10) == 0
        assert collector.stored_mids() == ["mid-request"]


def test_sigterm_does_not_wait_for_ever(data: Path) -> None:
    with collecting(data, shutdown_timeout=1) as collector, collector.talk() as talk:
        talk.send(post(b"[", content_length="100"))
        assert collector.ask(get("/health")).status == 200
        began = time.monotonic()
        collector.process.terminate()
        assert collector.process.wait(10) == 0
        assert time.monotonic() - began < 5


def test_every_acknowledged_event_survives_a_kill(data: Path) -> None:
    acknowledged: list[str] = []
    for life in range(2):
        with collecting(data, segment_bytes=1 << 16) as collector:
            threads = [threading.Thread(target=_feed, args=(collector, f"{life}-{n}", acknowledged)) for n in range(4)]
            for thread in threads:
                thread.start()
            until(lambda target=200 * (life + 1): len(acknowledged) >= target)  # type: ignore[misc]
            collector.kill()
            for thread in threads:
                thread.join()
    with collecting(data) as collector:
        assert collector.ask(post(batch(event("last")))).status == 200
        stored = collector.stored_mids()
    assert set(acknowledged) <= set(stored)
    assert len(stored) == len(set(stored))


def _feed(collector: Collector, name: str, acknowledged: list[str]) -> None:
    number = 0
    try:
        with collector.talk() as talk:
            while True:
                mids = [f"{name}-{number}-{n}" for n in range(3)]
                answer = talk.ask(post(batch(*map(event, mids))))
                assert answer.result["accepted"] == 3
                acknowledged.extend(mids)
                number += 1
    except (OSError, EOFError):
        return


def test_vanished_clients_leave_nothing_behind(data: Path) -> None:
    with collecting(data) as collector:
        for number in range(50):
            with collector.talk() as talk:
                talk.send(post(batch(event(f"gone {number}"))) + post(b"[", content_length="1000"))
                talk._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        until(lambda: collector.metric("footfall_held_bytes") < 500)
        until(lambda: len(psutil.Process(collector.process.pid).net_connections("tcp")) <= 2)


def test_full_journal_answers_503_and_health_says_so(data: Path) -> None:
    with collecting(data, journal_max_bytes=20_000, segment_bytes=1 << 16) as collector:
        message = "x" * 15_000
        large = [event(f"full {n}", edata={"type": "t", "level": "l", "message": message}) for n in range(2)]
        assert collector.ask(post(batch(large[0]))).status == 200
        answer = collector.ask(post(batch(large[1])))
        assert (answer.status, answer.result["code"]) == (503, "journal_full")
        assert int(answer.headers["retry-after"]) >= 1
        failing = collector.ask(get("/health"))
        assert (failing.status, failing.json["status"]) == (503, "failing")


def test_second_collector_on_the_same_journal_is_refused(data: Path) -> None:
    with collecting(data) as first:
        assert first.ask(get("/health")).status == 200
        second = Collector(data, None, {})
        assert second.process.wait(20) == 78
        assert "another process writes to the journal" in second.log.read_text()


def test_two_pipelined_halves_and_a_broken_one(data: Path) -> None:
    with collecting(data) as collector, Talk(collector.port) as talk:
        talk.send(post(batch(event("before garbage"))) + b"GARBAGE\r\n\r\n")
        assert talk.answer().result["accepted"] == 1
        assert talk.is_closed()
