"""What a test can ask about the events that came."""

import socket
import threading
from http.client import HTTPConnection

import psutil
import pytest

from footfall.errors import TerminalError
from footfall.micro import Micro, NotSeenError
from footfall.micro.server import running
from footfall.micro.store import Keep
from tests.micro.sending import PATH, client, encode, event, send

PLAIN = {"content-type": "application/json"}


def test_accepted_events_are_listed_with_all_that_was_said_about_them(footfall_micro: Micro) -> None:
    sent = event("IMPRESSION", "b", edata={"type": "view", "pageid": "home"})
    send(footfall_micro.url, {"eid": "HARTBEAT"}, sent, X_Device_Id="tablet", User_Agent="Firefox/140.0")

    [seen] = footfall_micro.good()

    assert (seen.mid, seen.eid, seen.event_type, seen.channel) == ("b", "IMPRESSION", "IMPRESSION", "dev")
    assert seen.event == sent
    assert [(found.code, found.path) for found in seen.warnings] == [("missing_field", "$.edata.uri")]
    assert (seen.batch.number, seen.batch.index, seen.batch.of) == (0, 1, 2)
    assert (seen.batch.device, seen.batch.agent_family) == ("tablet", "Firefox")


def test_rejected_events_are_listed_unmasked_with_every_fault(footfall_micro: Micro) -> None:
    wrong = event(mid="w", edata={"type": 7, "extra": {"name": "Ada"}})
    result = send(footfall_micro.url, event(mid="g"), wrong)

    [seen] = footfall_micro.bad()

    assert (seen.mid, seen.eid, seen.payload, seen.batch.index) == ("w", "INTERACT", wrong, 1)
    assert {(found.code, found.path) for found in seen.findings} == {
        ("wrong_type", "$.edata.type"),
        ("missing_field", "$.edata.id"),
    }
    told = [{name: error[name] for name in ("code", "path", "message", "hint", "docs")} for error in result["errors"]]
    assert told == [{name: getattr(found, name) for name in found.__struct_fields__} for found in seen.findings]


def test_what_is_no_json_is_shown_as_text(footfall_micro: Micro) -> None:
    with client(footfall_micro.url) as http:
        http.post(PATH, content=b'{"eid":\n[1,2]', headers={"content-type": "application/x-ndjson"})

    assert [seen.payload for seen in footfall_micro.bad()] == ['{"eid":', [1, 2]]


def test_a_mid_used_twice_shows_the_event_that_was_rejected(footfall_micro: Micro) -> None:
    send(footfall_micro.url, event(mid="m", ets=1), event(mid="m", ets=2))

    assert footfall_micro.good(mid="m")[0].event["ets"] == 1
    [conflict] = footfall_micro.bad(mid="m")
    assert conflict.payload["ets"] == 2
    assert [found.code for found in conflict.findings] == ["mid_conflict"]


def test_counts_tell_resends_and_refused_requests(footfall_micro: Micro) -> None:
    send(footfall_micro.url, event(mid="a"), event(mid="b"), {})
    send(footfall_micro.url, event(mid="a"), event(mid="b"))
    with client(footfall_micro.url) as http:
        http.post(PATH, content=b"[", headers=PLAIN)

    totals = footfall_micro.all()

    assert (totals.total, totals.good, totals.bad, totals.duplicate) == (5, 2, 1, 2)
    assert totals.refused == {"malformed_json": 1}
    assert len(footfall_micro.good()) == 2


def test_events_are_chosen_by_eid_mid_channel_and_limit(footfall_micro: Micro) -> None:
    other = event("START", "c")
    other["context"] = other["context"] | {"channel": "elsewhere"}
    send(footfall_micro.url, event("START", "a"), event("END", "b"), other, {"eid": "START", "mid": "d"})

    assert [seen.mid for seen in footfall_micro.good("START")] == ["a", "c"]
    assert [seen.mid for seen in footfall_micro.good(mid="b")] == ["b"]
    assert [seen.mid for seen in footfall_micro.good(channel="elsewhere")] == ["c"]
    assert [seen.mid for seen in footfall_micro.bad("START")] == ["d"]
    assert footfall_micro.bad("END") == []
    with client(footfall_micro.url) as http:
        newest = http.get("/micro/good", params={"limit": 2}).json()
    assert [seen["mid"] for seen in newest] == ["b", "c"]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_reset_forgets_resends_too(footfall_micro: Micro, method: str) -> None:
    send(footfall_micro.url, event(mid="a"), {})
    with client(footfall_micro.url) as http:
        assert http.request(method, "/micro/reset").status_code == 200

    totals = footfall_micro.all()
    assert (totals.total, totals.refused, footfall_micro.good(), footfall_micro.bad()) == (0, {}, [], [])
    assert send(footfall_micro.url, event(mid="a"))["accepted"] == 1


def test_waiting_ends_when_the_events_are_there(footfall_micro: Micro) -> None:
    def later() -> None:
        for number in range(3):
            send(footfall_micro.url, event("START", f"s{number}"), event("END", f"e{number}"), {"eid": "START"})

    sender = threading.Thread(target=later)
    sender.start()
    seen = footfall_micro.wait_for(3, "START", timeout=30)
    assert [found.mid for found in seen] == ["s0", "s1", "s2"]
    assert len(footfall_micro.wait_for_bad(3, timeout=30)) == 3
    sender.join()


def test_waiting_goes_on_after_a_reset(footfall_micro: Micro) -> None:
    send(footfall_micro.url, event(mid="before"))
    found: list[str] = []
    waiter = threading.Thread(target=lambda: found.extend(seen.mid for seen in footfall_micro.wait_for(2, timeout=30)))
    waiter.start()
    footfall_micro.reset()
    send(footfall_micro.url, event(mid="x"))
    send(footfall_micro.url, event(mid="y"))
    waiter.join()
    assert found == ["x", "y"]


