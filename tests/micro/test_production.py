"""What a sender is told by footfall micro is what a collector tells it."""

import gzip
import json
import os
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
import zstandard

from footfall.collector.request import PATHS
from footfall.micro.server import running
from tests.micro.sending import PATH, client, encode, event

EVENTS = encode(event(mid="a"), event("START", mid="b"))
ODD = encode(
    event(mid="c"),
    event(mid="c"),
    event(mid="c", ets=5),
    event(mid="d", edata={"type": "CLICK"}),
    event("RESPONSE", mid="e", edata={"qid": "1", "type": "CHOOSE", "values": []}),
    {"eid": "HARTBEAT"},
    7,
    "x" * (1 << 20),
)
ORIGIN = {"origin": "https://school.example"}

Case = tuple[str, str, dict[str, str], bytes]

CASES: dict[str, Case] = {
    "batch": ("POST", PATH, {}, EVENTS),
    "resent": ("POST", PATH, ORIGIN, EVENTS),
    "odd events": ("POST", PATH, {}, ODD),
    "beacon": ("POST", PATH, {"content-type": "text/plain;charset=UTF-8"} | ORIGIN, encode(event(mid="f"))),
    "ndjson": (
        "POST",
        PATH,
        {"content-type": "application/x-ndjson"},
        json.dumps(event(mid="g")).encode() + b"\n\n{]\n",
    ),
    "array": ("POST", PATH, {}, json.dumps([event(mid="h")]).encode()),
    "one event": ("POST", PATH, {}, json.dumps(event(mid="i")).encode()),
    "named by headers": ("POST", PATH, {"x-channel-id": "other", "x-device-id": "d"}, encode(event(mid="j"))),
    "nothing": ("POST", PATH, {}, b""),
    "no events": ("POST", PATH, {}, encode()),
    "not JSON": ("POST", PATH, ORIGIN, b'{"events": [\n{]}'),
    "no batch": ("POST", PATH, {}, b'{"a": 1}'),
    "a form": ("POST", PATH, {"content-type": "application/x-www-form-urlencoded"}, b"a=1"),
    "too many": ("POST", PATH, {}, encode(*[{}] * 1001)),
    "unknown coding": ("POST", PATH, {"content-encoding": "compress"}, EVENTS),
    "corrupt gzip": ("POST", PATH, {"content-encoding": "gzip"}, gzip.compress(EVENTS)[:-9]),
    "a bomb": ("POST", PATH, {"content-encoding": "gzip"}, gzip.compress(bytes(21 << 20))),
    "foreign name": ("POST", PATH, {"host": "evil.example"}, EVENTS),
    "preflight": ("OPTIONS", PATH, ORIGIN | {"access-control-request-method": "POST"}, b""),
    "wrong method": ("GET", PATH, ORIGIN, b""),
    "head": ("HEAD", PATH, {}, b""),
    "glued path": ("POST", "//data//v3/telemetry/", {}, encode(event(mid="k"))),
}
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder: Path = tmp_path_factory.mktemp("collector")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "footfall.services", "collector", "--fd", str(listener.fileno())],
            env={**os.environ, "FOOTFALL_DATA": str(folder), "FOOTFALL_LOG_LEVEL": "error"},
            pass_fds=(listener.fileno(),),
        )
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with client(url) as http:
        yield http
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture(scope="module")
def micro() -> Iterator[httpx.Client]:
    with running() as url, client(url) as http:
        yield http


def answer(http: httpx.Client, case: Case) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body, but for times and ids."""
    method, path, headers, body = case
    reply = http.request(
        method, f"{http.base_url}{path}", headers={"content-type": "application/json"} | headers, content=body
    )
    told = reply.json() if reply.content else None
    if told:
        del told["ts"], told["params"]["resmsgid"]
    return reply.status_code, dict(reply.headers), told


@pytest.mark.parametrize("name", CASES)
def test_the_reply_is_the_collectors(name: str, collector: httpx.Client, micro: httpx.Client) -> None:
    assert answer(micro, CASES[name]) == answer(collector, CASES[name])


@pytest.mark.parametrize("path", PATHS)
def test_every_path_of_the_collector_takes_events(path: str, collector: httpx.Client, micro: httpx.Client) -> None:
    case: Case = ("POST", path, {}, encode(event(mid=path)))
    status, _, told = answer(micro, case)
    assert (status, told["result"]["accepted"]) == (200, 1)
    assert answer(collector, case)[2] == told


@pytest.mark.parametrize("coding", CODINGS)
def test_every_encoding_of_the_collector_is_read(coding: str, collector: httpx.Client, micro: httpx.Client) -> None:
    case: Case = ("POST", PATH, {"content-encoding": coding}, CODINGS[coding](encode(event(mid=coding))))
    status, _, told = answer(micro, case)
    assert (status, told["result"]["accepted"]) == (200, 1)
    assert answer(collector, case)[2] == told
