"""Every rule of the four workflows: a stream that keeps all of them, and one that breaks this one and no other."""

import math
from functools import cache

import pytest

from footfall.plans.model import Plan, Rule
from footfall.plans.outcome import Remark
from footfall.plans.registry import find
from footfall.plans.workflow import judge_workflow
from tests.plans.streams import EDITOR, GOOD, MOBILE, SERVICE, WEB, Stream, stream

GENERAL = ("G1", "G2", "G3", "G4", "G5", "G6")
OWN = {
    "mobile-app": ("M1", "M2", "M3", "M4", "M5", "M6", "M7", "M8"),
    "web-portal": ("P1", "P2", "P3", "P4", "P5"),
    "content-editor": ("E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"),
    "backend-service": ("B1", "B2", "B3", "B4"),
}
WARNINGS = {"G4", "G5", "M7", "M8", "P4", "P5", "B4"}

Broken = tuple[str, str, str]


def changed(text: str, *changes: tuple[str, str]) -> str:
    """A stream in which lines are others, the first time that they come."""
    for old, new in changes:
        assert f"\n{old}\n" in text, old
        text = text.replace(f"\n{old}\n", f"\n{new}\n", 1)
    return text


BROKEN: list[Broken] = [
    # A player has no END.
    (
        "G1",
        "mobile-app",
        """
        START app
        START session
        IMPRESSION home
        INTERACT home
        > START player
        ASSESS
        END session
        END app
        """,
    ),
    # A player ends with another mode.
    ("G1", "mobile-app", changed(MOBILE, ("END player mode=play duration=6", "> END player mode=preview"))),
    # A player ends after its session.
    (
        "G2",
        "mobile-app",
        """
        START app
        START session
        IMPRESSION home
        INTERACT home
        START player
        END session
        > END player
        END app
        """,
    ),
    # A player ends twice.
    ("G3", "mobile-app", changed(MOBILE, ("SHARE", "SHARE\n> END player mode=play"))),
    # An assessment that the plan does not know ends, but never started.
    ("G3", "web-portal", WEB + "> END assessment"),
    # A player starts again.
    (
        "G4",
        "mobile-app",
        """
        START app
        START session
        IMPRESSION home
        INTERACT home
        START player mode=play
        INTERACT scene1
        > START player mode=play
        END player mode=play
        IMPRESSION home
        END session
        END app
        """,
    ),
    # A visit starts again.
    ("G4", "web-portal", WEB + "> START session"),
    # An app is launched again without an exit.
    ("G4", "mobile-app", "START app\nIMPRESSION home\n> START app\nIMPRESSION home\nEND app"),
    # A duration in milliseconds.
    ("G5", "mobile-app", changed(MOBILE, ("END player mode=play duration=6", "> END player mode=play duration=6000"))),
    ("G5", "mobile-app", changed(MOBILE, ("END app duration=24.5", "> END app duration=25.5"))),
    # A time in seconds, one that is none, and one in microseconds.
    ("G6", "web-portal", WEB + "> IMPRESSION home ets=1795262400"),
    ("G6", "web-portal", WEB + "> IMPRESSION home ets=0"),
    ("G6", "web-portal", WEB + "> IMPRESSION home ets=1795262400000000"),
    # A session after the app's exit.
    ("M1", "mobile-app", MOBILE + "> START session\nEND session"),
    # Content is played outside of a session.
    ("M2", "mobile-app", "START app\nINTERACT home\n> START player\nEND player\nIMPRESSION home\nEND app"),
    # Content plays without anybody having chosen it.
    (
        "M3",
        "mobile-app",
        """
        START app
        START session
        IMPRESSION home
        INTERACT home
        IMPRESSION course
        LOG api_call
        > START player
        END player
        IMPRESSION home
        END session
        END app
        """,
    ),
    # After content something is used, with no page seen; the session ends.
    (
        "M4",
        "mobile-app",
        """
        START app
        START session
        IMPRESSION home
        INTERACT home
        START player
        END player
        LOG api_call
        > INTERACT home
        END session
        END app
        """,
    ),
    (
        "M4",
        "mobile-app",
        "START app\nSTART session\nIMPRESSION a\nINTERACT a\nSTART player\nEND player\n> END session\nEND app",
    ),
    # A question, a response, a level outside of content.
    ("M5", "mobile-app", changed(MOBILE, ("SHARE", "> ASSESS"))),
    ("M5", "mobile-app", changed(MOBILE, ("SHARE", "> RESPONSE"))),
    ("M5", "mobile-app", changed(MOBILE, ("SHARE", "> LEVEL_SET"))),
    ("M5", "mobile-app", changed(MOBILE, ("SHARE", "> INTERACT home type=LEVEL_SET"))),
    # Feedback and an update after the app's exit, a page before its launch.
    ("M6", "mobile-app", MOBILE + "> FEEDBACK"),
    ("M6", "mobile-app", MOBILE + "> APP_UPDATE"),
    ("M6", "mobile-app", MOBILE + "> LOG app_update"),
    ("M6", "mobile-app", "> IMPRESSION splash" + MOBILE),
    # The first page of a session is used before it is seen.
    (
        "M7",
        "mobile-app",
        "START app\nSTART session\n> INTERACT home\nIMPRESSION home\nINTERACT home\nEND session\nEND app",
    ),
    # The app was killed.
    ("M8", "mobile-app", "> START app\nSTART session\nIMPRESSION home\nINTERACT home\nSTART player\nASSESS"),
    # A visit starts again after its end; it never starts.
    ("P1", "web-portal", WEB + "END session\n> START session"),
    ("P1", "web-portal", "> IMPRESSION home\nINTERACT home"),
    # A user is created in a visit.
    ("P2", "web-portal", WEB + "> AUDIT User/u2 state=Created"),
    ("P2", "web-portal", WEB + "> AUDIT user/u2 state= prevstate="),
    # Something comes before the start.
    ("P3", "web-portal", "> IMPRESSION home" + WEB),
    ("P3", "web-portal", "> LOG api_call" + WEB),
    ("P3", "web-portal", "> AUDIT Content/c1" + WEB),
    # Somebody comes back after 31 minutes.
    ("P4", "web-portal", WEB + "> +31m INTERACT home"),
    # A page is used that was not seen.
    ("P5", "web-portal", WEB + "> INTERACT profile\nINTERACT profile"),
    # An editor without a session.
    (
        "E1",
        "content-editor",
        EDITOR.replace("\nSTART session pdata=portal", "").replace("START editor", "> START editor"),
    ),
    # Content is created after the editor was opened for it, and out of nothing.
    (
        "E2",
        "content-editor",
        """
        START session
        INTERACT workspace
        START editor mode=content object=Content/c1
        > AUDIT Content/c1 state=Draft
        END editor mode=content
        """,
    ),
    (
        "E2",
        "content-editor",
        "START session\nIMPRESSION workspace\n> AUDIT Content/c1 state=Draft\nSTART editor\nEND editor",
    ),
    # The editor closes in another mode.
    ("E3", "content-editor", changed(EDITOR, ("END editor mode=content pdata=editor", "> END editor mode=collection"))),
    # A search without the session, and with another one.
    ("E4", "content-editor", EDITOR.replace("SEARCH pdata=platform sid= cdata=session:8b1f3c1e", "> SEARCH")),
    (
        "E4",
        "content-editor",
        EDITOR.replace("SEARCH pdata=platform sid= cdata=session:8b1f3c1e", "> SEARCH cdata=request:1"),
    ),
    # An asset that nobody looked for.
    (
        "E5",
        "content-editor",
        """
        START session
        START editor
        > PLUGIN_LIFECYCLE type=add
        PLUGIN_LIFECYCLE type=remove
        END editor
        """,
    ),
    ("E5", "content-editor", "START session\nSTART editor\n> INTERACT canvas type=select plugin=assets\nEND editor"),
    # A click on save that saves nothing.
    (
        "E6",
        "content-editor",
        """
        START session
        START editor
        ACCESS
        > INTERACT canvas id=save
        END editor
        ACCESS
        """,
    ),
    # A click on submit, and the content stays as it was, or is sent to review too late, or from another state.
    ("E7", "content-editor", "START session\nSTART editor\n> INTERACT canvas id=submit\nEND editor"),
    (
        "E7",
        "content-editor",
        """
        START session
        START editor
        > INTERACT canvas id=submit
        END editor
        AUDIT Content/c1 state=Review prevstate=Draft
        """,
    ),
    (
        "E7",
        "content-editor",
        """
        START session
        START editor
        > INTERACT canvas id=submit
        AUDIT Content/c1 state=Review prevstate=Live
        END editor
        """,
    ),
    # A state that the object was not in.
    ("E8", "content-editor", EDITOR + "> AUDIT Content/c1 state=Retired prevstate=Live"),
    # Figures before the service is ready, and after it has stopped.
    ("B1", "backend-service", "> METRICS actor=System" + SERVICE),
    ("B1", "backend-service", SERVICE + "> METRICS actor=System"),
    ("B1", "backend-service", "> AUDIT Service state=Ready\nMETRICS"),
    ("B1", "backend-service", SERVICE + "> AUDIT Service state=Stopped"),
    # A call before the service is ready, and after it has stopped.
    ("B2", "backend-service", "> ACCESS cdata=request:r0" + SERVICE),
    ("B2", "backend-service", SERVICE + "> LOG api_access cdata=request:r9"),
    # Something is logged about a request that nobody made.
    ("B3", "backend-service", changed(SERVICE, ("LOG job actor=System", "> LOG job cdata=request:r9"))),
    # A crash.
    (
        "B4",
        "backend-service",
        """
        AUDIT Service state=Ready
        METRICS
        > AUDIT Service state=Ready
        AUDIT Service state=Stopped
        """,
    ),
]


