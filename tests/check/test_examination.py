"""The check says what the collector would, whichever way it reads; plans are recognised, whatever is skipped."""

from random import Random
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.check.chunk import Chunk
from footfall.check.examine import Brief, Examiner, Found
from footfall.check.plans import chosen
from footfall.check.prefilter import Prefilter
from footfall.check.reader import Reader
from footfall.check.report import Report
from footfall.plans.matching import Matcher
from footfall.plans.registry import shipped
from footfall.schema import events
from footfall.schema.schemas import EIDS
from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from tests.plans.examples import EXAMPLES
from tests.schema.samples import GOOD, MINIMAL
from tests.schema.samples import event as sample
from tests.schema.strategies import valid_event, value

from .texts import event, text

PLANS = chosen([])
BAD: list[Any] = [
    {},
    {"eid": "NOPE"},
    {"eid": ["START"]},
    {"eid": "LOG"},
    event(ver="2"),
    event(ets="now"),
    event(extra=1, context={"channel": "c", "env": "e"}),
    12,
    "LOG",
    None,
]


def examined(data: bytes, brief: Brief | None = None, *, loosely: bool = False) -> list[Report]:
    examiner = Examiner(brief or Brief(plans=PLANS, loosely=loosely))
    found = [examiner.examine(chunk) for chunk in Reader("f", iter([data]), loosely=loosely).chunks()]
    assert sum(one.count for one in found) == sum(one.tally.events for one in found)
    return [report for one in found for report in reports(one)]


def reports(found: Found) -> list[Report]:
    decoder = msgspec.json.Decoder(Report)
    return [decoder.decode(line) for line in found.reports.splitlines()]


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("form", ["%s\n", "[%s]"])
def test_the_verdict_is_the_collectors(profile: Profile, form: str) -> None:
    nested = [[event()]] if "[" in form else []
    texts = [text(one) for one in [*GOOD, *BAD, *nested]]
    separator = b"," if "[" in form else b"\n"
    found = examined(form.encode() % separator.join(texts), Brief(profile))
    assert len(found) == len(texts)
    for report, one in zip(found, texts, strict=True):
        verdict = judge(one, profile)
        assert (report.verdict == "rejected") == (verdict.event is None)
        codes = [(finding.code, finding.path, finding.message) for finding in verdict.findings]
        assert [(note.code, note.path, note.message) for note in report.findings] == codes
        assert {note.level for note in report.findings} <= {"error" if verdict.event is None else "warning"}


@given(st.lists(st.randoms(use_true_random=True), max_size=5), st.booleans())
def test_good_events_are_reported_alike_in_stretches_and_one_by_one(randoms: list[Random], keeps_all: bool) -> None:
    made = [text(valid_event(random, Profile.SUNBIRD)) for random in randoms]
    brief = Brief(plans=PLANS, keeps_all=keeps_all)
    together = examined(b"\n".join(made), brief)
    alone = [report for number, one in enumerate(made) for report in moved(examined(one, brief), number)]
    assert together == alone


def moved(found: list[Report], number: int) -> list[Report]:
    for report in found:
        by = number - report.index
        report.line, report.index = report.line + by, number
        for note in report.findings:
            note.line += by
    return found


_SHAPES = {str(shape.__struct_config__.tag): shape for shape in get_args(events.AnyEvent)}
FREE = [
    "signup",
    "signin",
    "otp",
    "session",
    "app",
    "api_access",
    "submit-signup",
    "google",
    "User",
    "Service",
    "video",
]


@given(st.sampled_from(EIDS), st.randoms(use_true_random=True))
def test_no_event_that_is_a_step_falls_through_the_sieve(eid: str, random: Random) -> None:
    made = sample(eid)
    made["context"]["env"] = random.choice(FREE)
    made["edata"] = {
        key: random.choice(FREE) if isinstance(one, str) and random.random() < 0.7 else one
        for key, one in {**MINIMAL[eid], **random.choice([{}, {"pageid": "signup"}, {"mode": "self"}])}.items()
    }
    if random.random() < 0.3:
        made["object"] = {"type": random.choice(FREE)}
    _is_let_through(made)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.ref)
def test_no_documented_step_falls_through_the_sieve(example: Any) -> None:
    _is_let_through(example.event)


def _is_let_through(made: dict[str, Any]) -> None:
    try:
        decoded = msgspec.convert(made, _SHAPES[made["eid"]])
    except msgspec.ValidationError:
        return
    for plans in (PLANS, shipped()):
        if Matcher(plans).match(made) is not None:
            assert Prefilter(plans).passes(made["eid"], decoded)


def test_lines_that_are_not_what_they_look_like_are_found_out() -> None:
    one = text(event())
    data = one + b"\n\n" + one + one + b"\n" + b'{"events":[' + one + b"," + one + b"]}\n{bad}\n" + one
    found = examined(data)
    assert [report.verdict for report in found] == ["accepted"] * 5 + ["rejected", "accepted"]
    assert [report.line for report in found] == [1, 3, 3, 4, 4, 5, 6]
    assert [report.index for report in found] == list(range(7))


