"""The door's judgement without a socket: resends, conflicts, sizes, clocks, and bodies of every kind."""

import asyncio
import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from footfall.collector.asgi import IngestMiddleware
from footfall.collector.request import RequestHead
from footfall.collector.responses import Reply
from footfall.collector.service import AcceptedRequest, JudgedRequest, Service
from footfall.journal.base import Record
from footfall.journal.group_commit import GroupCommit
from footfall.journal.memory import MemoryLog
from footfall.schema.hashing import content_hash, key_hash
from footfall.schema.record import IngestRecord, unpack
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from footfall.settings import Settings

from .running import batch, event

Json = dict[str, Any]
DAY = 86_400_000


def accepted(service: Service, **headers: str) -> AcceptedRequest:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    admitted = service.accept_head(RequestHead.make(b"POST", b"", pairs))
    assert isinstance(admitted, AcceptedRequest)
    return admitted


def send(service: Service, body: bytes, **headers: str) -> tuple[Json, IngestRecord | None]:
    """What is replied, and what goes into the journal."""
    entry = service.enter(accepted(service, **headers), body)
    if isinstance(entry, Reply):
        return msgspec.json.decode(entry.body)["result"], None
    record = entry.record
    return msgspec.json.decode(service.on_durable(entry).body)["result"], None if record is None else unpack(record)


def codes(result: Json) -> list[str]:
    return [error["code"] for error in result["errors"]]


def test_resent_batch_is_known() -> None:
    service = Service(Settings())
    body = batch(event("a"), event("b"))
    send(service, body)
    result, intake = send(service, body)
    assert (result["accepted"], result["duplicate"]) == (0, 2)
    assert intake is not None
    assert (bytes(intake.events), [repeat.mid for repeat in intake.repeats]) == (b"[]", ["a", "b"])


def test_resent_events_among_new_ones() -> None:
    service = Service(Settings())
    known = event("known")
    send(service, batch(known))
    result, intake = send(service, batch(event("new-1"), known, event("new-2")))
    assert (result["accepted"], result["duplicate"]) == (2, 1)
    assert intake is not None
    assert intake.indexes == [0, 2]
    assert [found["mid"] for found in msgspec.json.decode(intake.events)] == ["new-1", "new-2"]


def test_event_is_known_only_when_it_is_on_disk() -> None:
    service = Service(Settings())
    body = batch(event("a"))
    assert isinstance(service.enter(accepted(service), body), JudgedRequest)
    result, _ = send(service, body)
    assert (result["accepted"], result["duplicate"]) == (1, 0)


def test_same_mid_with_other_content() -> None:
    service = Service(Settings())
    send(service, batch(event("a", ets=1)))
    result, intake = send(service, batch(event("a", ets=2)))
    assert codes(result) == ["mid_conflict"]
    assert intake is not None
    assert intake.refused[0].mid == "a"
    assert intake.refused[0].payload is not None
    result, _ = send(service, batch(event("b", ets=1), event("b", ets=2), event("b", ets=1)))
    assert (result["accepted"], result["duplicate"], codes(result)) == (1, 1, ["mid_conflict"])


def test_hashes_are_fixed_for_good() -> None:
    assert (key_hash("dev", "m1"), content_hash(b"{}")) == (0xDF2D029331CD1410, 0x1349CDE127705C16)
    _, intake = send(Service(Settings()), batch(event("m", ets=1)))
    assert intake is not None
    canonical = judge(msgspec.json.encode(event("m", ets=1)), Profile.V3).canonical
    assert intake.keys == key_hash("c", "m").to_bytes(8, "little") + content_hash(canonical).to_bytes(8, "little")


def test_clock_that_is_days_ahead() -> None:
    ahead = time.time_ns() // 1_000_000 + 2 * DAY
    result, intake = send(Service(Settings()), batch(event("now"), event("later", ets=ahead)))
    assert result["accepted"] == 2
    assert [(warning["index"], warning["mid"], warning["code"]) for warning in result["warnings"]] == [
        (1, "later", "clock_ahead")
    ]
    assert intake is not None
    assert list(intake.warnings) == [1]


def test_channel_of_an_open_door() -> None:
    service = Service(Settings())
    blank = event("blank", context={"env": "e", "pdata": {"id": "p"}})
    _, intake = send(service, batch(blank))
    assert intake is not None
    assert (intake.channel, intake.lenient) == ("dev", True)
    _, intake = send(service, batch(event("named")), x_channel_id="other")
    assert intake is not None
    assert intake.channel == "c"


@pytest.mark.parametrize("name", ["", " ", "a\tb", "\x7f"])
def test_unprintable_names_are_passed_over(name: str) -> None:
    _, intake = send(Service(Settings()), batch(event("m")), x_device_id=name, x_app_id=name)
    assert intake is not None
    assert (intake.device, intake.app) == (None, None)


