"""A bad plan is refused with everything that is wrong with it, by file, line and path."""

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import TerminalError
from footfall.plans import registry
from footfall.plans.errors import Flaw, PlanError
from footfall.plans.model import Plan
from footfall.plans.reading import plan_of
from tests.plans.documents import CHECKOUT, changed, plan


def flaws(text: str | bytes) -> list[Flaw]:
    with pytest.raises(PlanError) as caught:
        plan_of(text if isinstance(text, bytes) else text.encode(), "checkout.yaml")
    assert caught.value.file == "checkout.yaml"
    assert all(line.startswith("checkout.yaml:") for line in str(caught.value).splitlines())
    return caught.value.flaws


def told(*replacements: tuple[str, str]) -> list[tuple[int, str, str]]:
    return [(flaw.line, flaw.path, flaw.message) for flaw in flaws(changed(*replacements))]


def test_the_plan_itself_is_good() -> None:
    good = plan()
    assert [step.step for step in good.steps] == ["opened", "paid", "closed"]
    assert (good.version, good.steps[1].optional, good.steps[2].end) == (1, True, True)


@pytest.mark.parametrize(
    ("old", "new", "line", "path", "message"),
    [
        ("version: 1", "version: one", 2, "$.version", "expected a whole number from 1, found 'one'"),
        ("version: 1", "version: 0", 2, "$.version", "expected a whole number from 1, found a number"),
        ("version: 1", "version: true", 2, "$.version", "expected a whole number from 1, found true"),
        ("title: Checkout", "title: 7", 3, "$.title", "expected a text, found a number"),
        ("title: Checkout", "title: yes\nabout: null", 4, "$.about", "expected a text, found nothing"),
        ("title: Checkout\n", "", 1, "$", "'title' is missing"),
        ("kind: flow", "kind: flows", 4, "$.kind", "expected one of flow, types, workflow, found 'flows'"),
        ("plan: checkout", "plan: Check Out", 1, "$.plan", None),
        ("idle: 30m", "idle: 30", 6, "$.idle", "expected a text, found a number"),
        ("idle: 30m", "idle: 30 minutes", 6, "$.idle", None),
        ("    when: The cart is shown.\n", "", 8, "$.steps[0]", "'when' is missing"),
        ("event: IMPRESSION", "evnt: IMPRESSION", 10, "$.steps[0].evnt", "there is no key 'evnt'"),
        ("event: IMPRESSION", "event: IMPRESION", 10, "$.steps[0].event", "there is no event 'IMPRESION'"),
        ("  - step: paid", "  - step: opened", 15, "$.steps[1].step", "there is a step 'opened' already, in line 8"),
        ("edata.pageid: cart", "edata..pageid: cart", 12, '$.steps[0].match["edata..pageid"]', None),
        ("edata.pageid: cart", "edate.pageid: cart", 12, '$.steps[0].match["edate.pageid"]', None),
        (
            "edata.pageid: cart",
            "edata.pageid: [cart]",
            12,
            '$.steps[0].match["edata.pageid"]',
            "expected a value, or keys and values, found a list",
        ),
        ("Pay: misspelt_value", "Pay: mispelt_value", 19, '$.steps[1].match["edata.id"].accept.Pay', None),
        ("is: pay", "is: Pay", 19, '$.steps[1].match["edata.id"].accept.Pay', None),
        ("is: pay", "is: pay, one_of: [pay]", 19, '$.steps[1].match["edata.id"]', None),
        ("is: pay, accept", "about: x, accept", 19, '$.steps[1].match["edata.id"]', None),
        ("is: pay", "pattern: '(a', type: string", 19, '$.steps[1].match["edata.id"]', None),
        ("is: pay", "pattern: '(a+)+$'", 19, '$.steps[1].match["edata.id"].pattern', None),
        ("order: opened+", "order: opned+", 27, "$.order", "column 1: there is no step 'opned'"),
        ("paid? closed", "paid?) closed", 27, "$.order", "column 14: this ) closes nothing"),
        ("order: opened+ paid? closed\n", "", 1, "$", "a plan of the kind flow needs 'order'"),
        ("paid? closed", "closed", 15, "$.steps[1]", "paid has no place in the order"),
        ("paid? closed", "closed paid?", None, "", None),
        ("paid? closed", "closed paid", 21, "$.steps[2]", "closed ends the flow, but the order wants more after it"),
        ("paid? closed", "paid closed", 15, "$.steps[1]", "paid is optional, but the order cannot do without it"),
        ("seen: [paid]", "seen: [payed]", 29, "$.outcomes[0].seen[0]", "there is no step 'payed'"),
        ("seen: [paid]", "after: payed", 29, "$.outcomes[0].after", "there is no step 'payed'"),
        (", seen: [paid]", "", 29, "$.outcomes[0]", "bought has no condition"),
        ("seen: [paid]", "seen: [paid], not_seen: [paid]", 29, "$.outcomes[0]", None),
        ("outcome: left", "outcome: abandoned", 30, "$.outcomes[1]", None),
        ("seen: [paid]", "default: true", 29, "$.outcomes[0]", "the default has no conditions and stands last"),
        ("idle: 30m", "rules: []", 6, "$.rules", "has no place in a plan of the kind flow"),
        ("idle: 30m", "fallback: service", 6, "$.fallback", None),
        ("idle: 30m", "idle: 30m\nidle: 40m", 7, "$", "'idle' stands twice, first in line 6"),
    ],
)
def test_a_flaw_is_told_with_its_line_and_path(
    old: str, new: str, line: int | None, path: str, message: str | None
) -> None:
    if line is None:
        plan((old, new))
        return
    found = told((old, new))
    assert (line, path) in [place[:2] for place in found]
    if message is not None:
        assert message in [place[2] for place in found]


