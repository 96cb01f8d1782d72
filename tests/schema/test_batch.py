"""What may stand around the events, and what a sender is told when nothing can be found."""

import pytest

from footfall.schema.batch import Batch, BatchError, open_body
from footfall.schema.reasons import Reason
from footfall.schema.validation import judge, judge_batch
from footfall.schema.verdict import Profile

from .samples import event, text

ONE = text(event("START"))
TWO = text(event("END"))
NOW = 1795224242107


def texts(body: bytes, *, ndjson: bool = False) -> list[bytes]:
    return open_body(body, ndjson=ndjson).texts()


def refusal(body: bytes, *, ndjson: bool = False) -> BatchError:
    with pytest.raises(BatchError) as caught:
        texts(body, ndjson=ndjson)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        b"[%s,%s]",
        b" \r\n[ %s ,\n %s ] ",
        b"\xef\xbb\xbf[%s,%s]",
        b'{"id":"api.sunbird.telemetry","ver":"3.0","params":{"msgid":"x"},"ets":1,"events":[%s,%s]}',
        b'{"id":"ekstep.telemetry","ver":"1.0","ts":"2026-11-21T10:00:00Z","events":[%s,%s],"params":{"did":"d","key":""}}',
        b'{"id":7,"ver":null,"events":[%s,%s]}',
        b'\xef\xbb\xbf \n{"events" : [%s,%s] }\n',
        b'{"\\u0065vents":[%s,%s]}',
        b'{"params":{"events":[1,2],"x":"\\u00e9"},"events":[%s,%s]}',
        b'{"x":"\\"events\\":[","events":[%s,%s],"y":"]"}',
        b'{"eid":"BATCH","events":[%s,%s]}',
        b'{"ets":1e999,"ts":1e999,"events":[%s,%s]}',
        b'{"x":"\xff","events":[%s,%s]}',
        b'{"x":"\\ud800","events":[%s,%s],"y":[1]}',
        b'{"x":' + b"[" * 3000 + b"]" * 3000 + b',"events":[%s,%s],"y":[1]}',
    ],
)
def test_the_events_are_found_in_every_envelope(body: bytes) -> None:
    assert texts(body % (ONE, TWO)) == [ONE, TWO]


@pytest.mark.parametrize("body", [b"[]", b'{"events":[]}', b'{"events":[ ]}', b" [ ] "])
def test_an_empty_batch_holds_nothing(body: bytes) -> None:
    assert texts(body) == []


def test_one_event_stands_for_itself() -> None:
    batch = open_body(b"\n " + ONE)

    assert [each.strip() for each in batch.texts()] == [ONE]
    assert batch.array is not None
    assert judge_batch(batch.array) is not None


@pytest.mark.parametrize(
    "odd", [b'"\\ud800"', b"[" * 3000 + b"]" * 3000, b'"\xff"', b"1e999"], ids=["surrogate", "deep", "utf8", "huge"]
)
def test_one_odd_event_stands_for_itself(odd: bytes) -> None:
    sent = ONE[:-1] + b',"further":' + odd + b"}"

    (found,) = texts(sent)

    assert found == sent
    assert judge(found, Profile.V3).event is None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.MALFORMED_JSON),
        (b"  \n", Reason.MALFORMED_JSON),
        (b"\xef\xbb\xbf", Reason.MALFORMED_JSON),
        (b"nonsense", Reason.MALFORMED_JSON),
        (b"{", Reason.MALFORMED_JSON),
        (b"[", Reason.MALFORMED_JSON),
        (b'{"events":[', Reason.MALFORMED_JSON),
        (b'{"events":[' + ONE, Reason.MALFORMED_JSON),
        (b'{"events":[' + ONE + b"]", Reason.MALFORMED_JSON),
        (b'{"events":[]}}', Reason.MALFORMED_JSON),
        (b'{"events":[]} []', Reason.MALFORMED_JSON),
        (b"[]{}", Reason.MALFORMED_JSON),
        (b"[" + ONE + b",]", Reason.MALFORMED_JSON),
        (b"[" + ONE + b" " + ONE + b"]", Reason.MALFORMED_JSON),
        (b"\x0b[]", Reason.MALFORMED_JSON),
        (b'"\xff"', Reason.MALFORMED_JSON),
        (b"[1,NaN]", Reason.MALFORMED_JSON),
        (ONE.decode().encode("utf-16"), Reason.MALFORMED_JSON),
        (ONE + b"\n" + TWO, Reason.MALFORMED_JSON),
        (b'{"x":"\\ud800","events":[1', Reason.MALFORMED_JSON),
        (b'{"x":"\\ud800","events":[1]', Reason.MALFORMED_JSON),
        (b'{"x":"\\ud800",7,"events":[1]}', Reason.MALFORMED_JSON),
        (b'{"events":' + b"[" * 100_000, Reason.MALFORMED_JSON),
        (b"7", Reason.NOT_A_BATCH),
        (b'"text"', Reason.NOT_A_BATCH),
        (b"null", Reason.NOT_A_BATCH),
        (b"{}", Reason.NOT_A_BATCH),
        (b'{"id":"x","params":{}}', Reason.NOT_A_BATCH),
        (b'{"id":"x","params":"\\ud800"}', Reason.NOT_A_BATCH),
        (b'{"events":null}', Reason.NOT_A_BATCH),
        (b'{"events":{}}', Reason.NOT_A_BATCH),
        (b'{"events":"[]"}', Reason.NOT_A_BATCH),
        (b'{"events":"\\ud800"}', Reason.NOT_A_BATCH),
    ],
    ids=lambda part: part[:40] if isinstance(part, bytes) else part.code,
)
def test_a_body_without_events_is_refused(body: bytes, reason: Reason) -> None:
    assert refusal(body).reason is reason


