"""A change of a plan is additive or breaking, for reasons that are named."""

import pytest

from footfall.plans.diff.change import Effect
from footfall.plans.diff.difference import Difference, compare
from footfall.plans.registry import find, shipped
from tests.plans.documents import CHECKOUT, plan

Replacement = tuple[str, str]

MATCH = "edata.pageid: cart"
ORDER = "order: opened+ paid? closed"
SEEN = "  - {step: seen, when: Seen., event: INTERACT, match: {edata.id: x}}\norder: opened+ (seen | paid)? closed"


def difference(*replacements: Replacement) -> Difference:
    return compare(plan(), plan(*replacements))


def told(found: Difference) -> list[tuple[str, Effect, str]]:
    return [(change.path, change.effect, change.says) for change in found.changes]


@pytest.mark.parametrize("name", [each.plan for each in shipped()])
def test_a_plan_does_not_differ_from_itself(name: str) -> None:
    found = compare(find(name), find(name))
    assert (found.changes, found.effect, found.needs_version) == ([], None, False)


CHANGES: list[tuple[str, list[Replacement], Effect, str]] = [
    ("title", [("title: Checkout", "title: Cart")], Effect.WORDING, "$.title"),
    ("words of a step", [("The cart is shown.", "The cart.")], Effect.WORDING, "$.steps.opened.when"),
    ("words of an order", [(ORDER, "order: opened opened* (paid | paid)? closed")], Effect.WORDING, "$.order"),
    (
        "optional step",
        [(ORDER, SEEN)],
        Effect.ADDITIVE,
        "$.steps.seen",
    ),
    ("order takes more", [(ORDER, "order: opened+ paid* closed")], Effect.ADDITIVE, "$.order"),
    ("order takes less", [(ORDER, "order: opened paid? closed")], Effect.BREAKING, "$.order"),
    ("order takes other flows", [(ORDER, "order: opened+ (closed | closed paid)")], Effect.BREAKING, "$.order"),
    ("another event", [("event: IMPRESSION", "event: START")], Effect.BREAKING, "$.steps.opened.event"),
    (
        "one more value",
        [("[cart, checkout]", "[cart, checkout, basket]")],
        Effect.ADDITIVE,
        '$.steps.closed.match["edata.type"]',
    ),
    ("one value less", [("[cart, checkout]", "[cart]")], Effect.BREAKING, '$.steps.closed.match["edata.type"]'),
    ("any text", [("one_of: [cart, checkout]", "type: string")], Effect.ADDITIVE, '$.steps.closed.match["edata.type"]'),
    (
        "any number",
        [("one_of: [cart, checkout]", "type: number")],
        Effect.BREAKING,
        '$.steps.closed.match["edata.type"]',
    ),
    (
        "a pattern for all",
        [("one_of: [cart, checkout]", "pattern: 'c.*'")],
        Effect.ADDITIVE,
        '$.steps.closed.match["edata.type"]',
    ),
    (
        "one variant more",
        [("{Pay: misspelt_value}", "{Pay: misspelt_value, PAY: misspelt_value}")],
        Effect.ADDITIVE,
        '$.steps.paid.match["edata.id"]',
    ),
    ("variant gone", [(", accept: {Pay: misspelt_value}", "")], Effect.BREAKING, '$.steps.paid.match["edata.id"]'),
    (
        "variant becomes a value",
        [("{is: pay, accept: {Pay: misspelt_value}}", "{one_of: [pay, Pay]}")],
        Effect.ADDITIVE,
        '$.steps.paid.match["edata.id"]',
    ),
    (
        "value becomes a variant",
        [("is: pay, accept: {Pay: misspelt_value}", "is: Pay, accept: {pay: misspelt_value}")],
        Effect.BREAKING,
        '$.steps.paid.match["edata.id"]',
    ),
    ("text becomes a number", [(MATCH, "edata.pageid: 1")], Effect.BREAKING, '$.steps.opened.match["edata.pageid"]'),
    (
        "more to match",
        [(MATCH, f"{MATCH}\n      edata.subtype: x")],
        Effect.BREAKING,
        '$.steps.opened.match["edata.subtype"]',
    ),
    (
        "less to match",
        [("    match:\n      edata.pageid: cart\n", "")],
        Effect.ADDITIVE,
        '$.steps.opened.match["edata.pageid"]',
    ),
    (
        "less expected",
        [("    expect:\n      edata.type: view\n", "")],
        Effect.ADDITIVE,
        '$.steps.opened.expect["edata.type"]',
    ),
    ("shorter patience", [("idle: 30m", "idle: 29m")], Effect.BREAKING, "$.idle"),
    ("longer patience", [("idle: 30m", "idle: 1h")], Effect.ADDITIVE, "$.idle"),
    ("no end of patience", [("idle: 30m\n", "")], Effect.ADDITIVE, "$.idle"),
    ("another correlation", [("cdata: [cart]", "cdata: [basket]")], Effect.BREAKING, "$.correlate.cdata"),
    ("more correlation", [("cdata: [cart]", "cdata: [cart, basket]")], Effect.ADDITIVE, "$.correlate.cdata"),
    ("any correlation", [("correlate: {cdata: [cart]}\n", "")], Effect.ADDITIVE, "$.correlate.cdata"),
    ("a fallback", [("idle: 30m", "idle: 30m\nfallback: session")], Effect.ADDITIVE, "$.fallback"),
    ("outcome renamed", [("outcome: bought", "outcome: sold")], Effect.BREAKING, "$.outcomes[0]"),
    ("outcome counted otherwise", [("result: failed", "result: success")], Effect.BREAKING, "$.outcomes[1]"),
    (
        "outcome before the default",
        [("  - {outcome: left", "  - {outcome: shut, last: [closed]}\n  - {outcome: left")],
        Effect.ADDITIVE,
        "$.outcomes[1]",
    ),
    (
        "outcome before others",
        [("  - {outcome: bought", "  - {outcome: shut, last: [closed]}\n  - {outcome: bought")],
        Effect.BREAKING,
        "$.outcomes[0]",
    ),
    ("end taken away", [("    end: true\n", "")], Effect.BREAKING, "$.steps.closed.end"),
    ("another plan", [("plan: checkout", "plan: basket")], Effect.BREAKING, "$.plan"),
]


