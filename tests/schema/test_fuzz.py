"""Whatever a sender sends, the answer is a verdict for each event or one BatchError."""

from contextlib import suppress
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

from footfall.schema.batch import BatchError
from footfall.schema.verdict import Profile

from .bodies import take
from .samples import event, text
from .strategies import changed, seeds, valid_event

ONE = text(event("HEARTBEAT", {"é": ["\u2028", 1.5, None]}))
BITS = [
    b'"', b"\\", b"\\u", b"\\ud800", b"\\ude00", b"\\u0022", b"{", b"}", b"[", b"]", b",", b":", b"\x00", b"\xff",
    b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\n", b"\r", b"\x0b", b"\xe2\x80\xa8", b"1e999", b"NaN", b"-", b"0", b"nul",
    b'"events"', b'"eid"', b'"\\u0065vents":[]', b'"events":[', b'"ets":1e999', b"9" * 400, b"[" * 1200, b"]" * 1200,
]  # fmt: skip


ODD = [b'"\\ud800"', b'"\xff"', b"1e999", b"9" * 5000, b"[" * 1100 + b"]" * 1100, b'{"a":1,"a":1}']


def attempt(body: bytes) -> None:
    for ndjson in (False, True):
        for profile in Profile:
            with suppress(BatchError):
                take(body, ndjson=ndjson, profile=profile)


@given(st.binary(max_size=200))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe{\x00}\x00")
@settings(max_examples=300)
def test_any_bytes(body: bytes) -> None:
    attempt(body)


@given(st.lists(st.sampled_from([*BITS, ONE]), max_size=12).map(b"".join))
@settings(max_examples=500)
def test_any_order_of_the_bits_of_json(body: bytes) -> None:
    attempt(body)
    attempt(b'{"events":[' + ONE + b"," + body + b"," + ONE + b"]}")


@given(seeds)
@settings(max_examples=600)
def test_good_bodies_with_bytes_changed(random: Random) -> None:
    events = [text(changed(random, valid_event(random, Profile.V3))) for _ in range(random.randrange(1, 4))]
    form = random.choice([b"%s", b"[%s]", b'{"id":"a","ets":1795224242107,"events":[%s],"params":{"msgid":"m"}}'])
    body = bytearray(form % random.choice([b",", b"\n"]).join(events))
    for _ in range(random.randrange(4)):
        at = random.randrange(len(body) + 1)
        match random.randrange(4):
            case 0:
                body[at:at] = random.choice(BITS)
            case 1:
                body[at : at + 1] = bytes([random.randrange(256)])
            case 2:
                del body[at : at + random.randrange(20)]
            case _:
                body[at:at] = body[random.randrange(len(body) + 1) :][: random.randrange(40)]
    attempt(bytes(body))


@given(seeds)
@settings(max_examples=200)
def test_good_events_beside_any_bad_one_are_accepted(random: Random) -> None:
    bad = text(changed(random, valid_event(random, Profile.SUNBIRD)))
    if random.random() < 0.5:
        bad = b'{"odd":%s,"event":%s}' % (random.choice(ODD), bad)
    forms = [b"[%s,%s,%s]", b'{"events":[%s,%s,%s]}', b"%s\n%s\n%s"]

    for form in forms:
        verdicts = take(form % (ONE, bad, ONE), ndjson=form.startswith(b"%s"))
        assert [verdict.event is not None for verdict in (verdicts[0], verdicts[-1])] == [True, True]
        assert len(verdicts) == 3