def test_who_waits_in_vain_is_told_what_came_instead(footfall_micro: Micro) -> None:
    send(footfall_micro.url, event("END", "a"), event("END", "a"), {"eid": "START", "mid": "secret"})

    with pytest.raises(NotSeenError) as failure:
        footfall_micro.wait_for(2, "START", timeout=0.05)

    told = str(failure.value)
    assert "waited 0.05 s for 2 accepted START, saw 0; accepted: 1 END" in told
    assert "START, missing_field at $.actor" in told
    assert "duplicate: 1" in told
    assert "secret" not in told


def test_nobody_has_to_wait_for_nothing(footfall_micro: Micro) -> None:
    assert footfall_micro.wait_for(0) == []
    with pytest.raises(NotSeenError, match="nothing came"):
        footfall_micro.wait_for(1, timeout=0)


def test_only_the_newest_events_are_kept_and_the_loss_is_told() -> None:
    with running(keep=Keep(events=5)) as url:
        for number in range(4):
            send(url, event(mid=f"{number}a"), event(mid=f"{number}b"))
        micro = Micro(url)
        totals = micro.all()
        assert [seen.mid for seen in micro.good()] == ["2a", "2b", "3a", "3b"]
        assert (totals.good, totals.dropped, totals.limit) == (8, 4, 5)
        assert send(url, event(mid="0a"))["duplicate"] == 1


def test_memory_is_bounded_in_bytes() -> None:
    with running(keep=Keep(bytes=300_000)) as url:
        for number in range(8):
            send(url, event("LOG", f"{number}", edata={"type": "t", "level": "INFO", "message": "x" * 100_000}))
        assert [seen.mid for seen in Micro(url).good()] == ["6", "7"]
        assert Micro(url).all().dropped == 6


def test_a_profile_can_be_chosen() -> None:
    lenient = event("IMPRESSION", edata={"type": "view", "pageid": "home"})
    with running("sunbird") as url:
        send(url, lenient)
        assert [found.code for found in Micro(url).bad()[0].findings] == ["missing_field"]


def test_what_cannot_be_is_said_before_it_starts() -> None:
    with pytest.raises(TerminalError, match="choose v3 or sunbird"), running("v4"):
        pass
    with pytest.raises(TerminalError, match=r"cannot listen on 192\.0\.2\.1:0: "), running(host="192.0.2.1"):
        pass


@pytest.mark.parametrize(
    ("method", "target", "status", "says"),
    [
        ("GET", "/", 200, "footfall micro"),
        ("GET", "/health", 200, '"ok"'),
        ("GET", "/docs/reasons", 200, "missing_field"),
        ("GET", "/micro/good/", 200, "[]"),
        ("GET", "/micro/other", 404, "not_found"),
        ("DELETE", "/micro/good", 405, "method_not_allowed"),
        ("GET", "/micro/good?limit=0", 400, "limit"),
        ("GET", "/micro/good?timeout=nan", 400, "timeout"),
        ("GET", "/micro/good?timeout=61", 400, "timeout"),
        ("GET", "/micro/good?eid=A&eid=B", 400, "twice"),
        ("GET", "/micro/good?name=A", 400, "name"),
        ("GET", "/micro/good?mid=%ff", 200, "[]"),
    ],
)
def test_every_path_answers_plainly(footfall_micro: Micro, method: str, target: str, status: int, says: str) -> None:
    with client(footfall_micro.url) as http:
        reply = http.request(method, target)
    assert (reply.status_code, says in reply.text) == (status, True)
    assert reply.headers["cache-control"] == "no-store"


def test_only_pages_of_this_machine_may_read_along(footfall_micro: Micro) -> None:
    with client(footfall_micro.url) as http:
        own = http.get("/micro/good", headers={"origin": "http://localhost:3000"})
        foreign = http.get("/micro/good", headers={"origin": "https://evil.example"})
        rebound = http.get("/micro/good", headers={"host": "evil.example"})
        broken = http.get("/micro/good", headers={"origin": "http://[::1"})
    assert own.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "access-control-allow-origin" not in foreign.headers
    assert rebound.status_code == 421
    assert broken.status_code == 200


def test_off_loopback_it_answers_under_any_name() -> None:
    with running(host="0.0.0.0") as url, client(url) as http:
        named = PLAIN | {"host": "telemetry:8401"}
        assert http.post(PATH, content=encode(event()), headers=named).json()["result"]["accepted"] == 1
        assert len(http.get("/micro/good", headers=named).json()) == 1


def test_a_request_that_began_before_a_reset_stays_before_it(footfall_micro: Micro) -> None:
    body = encode(event(mid="late"))
    host, port = footfall_micro.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(
            b"POST /v1/telemetry HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        assert b" 100 " in slow.recv(100)
        footfall_micro.reset()
        slow.sendall(body)
        assert b" 200 " in slow.recv(100)
    assert footfall_micro.all().total == 0
    assert footfall_micro.good() == []


def test_who_waits_is_answered_when_it_ends() -> None:
    with running() as url:
        waiting = HTTPConnection(url.removeprefix("http://"))
        waiting.request("GET", "/micro/good?timeout=60")
        Micro(url).all()  # answered in the order of arrival
    assert waiting.getresponse().read() == b"[]"
    waiting.close()


def test_nothing_is_left_behind() -> None:
    before = threading.enumerate(), psutil.Process().num_fds()
    with running() as url:
        send(url, event())
    assert (threading.enumerate(), psutil.Process().num_fds()) == before
    with pytest.raises(ConnectionRefusedError):
        Micro(url).all()