@pytest.mark.parametrize(
    ("data", "line", "column", "message"),
    [
        (b'{"eid": "LOG",}', 1, 15, "Not JSON: trailing comma in object."),
        (b'\n\n  {"eid":\n    @}', 4, 5, "Not JSON: invalid character."),
        ('{"é": 1, "b": }'.encode(), 1, 15, "Not JSON: invalid character."),
        (b"[1 2]", 1, 4, "Not JSON: a comma is missing."),
        (b'{"a": "\xff"}', 1, 1, "The event holds bytes that are not UTF-8."),
        (b'{"a": "\\ud800"}', 1, 1, "A string holds half of a surrogate pair, which no Unicode text can hold."),
        (b'{"a": 1, "a": 2}', 1, 1, "The key 'a' stands twice."),
        (b'{"a": 1e999}', 1, 1, "A number is too large for a double."),
        (
            b'{"eid": "HEARTBEAT", "edata": ' + b'{"a":' * 300 + b"1" + b"}" * 301,
            1,
            1,
            "The event is nested too deeply.",
        ),
        (b'{"eid": "' + b"x" * (1 << 20) + b'"}', 1, 1, "The event is larger than the limit for one event."),
    ],
)
def test_what_cannot_be_read_says_where(data: bytes, line: int, column: int, message: str) -> None:
    notes = [note for report in examined(data) for note in report.findings if note.code != "not_an_object"]
    assert [(note.line, note.column, note.message) for note in notes] == [(line, column, message)]


def test_a_finding_has_the_line_of_what_it_is_about() -> None:
    made = event(ets="now", edata={"type": "t", "level": "l", "message": "m", "odd": [{"x": 1}]})
    made["context"]["cdata"] = [{"type": "t", "id": 1}]
    data = b"\n" + text(made, indent=2)
    (report,) = examined(data)
    lines = data.decode().split("\n")
    told = {note.path: lines[note.line - 1].strip() for note in report.findings}
    assert told == {"$.ets": '"ets": "now",', "$.context.cdata[0].id": '"id": 1', "$.edata.odd": '"odd": ['}


def test_a_repaired_document_is_judged_and_the_repairs_are_told() -> None:
    data = text(event(ets="now"), indent=2).replace(b'"id": "a",', b'"id": <id>, // who')
    (report,) = examined(data, loosely=True)
    assert report.verdict == "rejected"
    assert [(note.code, note.level, note.path) for note in report.findings] == [
        ("bare_placeholder", "warning", "$.actor.id"),
        ("comment", "warning", "$.actor"),
        ("wrong_type", "error", "$.ets"),
    ]
    assert [note.line for note in report.findings] == [7, 7, 3]


def test_without_documents_allowed_the_same_is_malformed() -> None:
    data = text(event(), indent=2).replace(b'"id": "a",', b'"id": <id>, // who')
    (report,) = examined(data)
    assert [(note.code, note.line, note.column) for note in report.findings] == [("malformed_json", 7, 11)]


def test_examples_are_completed_with_what_every_sender_adds() -> None:
    data = b'{"eid": "LOG", "ets": <ms>, "context": {"channel": "c", "env": "e", "pdata": {"id": "p"}}, "edata": %s}'
    bare = data % text(event()["edata"])
    assert {note.path for note in examined(bare, loosely=True)[0].findings if note.level == "error"} == {
        "$.ets",
        "$.ver",
        "$.mid",
        "$.actor",
    }
    completed = examined(bare * 2, Brief(plans=PLANS, loosely=True, fills=True), loosely=True)
    assert [{note.code for note in report.findings} for report in completed] == [{"bare_placeholder"}] * 2
    assert [report.mid for report in completed] == ["LOG:0", "LOG:1"]


def test_what_a_document_says_is_not_filled_over() -> None:
    one = event(7)
    (report,) = examined(text(one), Brief(fills=True))
    assert (report.mid, report.verdict) == ("m7", "accepted")


def test_placeholders_earn_no_remark_of_a_plan_in_documents_only() -> None:
    made = next(example.event for example in EXAMPLES if example.ref == "S3")
    made = made | {"edata": made["edata"] | {"extra": {"contactType": "<email / phone>"}}}
    assert [report.verdict for report in examined(text(made), loosely=True)] == ["accepted"]
    assert [note.code for note in examined(text(made))[0].findings] == ["unexpected_value"]


def test_plans_named_are_the_only_ones_tried() -> None:
    made = text(next(example.event for example in EXAMPLES if example.ref == "S1"))
    assert [(report.plan, report.step) for report in examined(made)] == [("signup", "opened")]
    assert [report.plan for report in examined(made, Brief(plans=chosen(["google-signin"])))] == [None]


@given(st.randoms(use_true_random=True))
def test_nothing_a_sender_can_send_makes_it_fail(random: Random) -> None:
    data = b"\n".join(text(value(random)) for _ in range(5))
    assert len(examined(data, Brief(plans=PLANS, follows=True))) >= 1


