"""With a plan named, flows are followed from start to end, and what they lack stands with the events it is about."""

from typing import Any

import msgspec

from footfall.check.examine import Brief
from footfall.check.plans import chosen
from footfall.check.report import Report
from footfall.check.run import Summary, check
from tests.plans.examples import EXAMPLES

BY_REF = {example.ref: example.event for example in EXAMPLES}
START = 1_795_224_242_000


class Kept:
    """Keeps what a check prints."""

    def __init__(self) -> None:
        self.reports: list[Report] = []

    def write(self, reports: bytes) -> None:
        self.reports += map(msgspec.json.Decoder(Report).decode, reports.splitlines())

    def end(self, summary: Summary) -> None:
        assert summary.tally.events == len(self.reports)


def flow(refs: str, name: str, start: int = START) -> list[dict[str, Any]]:
    """Samples by their rows as one flow of its own, a second apart."""
    made = []
    for number, ref in enumerate(refs.split()):
        event = msgspec.json.decode(msgspec.json.encode(BY_REF[ref]))
        event |= {"ets": start + 1000 * number, "mid": f"{name}:{number}"}
        event["context"]["sid"] = name
        if ref not in ("A1", "A2"):
            event["context"]["cdata"][0]["id"] = name
        made.append(event)
    return made


def followed(tmp_path: Any, events: list[dict[str, Any]], *plans: str) -> tuple[list[Report], Summary]:
    path = tmp_path / "events.json"
    path.write_bytes(msgspec.json.encode(events))
    kept = Kept()
    brief = Brief(plans=chosen(plans), follows=True)
    summary = check([str(path)], brief, 1, kept, lambda *_: None)
    return kept.reports, summary


def told(summary: Summary) -> dict[str, tuple[str, list[str]]]:
    return {one.id: (one.outcome, one.missing) for one in summary.flows or ()}


def test_each_flow_has_its_outcome_whatever_the_order_of_the_events(tmp_path: Any) -> None:
    events = [
        *flow("S1 S2 S3 S4 S5 S9", "one"),
        *flow("S1 S2 S3 S7 S9", "two"),
        *flow("S1 S2 S3 S4 S5 SL3 S9", "three"),
    ]
    reports, summary = followed(tmp_path, events[::-1], "signup")
    assert {name: outcome for name, (outcome, _) in told(summary).items()} == {
        "one": "success",
        "two": "otp_send_failed",
        "three": "create_failed",
    }
    assert {report.mid: [part.outcome for part in report.flows or ()] for report in reports}["two:3"] == [
        "otp_send_failed"
    ]


def test_a_step_out_of_order_is_a_finding_on_its_event(tmp_path: Any) -> None:
    events = flow("S1 S3 S2 S4 S5 S9", "one")
    reports, summary = followed(tmp_path, events, "signup")
    found = {report.mid: [note.code for note in report.findings] for report in reports if report.findings}
    assert found in ({"one:1": ["out_of_order"]}, {"one:2": ["out_of_order"]})
    assert summary.tally.codes == {"out_of_order": 1}
    assert summary.tally.verdicts == {"accepted": 5, "warned": 1}


def test_what_is_missing_is_a_finding_on_the_last_event(tmp_path: Any) -> None:
    reports, summary = followed(tmp_path, flow("S1 S2 S4 S5 S9", "one"), "signup")
    assert [note.code for note in reports[-1].findings] == ["missing_step"]
    assert told(summary) == {"one": ("success", ["submitted"])}


def test_a_flow_without_end_is_unfinished_and_after_a_long_time_abandoned(tmp_path: Any) -> None:
    events = [*flow("S1 S2 S3", "early"), *flow("S1 S2 S3", "late", START + 7_200_000)]
    _, summary = followed(tmp_path, events, "signup")
    assert {name: outcome for name, (outcome, _) in told(summary).items()} == {
        "early": "abandoned",
        "late": "unfinished",
    }


def test_several_plans_are_followed_at_once(tmp_path: Any) -> None:
    events = [*flow("G1 G2 GL1 GL4 G3", "one"), *flow("S1 S2 S3 S4 S5 S9", "two")]
    reports, summary = followed(tmp_path, events, "signup", "google-signin")
    assert told(summary) == {"one": ("existing_user", []), "two": ("success", [])}
    assert [report.plan for report in reports] == ["google-signin"] * 5 + ["signup"] * 6


def test_other_events_are_in_no_flow(tmp_path: Any) -> None:
    reports, summary = followed(tmp_path, flow("G1 G2", "one"), "signup")
    assert [(report.plan, report.flows) for report in reports] == [(None, []), (None, [])]
    assert summary.flows == []


def session(*steps: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
    base = BY_REF["S1"]
    context = {"channel": "c", "env": "app", "pdata": {"id": "app"}, "sid": "s", "did": "d"}
    return [
        {**base, "eid": eid, "ets": START + 1000 * number, "mid": f"m{number}", "context": context, "edata": edata}
        for number, (eid, edata) in enumerate(steps)
    ]


def test_a_workflow_says_which_rule_is_broken_and_where(tmp_path: Any) -> None:
    events = session(
        ("START", {"type": "app"}),
        ("IMPRESSION", {"type": "view", "pageid": "home", "uri": "/"}),
        ("END", {"type": "session"}),
        ("END", {"type": "app"}),
    )
    reports, summary = followed(tmp_path, events, "mobile-app")
    notes = [(report.mid, note.code, note.rule, note.level) for report in reports for note in report.findings]
    assert ("m2", "orphan_end", "G3", "error") in notes
    assert [flow.plan for flow in summary.flows or ()] == ["mobile-app"]
    assert {report.verdict for report in reports} <= {"accepted", "warned"}
    assert [(report.plan, report.step) for report in reports[:2]] == [
        ("mobile-app", "app_started"),
        ("mobile-app", "viewed"),
    ]


def test_a_session_that_lacks_its_start_is_held_to_the_workflow_that_was_named(tmp_path: Any) -> None:
    events = session(("IMPRESSION", {"type": "view", "pageid": "home", "uri": "/"}), ("END", {"type": "app"}))
    _, summary = followed(tmp_path, events, "mobile-app")
    assert [flow.outcome for flow in summary.flows or ()] == ["broken"]


def test_numbers_hold_behind_lines_that_were_not_what_they_looked_like(tmp_path: Any) -> None:
    events = flow("S1 S3 S2 S4 S5 S9", "one")
    lines = [msgspec.json.encode(event) for event in events]
    filler = [msgspec.json.encode({**event, "mid": f"f{n}"}) for n in range(2000) for event in flow("G2", "g")]
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"\n".join([lines[0] + lines[1], b"", *filler, *lines[2:]]))
    kept = Kept()
    summary = check([str(path)], Brief(plans=chosen(["signup"]), follows=True), 1, kept, lambda *_: None)
    assert [report.index for report in kept.reports] == list(range(2006))
    assert [report.mid for report in kept.reports if report.flows] == [event["mid"] for event in events]
    assert summary.tally.codes == {"out_of_order": 1}


def test_steps_that_nothing_ties_to_a_flow_are_counted(tmp_path: Any) -> None:
    events = flow("S1 S2 S3 S4 S5 S9", "one")
    for event in events[2:4]:
        event["context"] |= {"cdata": [], "sid": "", "did": ""}
    _, summary = followed(tmp_path, events, "signup")
    assert summary.loose == 2
    assert {outcome for outcome, _ in told(summary).values()} == {"success"}
