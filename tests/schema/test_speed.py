"""Hostile bodies of 5 MB cost about as much as good ones."""

import time
from contextlib import suppress

import pytest

from footfall.schema.batch import BatchError

from .bodies import take
from .samples import event, text

SIZE = 5 << 20
EVENT = 1_000_000
SECONDS = 10.0  # each takes under a second on an idle core; a quadratic one would take minutes
ONE = text(event("LOG"))
FREE = text(event("HEARTBEAT"))


def repeat(part: bytes, size: int = SIZE) -> bytes:
    return part * (size // len(part))


def inside(edata: bytes, of: bytes = FREE) -> bytes:
    return b"[" + of[: of.index(b'"edata":')] + b'"edata":' + edata + b"}]"


def numbered(count: int) -> bytes:
    return b",".join(b'"k%d":%d' % (n, n) for n in range(count))


BODIES = {
    "openings": repeat(b"["),
    "braces": repeat(b"{"),
    "quotes": repeat(b'"'),
    "backslashes": repeat(b"\\"),
    "quoted openings": repeat(b'["'),
    "open backslashes": b'["' + repeat(b"\\") + b'"]',
    "nested objects": repeat(b'{"a":'),
    "white space": repeat(b" "),
    "white space in an array": b"[" + repeat(b" ") + b"]",
    "line feeds": repeat(b"\n"),
    "carriage returns": repeat(b"\r\n"),
    "short lines": repeat(b"1\n"),
    "open envelope": b'{"events":' + repeat(b"["),
    "open envelope of objects": b'{"events":[' + repeat(b'{"a":'),
    "deep element": b'{"events":[' + repeat(b"[", SIZE // 2) + repeat(b"]", SIZE // 2) + b"]}",
    "sawtooth": b'["\\ud800",' + repeat(b"[[],[]],") + b"1]",
    "numbers": b"[" + repeat(b"1,") + b"1]",
    "objects": b"[" + repeat(b"{},") + b"{}]",
    "strings beside a surrogate": b'["\\ud800",' + repeat(b'"",') + b'""]',
    "numbers beside a surrogate": b'["\\ud800",' + repeat(b"1,") + b"1]",
    "surrogates": b'["' + repeat(b"\\ud800") + b'"]',
    "pairs and a surrogate": b'["' + repeat(b"\\ud83d\\ude00") + b'\\ud800"]',
    "escapes and a surrogate": b'["\\ud800","' + repeat(b"\\n") + b'"]',
    "surrogates in many": b"[" + b",".join([b'{"eid":"\\ud800"}'] * 1000) + b"]",
    "surrogates in lines": repeat(b'"\\ud800"\n'),
    "events in strings": b'{"events":[' + repeat(b'"\\"events\\"",', 4096) + b'"' + repeat(b"x") + b'"]}',
    "events in keys": b'{"x":"\\u0061","events":[' + repeat(b'{"events":[]},') + b"1]}",
    "events twice": b'{"events":[],"x":"' + repeat(b"x") + b'","events":[]}',
    "escapes before events": b'{"x":"' + repeat(b"\\u0061") + b'","events":[]}',
    "digits": inside(b'{"a":' + repeat(b"7", EVENT) + b"}"),
    "decimals": inside(b'{"a":0.' + repeat(b"7", EVENT) + b"}"),
    "digits in strings": inside(b'{"a":"' + repeat(b"7", EVENT) + b'"}'),
    "long numbers": inside(b'{"a":[' + repeat(b"7" * 300 + b",", EVENT) + b"1]}"),
    "quotes in strings": inside(b'{"a":"' + repeat(b'\\"', EVENT) + b'\\u0022"}'),
    "large events": b"[" + b",".join([b'{"a":[' + repeat(b'{"b":[]},', EVENT) + b"1]}"] * 5) + b"]",
    "large events in lines": b"\n".join([b'{"a":[' + repeat(b'{"b":[]},', EVENT) + b"1]}"] * 5),
    "unknown fields": inside(b"{" + numbered(60_000) + b"}", ONE),
    "further fields": ONE[:-1].join([b"[", b"," + numbered(60_000) + b"}]"]),
    "repeated fields": inside(b"{" + repeat(b'"a":1,', EVENT) + b'"a":1}'),
    "wrong tags": ONE[:-1].join([b"[", b',"tags":[' + repeat(b"1,", EVENT) + b"1]}]"]),
    "wrong tags in many": b"[" + b",".join([ONE[:-1] + b',"tags":[' + b"1," * 2000 + b"1]}"] * 1000) + b"]",
    "long name": inside(b'{"' + repeat(b"x", EVENT) + b'":1}', ONE),
    "long eid": ONE.replace(b"LOG", repeat(b"x", EVENT)).join([b"[", b"]"]),
    "rejected": b"[" + b",".join([ONE[:-1] + b',"tags":["' + b"x" * 4000 + b'",1]}'] * 1000) + b"]",
}


@pytest.mark.parametrize("ndjson", [False, True])
@pytest.mark.parametrize("name", BODIES)
def test_time_stays_in_proportion(name: str, ndjson: bool) -> None:
    began = time.process_time()
    with suppress(BatchError):
        take(BODIES[name], ndjson=ndjson)

    assert time.process_time() - began < SECONDS