@pytest.mark.parametrize(
    "body",
    [
        b'{"events":[%s],"events":[%s]}',
        b'{"events":[%s],"\\u0065vents":[%s]}',
        b'{"\\u0065vents":[%s],"events":[%s]}',
        b'{"events":[%s],"x":"\xff","events":[%s]}',
        b'{"events":[%s],"x":1' + b"0" * 5000 + b',"events":[%s]}',
        b'{"events":[%s],"x":"\\ud800","events":[%s]}',
        b'{"events":[%s],"x":' + b"[" * 985 + b"]" * 985 + b',"events":[%s]}',
        b'{"events":[%s],"x":' + b"[" * 5000 + b"]" * 5000 + b',"events":[%s]}',
    ],
    ids=lambda body: body[:40],
)
def test_two_arrays_of_events_are_refused_since_one_would_be_lost(body: bytes) -> None:
    found = refusal(body % (ONE, TWO))

    assert found.reason is Reason.NOT_A_BATCH
    assert "twice" in str(found)


def test_events_that_speak_of_events_are_no_second_array() -> None:
    inner = text(event("HEARTBEAT", {"events": [{"events": []}], "x": '"events"', "é": "\u00e9"})).replace(
        "é".encode(), b"\\u00e9"
    )

    assert texts(b'{"params":{"events":1},"events":[' + inner + b"," + inner + b"]}") == [inner, inner]


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"events": [\n  {"a": 1},\n  {"a": 1,}\n]}', 3, 11),
        (b'{"events":[\r\n{"a":1}\r\n{"a":1}]}', 3, 1),
        (b"[1, 2", 1, 6),
        (b"", 1, 1),
        (b"\n\n nonsense", 3, 2),
        ('{"é": "😀", x'.encode(), 1, 12),
        (b'\n"a\xff"', 2, 3),
        (b'{"x":"\\ud800",\n"events":[}', 2, 12),
    ],
)
def test_malformed_json_says_line_and_column(body: bytes, line: int, column: int) -> None:
    found = refusal(body)

    assert (found.line, found.column) == (line, column)
    assert str(found).endswith(f"at line {line}, column {column}.")