@pytest.mark.parametrize(
    ("replacements", "effect", "path"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES]
)
def test_a_change_has_its_effect(replacements: list[Replacement], effect: Effect, path: str) -> None:
    found = difference(*replacements)
    assert found.effect is effect
    assert path in [change.path for change in found.changes if change.effect is effect]
    assert found.needs_version is (effect is Effect.BREAKING)


def test_a_broken_order_is_shown_by_a_flow_that_was_fine() -> None:
    found = difference((ORDER, "order: opened paid? closed"))
    assert [change.says for change in found.changes] == ["no longer takes: opened opened closed"]


def test_raising_the_version_is_all_that_a_breaking_change_needs() -> None:
    found = difference((ORDER, "order: opened paid? closed"), ("version: 1", "version: 2"))
    assert found.effect is Effect.BREAKING
    assert not found.needs_version


def test_a_step_taken_away_breaks_the_order_with_it() -> None:
    start = CHECKOUT.index("  - step: paid")
    without = CHECKOUT[:start] + CHECKOUT[CHECKOUT.index("  - step: closed") :]
    new = plan(("paid? ", ""), ("seen: [paid]", "seen: [closed]"), document=without)
    effects = {change.path: change.effect for change in compare(plan(), new).changes}
    assert effects["$.steps.paid"] is Effect.BREAKING
    assert effects["$.order"] is Effect.BREAKING


