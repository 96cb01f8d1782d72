"""What one tenant with a good key can send to make a server suffer; each attack runs in a process of its own."""

import gzip
import json
import socket
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle
from multiprocessing.queues import Queue

import brotli
import zstandard

from tests.torture.clients import event

_CONNECTIONS = 8
_SLOW_CONNECTIONS = 40
_TIMEOUT_S = 20
_PATIENCE_S = 0.5  # with answers that are still to come at the end
_LARGEST = (5 << 20) - 4096
_INFLATED = 19 << 20
_CHUNK = 2048

Bodies = list[tuple[bytes, str]]


def _around(value: bytes, mid: bytes = b"m") -> bytes:
    """An event that is good but for what its free part holds."""
    return json.dumps(event("MID")).encode().replace(b'"' + b"x" * 400 + b'"', value).replace(b"MID", mid)


def _batch(*events: bytes) -> bytes:
    return b'{"events":[' + b",".join(events) + b"]}"


def _filled(piece: bytes, size: int = _LARGEST) -> bytes:
    return b"[" + piece * (size // len(piece)) + b"1]"


def _bombs() -> Bodies:
    objects = _batch(_around(_filled(b"[],", _INFLATED)))
    spread = _batch(*[_around(_filled(b"[],", 20_000), b"b%d" % number) for number in range(900)])
    blanks = b" " * (40 << 20)
    return [
        (gzip.compress(objects), "gzip"),
        (gzip.compress(spread), "gzip"),
        (gzip.compress(blanks, 1), "gzip"),
        (zlib.compress(objects), "deflate"),
        (brotli.compress(spread, quality=3), "br"),
        (zstandard.compress(objects), "zstd"),
    ]


def _refused() -> Bodies:
    wrong = json.dumps({"eid": "INTERACT", "edata": {f"k{number}": [number] for number in range(330)}}).encode()
    return [(_batch(*[wrong] * (_LARGEST // (len(wrong) + 1))), ""), (_batch(*[b'{"eid":"START"}'] * 1000), "")]


def _deep() -> Bodies:
    deep = _around(b"[" * 800 + b"]" * 800)
    return [(b'{"events":[' + b"[" * _LARGEST, ""), (_batch(*[deep] * 1000), ""), (b'{"a":' * 900_000, "")]


def _tiny() -> Bodies:
    return [(_batch(*[b"{}"] * 1000), ""), (_filled(b"{},"), ""), (_filled(b"1,"), ""), (b'{"a":1}\n' * 1000, "")]


def _strings() -> Bodies:
    long = b'"' + b"y" * 1_000_000 + b'"'
    emoji = b'"' + "\U0001f600".encode() * 250_000 + b'"'
    named = _around(b"1", b"z" * 1_000_000)
    odd = json.dumps({"eid": "e" * 300_000, "mid": "m" * 300_000, "k" * 300_000: 1}).encode()
    return [(_batch(*[text] * 4), "") for text in (_around(long), _around(emoji), named, odd)]


def _keys() -> Bodies:
    twice = _around(b"{" + b",".join([b'"k":1'] * 500) + b"}")
    many = _around(b"{" + b",".join(b'"%d":1' % number for number in range(9000)) + b"}")
    return [(_batch(*[twice] * 1000), ""), (_batch(*[many] * 40), ""), (b'{"events":[1],' * 300_000, "")]


def _digits() -> Bodies:
    return [(_batch(*[_around(b"9" * 4000)] * 1000), ""), (_batch(*[_around(b"9" * 900_000)] * 5), "")]


def _clean() -> Bodies:
    return [(_batch(*[_around(b"1", b"c%d.%d" % (batch, n)) for n in range(1000)]), "") for batch in range(20)]


ATTACKS: dict[str, Callable[[], Bodies]] = {
    "bombs": _bombs,
    "refused": _refused,
    "deep": _deep,
    "tiny": _tiny,
    "strings": _strings,
    "keys": _keys,
    "digits": _digits,
    "clean": _clean,
    "slow": _refused,
    "unread": _refused,
}


def attack(port: int, key: str, name: str, seconds: float, told: "Queue[Counter[int]]") -> None:
    """Send what an attack has for so many seconds, from several connections; tells how often which status came."""
    requests = [_request(body, encoding, key) for body, encoding in ATTACKS[name]()]
    statuses: Counter[int] = Counter()
    until = time.monotonic() + seconds
    act = {"slow": _drip, "unread": _ignore}.get(name, _press)
    number = _SLOW_CONNECTIONS if name in ("slow", "unread") else _CONNECTIONS
    threads = [threading.Thread(target=act, args=(port, requests, until, statuses), daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, until + _PATIENCE_S - time.monotonic()))
    told.put(statuses.copy())


def _request(body: bytes, encoding: str, key: str) -> bytes:
    coded = f"content-encoding: {encoding}\r\n" if encoding else ""
    kind = "application/x-ndjson" if body.startswith(b'{"a":1}\n') else "application/json"
    head = f"authorization: Bearer {key}\r\ncontent-type: {kind}\r\n{coded}content-length: {len(body)}"
    return f"POST /v1/telemetry HTTP/1.1\r\nhost: localhost\r\n{head}\r\n\r\n".encode() + body


def _press(port: int, requests: list[bytes], until: float, statuses: "Counter[int]") -> None:
    """One request after the other, whatever is answered, Retry-After or not."""
    for request in cycle(requests):
        if time.monotonic() > until:
            return
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as line:
            with suppress(ConnectionError):
                line.sendall(request)
            statuses[_status(line)] += 1


def _drip(port: int, requests: list[bytes], until: float, statuses: "Counter[int]") -> None:
    """A body that takes as long as it may."""
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as line:
            for at in range(0, len(requests[0]), _CHUNK):
                line.sendall(requests[0][at : at + _CHUNK])
                if time.monotonic() > until:
                    break
                time.sleep(0.02)
            statuses[0] += 1


def _ignore(port: int, requests: list[bytes], until: float, statuses: "Counter[int]") -> None:
    """Requests whose answers nobody reads."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while time.monotonic() < until:
            with suppress(TimeoutError):
                line.sendall(requests[-1])
                statuses[0] += 1


def _status(line: socket.socket) -> int:
    head = line.recv(65536)
    return int(head[9:12]) if head[:5] == b"HTTP/" else 0