@cache
def plan(name: str) -> Plan:
    """A shipped plan."""
    return find(name)


def rule_of(name: str, rule: str) -> Rule:
    """A rule of a shipped plan."""
    return next(one for one in plan(name).rules if one.rule == rule)


def remarks(name: str, told: Stream) -> list[Remark]:
    """All that is said of a stream to which nothing will be added."""
    return [remark for one in judge_workflow(plan(name), told.marks, now=math.inf) for remark in one.remarks]


@pytest.mark.parametrize("name", GOOD)
def test_a_good_stream_breaks_no_rule(name: str) -> None:
    (instance,) = judge_workflow(plan(name), stream(GOOD[name]).marks, "s", now=math.inf)
    assert (instance.remarks, instance.missing, instance.out_of_order) == ((), [], [])
    assert (instance.id, instance.plan, instance.outcome) == ("s", name, "complete")


@pytest.mark.parametrize(("rule", "name", "text"), BROKEN, ids=[f"{rule}-{at}" for at, (rule, *_) in enumerate(BROKEN)])
def test_a_broken_rule_is_found_and_no_other(rule: str, name: str, text: str) -> None:
    told = stream(text)
    (remark,) = remarks(name, told)
    assert remark.rule == rule
    assert remark.mid == told.blamed
    assert remark.index == [event["mid"] for event in told.events].index(told.blamed)
    assert remark.message.endswith(".")
    assert remark.hint == rule_of(name, rule).hint != ""
    assert remark.path.startswith("$.")


@pytest.mark.parametrize("name", OWN)
def test_every_rule_is_in_its_plan_and_has_a_broken_stream(name: str) -> None:
    rules = [rule.rule for rule in plan(name).rules]
    assert sorted(rules) == sorted(OWN[name] + GENERAL)
    assert {rule for rule, of, _ in BROKEN if of == name} >= set(OWN[name])
    assert {rule.rule for rule in plan(name).rules if rule.severity == "warning"} == WARNINGS & set(rules)


def test_the_general_rules_are_the_same_in_all_workflows() -> None:
    assert {rule for rule, *_ in BROKEN} >= set(GENERAL)
    for rule in GENERAL:
        assert len({str(rule_of(name, rule)) for name in OWN}) == 1