def test_every_flaw_is_told_at_once_in_the_order_of_lines() -> None:
    found = told(("version: 1", "version: x"), ("event: INTERACT", "event: 5"), ("end: true", "end: maybe"))
    assert [line for line, _, _ in found] == [2, 17, 26]


def test_two_steps_that_are_the_same_event_are_refused() -> None:
    found = told(
        ("event: INTERACT", "event: IMPRESSION"),
        ("edata.id: {is: pay, accept: {Pay: misspelt_value}}", "edata.pageid: cart"),
    )
    assert found == [(15, "$.steps[1]", "paid is the same event as opened")]


@pytest.mark.parametrize(
    ("old", "new", "hint"),
    [
        ("event: IMPRESSION", "event: IMPRESION", "did you mean IMPRESSION?"),
        ("kind: flow", "kind: flo", "did you mean flow?"),
        ("optional: true", "optonal: true", "did you mean optional?"),
        ("Pay: misspelt_value", "Pay: mispelt_value", "did you mean misspelt_value?"),
        ("Pay: misspelt_value", "Pay: shouted", "say under `warnings:` what shouted means"),
        ("title: Checkout", "title: 7", "put it in quotes"),
        ("edata.pageid: cart", "edata.pageid: [cart]", "for several values write {one_of: [a, b]}"),
    ],
)
def test_a_flaw_says_what_may_be_meant(old: str, new: str, hint: str) -> None:
    assert [flaw.hint for flaw in flaws(changed((old, new)))] == [hint]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"", 1),
        (b"# nothing\n", 1),
        (b"plan: [a\n", 2),
        (b"plan: a\n\ttitle: b\n", 2),
        (b"plan: a\n---\nplan: b\n", 3),
        (b"plan: &a b\nversion: *a\n", 1),
        (b"plan: *a\n", 1),
        (b"plan: !!python/object/apply:os.system [ls]\n", 1),
        (b"plan: a\ntitle: a\0b\n", 2),
        (b"plan: a\ntitle: \xff\xfe\n", 2),
        ("plan: a\n".encode("utf-16"), 1),
        (b"- plan: a\n", 1),
        (b"plan\n", 1),
        (b"? [a]\n: b\n", 1),
        (b"version: 1e999\n", 1),
        (b"a: " + b"[" * 5_000 + b"]" * 5_000, 1),
        (b"a: " + b"{a: " * 500 + b"1" + b"}" * 500, 1),
        (b"x" * 600_000, 0),
        (b"- 1\n" * 120_000, 100_000),
    ],
)
def test_what_is_no_plan_at_all_is_refused(text: bytes, line: int) -> None:
    began = time.process_time()
    assert flaws(text)[0].line == line
    assert time.process_time() - began < 5


def test_an_alias_bomb_does_not_go_off() -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    assert flaws(f"a0: &a0 x\n{levels}\n")[0].message == "anchors and tags are not taken"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"),
        ("on", "on"),
        ("1.13.0", "1.13.0"),
        ("2024-01-01", "2024-01-01"),
        ("007", "007"),
        ("12:30:00", "12:30:00"),
        ("0x1f", "0x1f"),
        ('"1"', "1"),
        ("1", 1),
        ("1.5", 1.5),
        ("true", True),
        ("null", None),
        ('"true"', "true"),
        ('""', ""),
    ],
)
def test_a_value_is_what_it_looks_like(written: str, value: object) -> None:
    found = plan(("edata.pageid: cart", f"edata.pageid: {written}")).steps[0].match["edata.pageid"]
    assert found == value
    assert type(found) is type(value)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert isinstance(plan_of(b"\xef\xbb\xbf" + CHECKOUT.encode(), "checkout.yaml"), Plan)


