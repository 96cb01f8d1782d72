"""Bodies of every kind of nonsense: no 500, no crash, no growth."""

import gzip
import http.client
import json
import random
import time
import zlib
from collections import Counter
from copy import deepcopy
from urllib.parse import urlsplit

import psutil
from msgspec import Struct

from tests.serving import Served
from tests.torture.clients import event

_VALUES: tuple[object, ...] = (
    *(None, True, -1, 0, 1e308, 10**40, "", "x", "\0", "\ud800", "é" * 300, "1e999"),
    *([], {}, [[]], {"a": {"b": []}}, [None] * 50),
)
_SCRAPS = (
    *(
        b"",
        b"{",
        b"[",
        b"]",
        b"}",
        b'"',
        b"\\",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"1e999",
        b"NaN",
        b"-",
        b"\\ud800",
        b"\n",
    ),
    *(b"[" * 5000, b'{"events":' * 50, b'{"a":' * 3000, b'"events":[],', b",", b"9" * 500),
)
_TYPES = ("application/json", "text/plain", "application/x-ndjson", "application/json; charset=utf-16", "", "a/b")
_ENCODINGS = ("", "", "", "gzip", "deflate", "br", "zstd", "gzip, gzip", "nonsense")
_LONGEST_ANSWER_S = 20


class Outcome(Struct, frozen=True):
    """What came back; `growth` is the collectors' memory at the end against that after the first fifth."""

    requests: int
    statuses: dict[int, int]
    growth: float
    restarted: bool

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, answers {self.statuses}, memory x{self.growth:.2f}, restarted: {self.restarted}"
        )

    @property
    def is_clean(self) -> bool:
        """Whether nothing broke."""
        return not self.restarted and not any(code in self.statuses for code in (500, 502, 504)) and self.growth < 1.5


def fuzz(served: Served, seconds: float, seed: int = 1) -> Outcome:
    """Send bodies, structured and raw, for so many seconds."""
    chance = random.Random(seed)
    statuses: Counter[int] = Counter()
    before = served.children()
    place = urlsplit(served.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=_LONGEST_ANSWER_S)
    start = time.monotonic()
    early = 0.0
    while (spent := time.monotonic() - start) < seconds:
        statuses[_send(connection, chance)] += 1
        if not early and spent > seconds / 5:
            early = _memory(served)
    growth = _memory(served) / (early or 1)
    connection.close()
    return Outcome(statuses.total(), dict(sorted(statuses.items())), growth, served.children() != before)


def _send(connection: http.client.HTTPConnection, chance: random.Random) -> int:
    """The status of one request; a connection that the server closes counts as none."""
    body = _body(chance)
    headers = {"Content-Type": chance.choice(_TYPES)}
    encoding = chance.choice(_ENCODINGS)
    if encoding:
        headers["Content-Encoding"] = encoding
        body = _encode(body, encoding, chance)
    try:
        connection.request("POST", "/v1/telemetry", body, headers)
        answer = connection.getresponse()
        answer.read()
    except (ConnectionError, http.client.RemoteDisconnected, http.client.BadStatusLine, http.client.CannotSendRequest):
        connection.close()
        return 0
    return answer.status


def _encode(body: bytes, encoding: str, chance: random.Random) -> bytes:
    if chance.random() < 0.3:
        return body
    packed = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
    return packed[: chance.randrange(len(packed))] if chance.random() < 0.3 else packed


def _body(chance: random.Random) -> bytes:
    kind = chance.random()
    if kind < 0.2:
        return b"".join(chance.choice(_SCRAPS) for _ in range(chance.randrange(8)))
    events = [_mutated(chance) for _ in range(chance.randrange(1, 6))]
    body = json.dumps(chance.choice([{"events": events}, events, events[0], {"events": events[0]}])).encode()
    if kind < 0.5:
        body = _scrambled(body, chance)
    return body


def _mutated(chance: random.Random) -> object:
    found = event(f"fuzz:{chance.randrange(1000)}")
    for _ in range(chance.randrange(4)):
        place: dict[str, object] = found
        while chance.random() < 0.5:
            inner = [value for value in place.values() if isinstance(value, dict)]
            if not inner:
                break
            place = chance.choice(inner)
        name = chance.choice([*place, "new", ""])
        if chance.random() < 0.3:
            place.pop(name, None)
        else:
            place[name] = deepcopy(chance.choice(_VALUES))
    return found


def _scrambled(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    choice = chance.random()
    if choice < 0.3:
        return body[:at]
    if choice < 0.7:
        return body[:at] + chance.choice(_SCRAPS) + body[at:]
    return body[:at] + chance.randbytes(1 + at % 5) + body[at + 1 :]


def _memory(served: Served) -> float:
    """Proportional memory of the collectors."""
    return float(sum(psutil.Process(pid).memory_full_info().pss for pid in served.children()["collector"]))