def test_a_chunk_can_be_sent_to_another_process() -> None:
    import pickle

    for chunk in Reader("f", iter([text(event()) + b"\n{bad}\n// x\n"]), loosely=True).chunks():
        assert isinstance(pickle.loads(pickle.dumps(chunk)), Chunk)
    brief = pickle.loads(pickle.dumps(Brief(plans=PLANS)))
    assert [plan.plan for plan in brief.plans] == [plan.plan for plan in PLANS]


@pytest.mark.parametrize(
    ("eid", "hint"),
    [
        ("LEVEL_SET", "V3 has no LEVEL_SET: send INTERACT with the edata.type LEVEL_SET."),
        ("PLUGIN_LIFECYCLE", "V3 has no PLUGIN_LIFECYCLE: send INTERACT with the edata.type PLUGIN_LIFECYCLE."),
        ("ACCESS", "V3 has no ACCESS: send LOG with the edata.type api_access."),
        ("APP_UPDATE", "V3 has no APP_UPDATE: send LOG with the edata.type app_update."),
        ("SCAN", "V3 has no SCAN: send INTERACT with the edata.type scan."),
    ],
)
def test_an_event_of_an_older_name_is_told_the_newer_one(eid: str, hint: str) -> None:
    (report,) = examined(text(event(eid=eid)))
    assert report.verdict == "rejected"
    assert [(note.code, note.hint) for note in report.findings if note.code == "unknown_event"] == [
        ("unknown_event", hint)
    ]


@pytest.mark.parametrize(
    ("name", "canonical"), [("sign-in.traditional", "signin.traditional"), ("event_create", "entity_create")]
)
def test_a_type_by_its_other_name_is_that_type(name: str, canonical: str) -> None:
    (report,) = examined(text(sample("AUDIT") | {"edata": {"type": name}}))
    assert (report.plan, report.step) == ("identity", canonical)


def test_a_payload_that_does_not_fit_is_a_warning_on_its_path() -> None:
    data = text({"event_type": "video", "event_data": {"video_id": 7, "colour": "red"}}).decode()
    lms = sample("EXDATA") | {"edata": {"type": "video", "data": data}}
    for made in (text(lms), text(lms, indent=1)):
        (report,) = examined(made)
        assert (report.verdict, report.plan, report.step) == ("warned", "lms", "video")
        assert [(note.code, note.path, note.level, note.plan) for note in report.findings] == [
            ("unexpected_value", "$.edata.data.event_data.video_id", "warning", "lms"),
            ("missing_value", "$.edata.data.event_data.video_event_type", "warning", "lms"),
            ("unknown_value", "$.edata.data.event_data.colour", "warning", "lms"),
        ]
        line = next(number for number, one in enumerate(made.split(b"\n"), 1) if b'"data"' in one)
        assert {note.line for note in report.findings} == {line}


ODD = {"type": "view", "pageid": "p", "uri": "/", "itype": "SWIPE"}


@given(st.randoms(use_true_random=True))
def test_what_is_wrong_in_a_long_stretch_changes_nothing_for_what_stands_beside_it(random: Random) -> None:
    kinds = {
        "accepted": lambda number: text(event(number, tags=["x" * 300])),
        "rejected": lambda number: random.choice([b"{bad}", text(event(number, ets="now")), b'{"eid": "LOG"}']),
        "warned": lambda number: text(event(number, eid="IMPRESSION", edata=ODD)),
    }
    told = random.choices(list(kinds), [95, 3, 2], k=150)
    lines = [kinds[kind](number) for number, kind in enumerate(told)]
    gaps = random.choices([b"\n", b"\n\n", b"\r\n", b""], [90, 4, 4, 2], k=150)
    gaps = [gap or b"\n" if kind == "rejected" else gap for gap, kind in zip(gaps, told, strict=True)]
    data = b"".join(line + gap for line, gap in zip(lines, gaps, strict=True))
    found = examined(data)
    assert [report.verdict for report in found] == told
    assert [report.index for report in found] == list(range(150))
    starts = [1 + sum(gap.count(b"\n") for gap in gaps[:at]) for at in range(150)]
    assert [report.line for report in found] == starts


def test_a_value_of_many_lines_among_lines_is_not_cut() -> None:
    many = text(event(0, tags=["x" * 900] * 30), indent=1)
    data = b"\n".join([text(event(n, tags=["x" * 900])) for n in range(20)] + [many, b"{bad}", many, many])
    found = examined(data)
    assert [report.verdict for report in found] == ["accepted"] * 21 + ["rejected"] + ["accepted"] * 2


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_two_events_in_one_line_are_two(end: bytes) -> None:
    one = text(event())
    found = examined(end.join([one, one + one, b' {"eid":\n' + one[8:], one]))
    assert [(report.verdict, report.line) for report in found] == [("accepted", at) for at in (1, 2, 2, 3, 5)]