@pytest.mark.parametrize(
    "bad",
    [
        b"{}",
        b"7",
        b'{"eid":"START"}',
        b'"\\ud800"',
        b'"\xff"',
        b"1e999",
        b"1" + b"0" * 5000,
        b"[" * 3000 + b"]" * 3000,
        b'{"a":1,"a":2}',
        b'{"events":[]}',
    ],
    ids=lambda part: part[:20],
)
@pytest.mark.parametrize("form", [b"[%s]", b'{"id":"x","events":[%s],"params":{}}'])
def test_one_bad_event_never_takes_its_neighbours_along(bad: bytes, form: bytes) -> None:
    batch = open_body(form % b",".join([ONE, bad, TWO]))

    found = batch.texts()

    assert found == [ONE, bad, TWO]
    assert batch.array is not None
    assert judge_batch(batch.array) is None
    assert [judge(each, Profile.SUNBIRD).event is not None for each in found] == [True, False, True]


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n\n\r\n \t\n", b" \n"])
@pytest.mark.parametrize("after", [b"", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf", b"\n"])
def test_ndjson_is_one_event_a_line(before: bytes, between: bytes, after: bytes) -> None:
    assert texts(before + ONE + between + TWO + after, ndjson=True) == [ONE, TWO]


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1e", "\r"])
def test_ndjson_lines_end_with_a_line_feed_and_nothing_else(mark: str) -> None:
    separated = ONE + mark.encode() + TWO

    assert texts(separated, ndjson=True) == [separated]
    assert judge(separated, Profile.V3).findings[0].code == "malformed_line"


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"])
def test_ndjson_strings_may_hold_unicode_line_ends(mark: str) -> None:
    sent = text(event("HEARTBEAT", {"a": f"x{mark}y"}))

    assert texts(sent + b"\n" + ONE, ndjson=True) == [sent, ONE]
    assert judge(sent, Profile.V3).event is not None


@pytest.mark.parametrize("mark", [b"\x0b", b"\x0c", b"\xc2\xa0"])
def test_ndjson_lines_are_trimmed_of_json_white_space_only(mark: bytes) -> None:
    (line,) = texts(mark + ONE, ndjson=True)

    assert judge(line, Profile.V3).event is None


def test_ndjson_takes_any_line_and_lets_the_judge_say_what_is_wrong() -> None:
    lines = texts(b"\n".join([ONE, b"nonsense", b'{"a":', b"\xff", b"\x00", TWO]), ndjson=True)

    verdicts = [judge(line, Profile.V3) for line in lines]

    assert [verdict.event is not None for verdict in verdicts] == [True, False, False, False, False, True]


@pytest.mark.parametrize("body", [b"", b"\n", b" \r\n\r\n"])
def test_ndjson_may_be_empty(body: bytes) -> None:
    assert texts(body, ndjson=True) == []


def test_the_number_of_events_can_be_limited() -> None:
    lines = b"\n".join([ONE] * 3)
    array = b"[" + b",".join([ONE] * 3) + b"]"
    many = b"[" + b"1," * 200_000 + b"1]"

    assert len(open_body(lines, ndjson=True, at_most=3).texts(3)) == len(open_body(array).texts(3)) == 3
    for attempt in (
        lambda: open_body(lines, ndjson=True, at_most=2),
        lambda: open_body(array).texts(2),
        lambda: open_body(many).texts(1000),
    ):
        with pytest.raises(BatchError) as caught:
            attempt()
        assert caught.value.reason is Reason.TOO_MANY_EVENTS


@pytest.mark.parametrize(
    ("envelope", "sent_at"),
    [
        (b'{"ets":1795224242107,"events":[]}', NOW),
        (b'{"ets":1.795224242107E12,"events":[]}', NOW),
        (b'{"ts":"2026-11-21T10:00:00+05:30","events":[]}', 1795235400000),
        (b'{"ets":null,"ts":"2026-11-21T10:00:00+0530","events":[]}', 1795235400000),
        (b'{"ts":"2026-11-21T10:00:00Z","events":[]}', None),
        (b'{"ts":"2026-11-21T10:00:00","events":[]}', None),
        (b'{"ts":"0001-01-01T00:00:00+00:00","events":[]}', None),
        (b'{"ts":"9999-12-31T23:59:59-14:00","events":[]}', 253402351199000),
        (b'{"ts":"yesterday","events":[]}', None),
        (b'{"ts":7,"events":[]}', None),
        (b'{"ets":"1795224242107","events":[]}', None),
        (b'{"ets":true,"events":[]}', None),
        (b'{"ets":1795224242,"events":[]}', None),
        (b'{"ets":-1,"events":[]}', None),
        (b'{"ets":1e300,"events":[]}', None),
        (b'{"ets":1' + b"0" * 400 + b',"events":[]}', None),
        (b'{"ets":1' + b"0" * 5000 + b',"events":[]}', None),
        (b'{"ets":1795224242107,"x":"\\ud800","events":[]}', NOW),
        (b'{"events":[]}', None),
        (b"[]", None),
        (ONE, None),
    ],
    ids=lambda part: part[:48] if isinstance(part, bytes) else str(part),
)
def test_the_senders_clock_is_read_where_it_can_be_trusted(envelope: bytes, sent_at: float | None) -> None:
    assert open_body(envelope).sent_at == sent_at


def test_a_batch_without_anything_is_empty() -> None:
    assert Batch().texts() == []