def test_types_are_checked_for_names_that_lead_nowhere() -> None:
    text = """\
plan: accounts
version: 1
title: Accounts
kind: types
event: AUDIT
types:
  - {type: made, when: Made., aliases: [born]}
  - {type: born, when: Born.}
operations:
  - {operation: make, when: Made., fires: [mde], fails: brn}
"""
    assert [(flaw.line, flaw.path, flaw.hint) for flaw in flaws(text)] == [
        (7, "$.types[0].aliases[0]", ""),
        (10, "$.operations[0].fires[0]", "did you mean made?"),
        (10, "$.operations[0].fails", "did you mean born?"),
    ]


@pytest.mark.parametrize(
    ("one", "line", "path", "message", "hint"),
    [
        (
            "fields: {a: {type: strng}}",
            7,
            "$.types[0].fields.a.type",
            "expected one of array, boolean, id, integer, number, object, string, found 'strng'",
            "did you mean string?",
        ),
        (
            "fields: {a: {one_of: {x: 1}}}",
            7,
            "$.types[0].fields.a.one_of",
            "expected a list, found keys and values",
            "",
        ),
        (
            "fields: {a: {type: integer, one_of: [1, x]}}",
            7,
            "$.types[0].fields.a.one_of[1]",
            "this value is not of the type integer",
            "say its type",
        ),
        (
            "fields: {a: {one_of: [1]}}",
            7,
            "$.types[0].fields.a.one_of[0]",
            "this value is not of the type string",
            "say its type",
        ),
        (
            "fields: {a: {}}, alternatives: [[a], [b]]",
            7,
            "$.types[0].alternatives[1][0]",
            "there is no field 'b'",
            "there are a",
        ),
        ("fields: [a]", 7, "$.types[0].fields", "expected keys and values, found a list", ""),
        ("fields: {a: string}", 7, "$.types[0].fields.a", "expected keys and values, found 'string'", ""),
    ],
)
def test_a_flaw_of_a_type_is_told(one: str, line: int, path: str, message: str, hint: str) -> None:
    head = "plan: accounts\nversion: 1\ntitle: Accounts\nkind: types\nevent: AUDIT\ntypes:\n"
    (flaw,) = flaws(f"{head}  - {{type: made, when: Made., {one}}}\n")
    assert (flaw.line, flaw.path, flaw.message, flaw.hint) == (line, path, message, hint)


def test_shipped_plans_are_good_and_named_as_their_files() -> None:
    assert [plan.plan for plan in registry.shipped()] == [
        "backend-service",
        "content-editor",
        "google-signin",
        "identity",
        "lms",
        "mobile-app",
        "signup",
        "web-portal",
    ]


def test_a_plan_is_found_by_name_path_and_folder(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(CHECKOUT)
    (tmp_path / "signup.yaml").write_text(changed(("plan: checkout", "plan: signup")))
    (tmp_path / "notes.txt").write_text("not a plan")
    assert registry.find("signup").title == "Self sign-up"
    assert registry.find(str(file)).plan == "checkout"
    assert registry.find("checkout", [tmp_path]).plan == "checkout"
    assert registry.find("signup", [tmp_path]).title == "Checkout"
    assert registry.document("checkout", [tmp_path]) == CHECKOUT
    assert len(registry.every([tmp_path])) == len(registry.shipped()) + 1


def test_a_plan_that_is_not_there_has_a_suggestion(tmp_path: Path) -> None:
    with pytest.raises(registry.UnknownPlanError, match="did you mean signup"):
        registry.find("sign-up")
    with pytest.raises(TerminalError, match="cannot read the plan"):
        registry.find(str(tmp_path / "none.yaml"))
    with pytest.raises(TerminalError, match="no folder of plans"):
        registry.every([tmp_path / "none"])


@settings(max_examples=300)
@given(st.integers(0, len(CHECKOUT)), st.integers(0, 40), st.text("\n\t :-[]{}#&*!|>'\"%@`,?ab1\0\u20ac", max_size=12))
def test_whatever_is_done_to_a_plan_it_is_read_or_refused_with_lines(start: int, length: int, text: str) -> None:
    document = CHECKOUT[:start] + text + CHECKOUT[start + length :]
    with suppress(PlanError):
        plan_of(document.encode(), "checkout.yaml")
        return
    found = flaws(document)
    assert found
    assert all(0 <= flaw.line <= document.count("\n") + 2 for flaw in found)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_bytes_that_are_no_plan_are_refused(data: bytes) -> None:
    with pytest.raises(PlanError):
        plan_of(data, "checkout.yaml")