TYPES = """\
plan: accounts
version: 1
title: Accounts
kind: types
event: AUDIT
types:
  - type: made
    when: Made.
    aliases: [born]
    browser: true
    fields:
      name: {type: string, required: true, max_length: 50}
      age: {type: integer}
      kind: {one_of: [a, b]}
  - {type: gone, when: Gone., sign_in: true}
operations:
  - {operation: make, when: Made., fires: [made], fails: made, surfaces: [api]}
"""


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("    aliases: [born]\n", "", Effect.BREAKING),
        ("aliases: [born]", "aliases: [born, started]", Effect.ADDITIVE),
        ("browser: true", "browser: false", Effect.BREAKING),
        ("browser: true", "browser: true\n    anonymous: true", Effect.ADDITIVE),
        ("required: true, ", "", Effect.ADDITIVE),
        ("age: {type: integer}", "age: {type: integer, required: true}", Effect.BREAKING),
        ("age: {type: integer}", "age: {type: number}", Effect.ADDITIVE),
        ("age: {type: integer}", "age: {type: string}", Effect.BREAKING),
        ("      age: {type: integer}\n", "", Effect.BREAKING),
        ("age: {type: integer}", "age: {type: integer}\n      more: {}", Effect.ADDITIVE),
        ("age: {type: integer}", "age: {type: integer}\n      more: {required: true}", Effect.BREAKING),
        ("age: {type: integer}", "age: {type: integer, personal: true}", Effect.BREAKING),
        ("max_length: 50", "max_length: 60", Effect.ADDITIVE),
        ("max_length: 50", "max_length: 40", Effect.BREAKING),
        ("one_of: [a, b]", "one_of: [a]", Effect.BREAKING),
        ("one_of: [a, b]", "one_of: [a, b, c]", Effect.ADDITIVE),
        ("kind: {one_of: [a, b]}", "kind: {}", Effect.ADDITIVE),
        (", sign_in: true", "", Effect.BREAKING),
        ("  - {type: gone, when: Gone., sign_in: true}\n", "", Effect.BREAKING),
        ("operations:", "  - {type: back, when: Back.}\noperations:", Effect.ADDITIVE),
        ("fires: [made]", "fires: [made, gone]", Effect.BREAKING),
        ("fails: made", "fails: gone", Effect.BREAKING),
        (" fails: made,", "", Effect.BREAKING),
        ("surfaces: [api]", "surfaces: [api, ui]", Effect.ADDITIVE),
        ("event: AUDIT", "event: EXDATA", Effect.BREAKING),
        ("Gone.", "It is gone.", Effect.WORDING),
    ],
)
def test_a_change_of_event_types_has_its_effect(old: str, new: str, effect: Effect) -> None:
    assert compare(plan(document=TYPES), plan((old, new), document=TYPES)).effect is effect


WORKFLOW = """\
plan: kiosk
version: 1
title: Kiosk
kind: workflow
fallback: session
signs: [woken]
blocks:
  - {block: turn, starts: woken, ends: slept}
steps:
  - {step: woken, when: Woken., event: START}
  - {step: slept, when: Sleeps., event: END}
  - {step: shown, when: Shown., event: IMPRESSION}
rules:
  - {rule: K1, form: inside, steps: [shown], blocks: [turn], says: Nothing is shown asleep., severity: warning}
"""


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("severity: warning", "severity: error", Effect.BREAKING),
        ("rule: K1", "rule: K2", Effect.BREAKING),
        ("form: inside", "form: outside", Effect.BREAKING),
        ("ends: slept", "ends: slept, idle: 1h", Effect.BREAKING),
        ("fallback: session", "fallback: session\nrank: 2", Effect.BREAKING),
        ("rules:", "rules:\n  - {rule: K0, form: timed, says: Times are times.}", Effect.BREAKING),
        ("says: Nothing", "says: No page", Effect.WORDING),
    ],
)
def test_a_change_of_a_workflow_has_its_effect(old: str, new: str, effect: Effect) -> None:
    assert compare(plan(document=WORKFLOW), plan((old, new), document=WORKFLOW)).effect is effect
    assert compare(plan((old, new), document=WORKFLOW), plan(document=WORKFLOW)).effect is not None
