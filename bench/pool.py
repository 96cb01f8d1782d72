"""Requests for the load generator: templates in which it writes fresh mids and times, in place."""

import random
import re
from pathlib import Path

from msgspec import Struct

from bench.events import COUNTER, TIME, event, text

_EVENTS = 2000
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0",
)
_SLOTS = re.compile(rb'(?P<ets>(?<="ets":)%d)|(?P<number>%s)' % (TIME, re.escape(COUNTER.encode())))


class Pool(Struct, frozen=True):
    """Files that the load generator reads, and what it sends from them. `size` is the mean size of an event."""

    requests: Path
    index: Path
    run: str
    batch: int
    size: float


def make(folder: Path, port: int, *, run: str, batch: int) -> Pool:
    """Write some 2,000 different events as requests of so many events; `run` is 16 hex digits that no other run has."""
    chance = random.Random(batch)
    requests, lines, size = [], [], 0
    for _ in range(max(4, _EVENTS // batch)):
        events = [event(chance, run) for _ in range(batch)]
        size += sum(map(len, events))
        request = _request(port, events, chance)
        requests.append(request)
        lines.append(_slots(request))
    pool = Pool(folder / f"{run}.requests", folder / f"{run}.index", run, batch, size / len(requests) / batch)
    pool.requests.write_bytes(b"".join(requests))
    pool.index.write_text("\n".join(lines) + "\n")
    return pool


def _request(port: int, events: list[bytes], chance: random.Random) -> bytes:
    msgid = f"{chance.getrandbits(128):032x}"
    head = {"id": "api.sunbird.telemetry", "ver": "3.0", "params": {"msgid": msgid}, "ets": TIME}
    body = text(head)[:-1] + b',"events":[' + b",".join(events) + b"]}"
    lines = (
        "POST /v1/telemetry HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        f"User-Agent: {chance.choice(_AGENTS)}",
        "Accept: */*",
        "Content-Type: application/json",
        "x-app-id: prod.sunbird.portal",
        f"x-device-id: {chance.getrandbits(128):032x}",
        f"Content-Length: {len(body)}",
        "\r\n",
    )
    return "\r\n".join(lines).encode() + body


def _slots(request: bytes) -> str:
    """One line: the request's length, then t or n and a place for each time and each number to write."""
    found = (f"{'t' if slot['ets'] else 'n'} {slot.start()}" for slot in _SLOTS.finditer(request))
    return " ".join((str(len(request)), *found))