def test_body_too_large_to_be_judged_at_once() -> None:
    events = [event(f"m{n}", tags=["x" * 3000]) for n in range(900)]
    result, intake = send(Service(Settings()), batch(*events, event("bad", ver=3)))
    assert (result["accepted"], codes(result)) == (900, ["value_not_allowed"])
    assert intake is not None
    assert len(msgspec.json.decode(intake.events)) == 900


def test_many_refused_events_are_all_counted() -> None:
    result, intake = send(Service(Settings()), b"[" + b",".join([b"{}"] * 1000) + b"]")
    assert (result["received"], result["rejected"], len(result["errors"])) == (1000, 1000, 1000)
    assert intake is not None
    assert len(intake.refused) == 1000


ODD: list[Any] = [
    None,
    0,
    -1,
    1e308,
    "",
    " ",
    "\ud800\udc00",
    [],
    {},
    {"eid": "LOG"},
    {"eid": []},
    {"mid": {}, "context": []},
    {"ets": 10**400},
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from(["eid", "ets", "ver", "mid", "actor", "context", "object", "tags", "edata", "more"])


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Batches of events of which some are spoilt, some cut or broken."""
    events: list[Any] = [event(f"m{draw(st.integers(0, 3))}", ets=1) for _ in range(draw(st.integers(0, 4)))]
    for found in events:
        for name in draw(st.lists(FIELDS, max_size=2)):
            found[name] = draw(JSON)
    events += draw(st.lists(JSON, max_size=2))
    body: bytes = draw(st.sampled_from([_envelope, _array, _lines]))(events)
    at = draw(st.integers(0, max(0, len(body) - 1)))
    whole: bytes = draw(st.sampled_from([body, body, body[:at], body[:at] + draw(st.binary(max_size=3)) + body[at:]]))
    return whole


def _envelope(events: list[Any]) -> bytes:
    return batch(*map(msgspec.Raw, map(_safe, events)))


def _array(events: list[Any]) -> bytes:
    return b"[" + b",".join(map(_safe, events)) + b"]"


def _lines(events: list[Any]) -> bytes:
    return b"\n".join(map(_safe, events))


def _safe(value: Any) -> bytes:
    return json.dumps(value).encode()


@given(st.lists(bodies() | st.binary(max_size=50), min_size=1, max_size=3), st.booleans())
@example([b"[" * 100_000], False)
@example([b'{"events":' + b"[" * 5000 + b"]" * 5000 + b"}"], False)
@example([b'{"a":"\\"events":[1]","events":[2]}'], False)
@example([b'{"events":[],"events":[1]}'], False)
@example([b"\xef\xbb\xbf[]"], False)
@example([b'{"events":[{}],"x":[]}'], False)
@example([b'{"eid":"LOG","events":[]}'], True)
def test_books_balance_for_any_body(sent: list[bytes], ndjson: bool) -> None:
    service = Service(Settings())
    for body in sent * 2:
        result, intake = send(service, body, content_type="application/x-ndjson" if ndjson else "application/json")
        if "received" not in result:
            assert result["code"]
            continue
        assert result["received"] == result["accepted"] + result["duplicate"] + result["rejected"]
        if intake is None:
            assert result["received"] == 0
            continue
        stored = msgspec.json.decode(intake.events, type=list[msgspec.Raw])
        assert (len(stored), len(intake.keys)) == (result["accepted"], 16 * result["accepted"])
        assert intake.of == len(stored) + len(intake.repeats) + len(intake.refused)
        indexes = intake.indexes or range(intake.of if not (intake.repeats or intake.refused) else 0)
        others = [repeat.index for repeat in intake.repeats] + [refused.index for refused in intake.refused]
        assert sorted([*indexes, *others]) == list(range(intake.of))


async def _behind(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def _call(app: IngestMiddleware, path: str, *parts: bytes, method: str = "POST") -> tuple[int, bytes]:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request", "body": b"", "more_body": False})
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": [(b"Host", b"localhost")]}
    await app(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


def test_the_same_as_an_asgi_application() -> None:
    async def run() -> None:
        log = MemoryLog(max_bytes=10_000)
        journal = GroupCommit(log, asyncio.get_running_loop())
        app = IngestMiddleware(Service(Settings()), journal, _behind, max_body=20_000)
        body = batch(event("a"))
        status, reply = await _call(app, "/v1/telemetry", body[:20], body[20:])
        assert (status, msgspec.json.decode(reply)["result"]["accepted"]) == (200, 1)
        assert (await _call(app, "/v1/telemetry", method="HEAD")) == (405, b"")
        assert (await _call(app, "/else"))[0] == 418
        assert (await _call(app, "/v1/telemetry", b" " * 20_001))[0] == 413
        large = batch(event("b", tags=["x" * 12_000]))
        assert (await _call(app, "/v1/telemetry", large))[0] == 503
        records = log.read(0, 1 << 20)
        assert [type(record) for record in records] == [Record]
        journal.close()

    asyncio.run(run())
