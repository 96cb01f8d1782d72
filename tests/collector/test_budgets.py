"""What one channel may cost, and that no body keeps the others waiting."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.collector.budgets import Budgets
from footfall.collector.connections import Connections
from footfall.collector.http_error import HttpError
from footfall.collector.request import RequestHead
from footfall.collector.responses import Reply
from footfall.collector.service import AcceptedRequest, JudgedRequest, Service
from footfall.collector.time_slices import TimeSlices
from footfall.control.access import Channel, Key, KeyIndex
from footfall.control.tokens import mint
from footfall.peer import TrustedProxies
from footfall.schema.event_limits import EventLimits, Scan
from footfall.settings import Settings

from .running import batch, collecting, event, get, post


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def settings(**given: Any) -> Settings:
    return Settings(data=Path("data"), collectors=2, **given)


def test_time_is_a_share_only_while_others_send() -> None:
    clock = Clock()
    budgets = Budgets(settings(channel_share=0.5), clock)
    budgets.spend("a", 100.0)
    budgets.check("a")
    budgets.spend("b", 0.001)
    budgets.spend("a", 3.0)
    with pytest.raises(HttpError) as refused:
        budgets.check("a")
    assert (refused.value.status, refused.value.reason.code) == (429, "rate_limited")
    assert refused.value.retry_after == 4
    budgets.check("b")
    clock.now += 4.1
    budgets.spend("b", 0.001)
    budgets.check("a")


def test_bytes_that_bodies_inflate_to_are_limited_always_and_by_collector() -> None:
    clock = Clock()
    budgets = Budgets(settings(channel_inflated_bytes=200), clock)
    budgets.spend("a", 0.0, 200)
    with pytest.raises(HttpError):
        budgets.check("a")
    clock.now += 0.5
    budgets.check("a")
    budgets.keep(set())
    assert budgets.allow("a")


def visiting(rate: float = 0.0, **headers: str) -> tuple[Service, AcceptedRequest]:
    """A door, and a request of the one channel that it knows."""
    token = mint("secret")
    channel = Channel("school", rate=rate)
    key = Key(token.id, "secret", "school", token.digest)
    service = Service(settings(), KeyIndex({"school": channel}, {key.id: key}))
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    found = service.accept_head(
        RequestHead.make(b"POST", b"", [(b"authorization", f"Bearer {token}".encode()), *pairs])
    )
    assert isinstance(found, AcceptedRequest)
    return service, found


@pytest.mark.parametrize(
    "body",
    [b"{", b"\x1f\x8b", gzip.compress(b"[" * 100), gzip.compress(b" " * (21 << 20))],
    ids=["cut", "no gzip", "deep", "a bomb"],
)
def test_a_refused_request_counts_against_the_rate(body: bytes) -> None:
    service, accepted = visiting(rate=1, content_encoding="gzip")
    found = service.enter(accepted, body)
    assert isinstance(found, Reply)
    assert found.status in (400, 413)
    again = service.enter(accepted, body)
    assert isinstance(again, Reply)
    assert again.status == 429


def test_what_was_inflated_counts_though_it_was_refused() -> None:
    service, accepted = visiting(content_encoding="gzip")
    service.budgets = Budgets(settings(channel_inflated_bytes=1 << 20))
    bomb = gzip.compress(b" " * (21 << 20))
    assert [found.status for _ in range(2) if isinstance(found := service.enter(accepted, bomb), Reply)] == [413, 429]


class Loop:
    """Runs callbacks one by one."""

    def __init__(self) -> None:
        self.soon: list[Any] = []

    def call_soon(self, callback: Any) -> None:
        self.soon.append(callback)

    def turn(self) -> None:
        now, self.soon = self.soon, []
        for callback in now:
            callback()


def test_large_bodies_wait_in_turn_while_small_ones_are_judged() -> None:
    service, accepted = visiting()
    loop, done = Loop(), []
    slices = TimeSlices(service, loop)  # type: ignore[arg-type]
    rotten = batch(*[{"eid": "START", "edata": {"a": [number] * 900}} for number in range(900)])
    assert len(rotten) > 1 << 20
    for name in ("first", "second"):
        slices.judge(accepted, rotten, lambda outcome, name=name: done.append((name, outcome)))  # type: ignore[misc]
    loop.turn()
    slices.judge(accepted, batch(event("small")), lambda outcome: done.append(("small", outcome)))
    while len(done) < 3:
        loop.turn()
    assert [name for name, _ in done] == ["small", "first", "second"]
    assert all(isinstance(outcome, JudgedRequest) for _, outcome in done)


def test_a_fault_of_ours_in_one_judgement_ends_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    service, accepted = visiting()
    loop = Loop()
    done: list[JudgedRequest | Reply] = []
    slices = TimeSlices(service, loop)  # type: ignore[arg-type]
    with monkeypatch.context() as patched:
        patched.setattr("footfall.collector.service.opening", lambda *_, **__: 1 / 0)
        slices.judge(accepted, b"{", done.append)
    loop.turn()
    slices.judge(accepted, b"{", done.append)
    assert [outcome.status for outcome in done if isinstance(outcome, Reply)] == [500, 400]


@given(
    st.recursive(
        st.none() | st.text('a",[]{}\\é', max_size=8),
        lambda inner: st.lists(inner) | st.dictionaries(st.text('a",[]{}\\', max_size=3), inner),
    )
)
def test_a_scan_counts_values_and_depth(value: Any) -> None:
    scan = Scan(msgspec.json.encode(value))
    while scan.step():
        pass
    assert scan.deepest == _depth(value)
    assert _values(value) <= scan.values + _empties(value)
    assert scan.top == (max(0, len(value) - 1) if isinstance(value, list | dict) else 0)


@pytest.mark.parametrize("offset", range(4))
def test_a_scan_is_the_same_wherever_it_is_cut(offset: int) -> None:
    text = b" " * ((1 << 16) - 8 + offset) + b'["\\\\","\\"",["]",1]]'
    scan = Scan(text)
    while scan.step():
        pass
    assert (scan.top, scan.deepest, scan.values) == (2, 2, 6)


def _depth(value: Any) -> int:
    if not isinstance(value, list | dict):
        return 0
    return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)


def _values(value: Any) -> int:
    if not isinstance(value, list | dict):
        return 1
    return 1 + sum(map(_values, value.values() if isinstance(value, dict) else value))


def _empties(value: Any) -> int:
    if not isinstance(value, list | dict):
        return 0
    return 1 + sum(map(_empties, value.values() if isinstance(value, dict) else value))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"[" + b"1," * 50 + b"1]", "too_many_values"),
        (b"[" * 500, "too_deep"),
        (b'"' + b"," * 900 + b'"', None),
        (b'"' + b"," * 2000 + b'"', "event_too_large"),
    ],
)
def test_an_event_is_measured_before_it_is_read(text: bytes, code: str | None) -> None:
    fault = EventLimits(1000, 40).fault(text)
    assert (fault.code if fault else None) == code


class Guest:
    def __init__(self, idle_since: float | None) -> None:
        self.idle_since = idle_since
        self.is_dismissed = False

    def dismiss(self) -> None:
        self.is_dismissed = True


def test_the_oldest_idle_one_of_whoever_has_most_makes_room() -> None:
    connections = Connections(4, 3, TrustedProxies("10.0.0.0/8"))
    crowd = [Guest(3.0), Guest(1.0), Guest(2.0)]
    other = Guest(0.0)
    assert all(connections.enter(connection, "192.0.2.1") for connection in crowd)
    assert connections.enter(other, "192.0.2.2") == "192.0.2.2"
    assert connections.enter(Guest(4.0), "192.0.2.3")
    assert [connection.is_dismissed for connection in crowd] == [False, True, False]
    assert not other.is_dismissed
    assert len(connections) == 4


def test_one_address_has_only_so_many_places_and_a_network_counts_as_one() -> None:
    connections = Connections(100, 2, TrustedProxies("10.0.0.0/8"))
    for address in ("2001:db8::1", "2001:db8::ffff"):
        assert connections.enter(Guest(None), address) == "2001:db8::/64"
    assert connections.enter(Guest(None), "2001:db8::2") is None
    assert connections.enter(Guest(None), "2001:db8:0:1::2") is not None
    for address in ("127.0.0.1", "::1", "10.1.2.3", "", "::ffff:10.1.2.3"):
        for _ in range(3):
            assert connections.enter(Guest(None), address) == ""
    connection = Guest(None)
    name = connections.enter(connection, "192.0.2.1")
    assert name is not None
    connections.leave(connection, name)
    connections.leave(connection, name)
    assert len(connections) == 18


def test_idle_connections_keep_nobody_out(tmp_path: Path) -> None:
    with collecting(tmp_path / "data", max_connections=20) as collector:
        crowd = [collector.talk() for _ in range(30)]
        for talk in crowd[:10]:
            talk.send(get("/health")[:20])
        for number in range(30):
            assert collector.ask(post(batch(event(f"in {number}")))).status == 200
        for talk in crowd:
            talk.__exit__()


def test_an_id_of_very_many_characters_is_refused(tmp_path: Path) -> None:
    with collecting(tmp_path / "data") as collector:
        long, longest = event("x" * 501), event("y" * 500)
        answer = collector.ask(post(batch(long, longest, event("z", eid="E" * 1000))))
        assert answer.result["accepted"] == 1
        assert [(error["code"], error["path"]) for error in answer.result["errors"]] == [
            ("value_too_long", "$.mid"),
            ("unknown_event", "$.eid"),
        ]
        (intake,) = collector.intakes()
        assert [(refused.mid, refused.eid) for refused in intake.refused] == [("x" * 500, "LOG"), ("z", "unknown")]
