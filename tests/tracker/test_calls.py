"""The seventeen methods, with the arguments that V3 documents, make events that Sunbird's own pipeline takes."""

import json
from typing import Any

import pytest

from footfall.schema.validation import judge
from footfall.schema.verdict import Profile
from footfall.tracker import Content, MemoryOutbox, Producer, Tracker

Json = dict[str, Any]

DOCUMENTED: list[tuple[str, tuple[Any, ...]]] = [
    ("start", ({}, "do_31", "1.0", {"type": "player", "mode": "play", "stageid": "stage-1"})),
    ("impression", ({"type": "list", "subtype": "Scroll", "pageid": "p1", "itype": "SWIPE", "stageto": "p2"},)),
    (
        "interact",
        (
            {
                "type": "DRAG",
                "id": "card",
                "pageid": "p1",
                "extra": {"pos": [{"x": 1, "y": 2, "z": 0}], "values": [], "tid": "slot", "uri": ""},
            },
        ),
    ),
    ("assess", ({"item": {"id": "q1", "maxscore": 1}, "pass": "Yes", "resvalues": [{"id": "a"}], "duration": 3.5},)),
    (
        "response",
        (
            {
                "target": {"id": "t", "ver": "1", "type": "Question"},
                "qid": "q1",
                "type": "CHOOSE",
                "values": [{"lhs": "1"}],
            },
        ),
    ),
    ("interrupt", ({"type": "background", "pageid": "p1", "eventid": "e-9"},)),
    ("feedback", ({"contentId": "do_31", "rating": 4.5, "comments": "good"},)),
    (
        "share",
        (
            {
                "dir": "Out",
                "type": "File",
                "items": [
                    {
                        "obj": {"id": "do_31", "type": "Content", "ver": "1"},
                        "params": [{"key": "value"}],
                        "origin": {"id": "d1", "type": "Device"},
                        "to": {"id": "d2", "type": "Device"},
                    }
                ],
            },
        ),
    ),
    ("audit", ({"edata": {"props": ["name"], "state": "Live", "prevstate": "Draft"}},)),
    ("error", ({"err": "404", "errtype": "CONTENT", "stacktrace": "none"},)),
    ("heartbeat", ({"edata": {}},)),
    ("log", ({"type": "api_access", "level": "INFO", "message": "fine", "params": [{"status": "200"}]},)),
    ("search", ({"type": "content", "query": "maths", "filters": {}, "sort": {}, "size": 3, "topn": [{}]},)),
    ("metrics", ({"edata": {"metric1": 1, "metric2": 2}},)),
    (
        "summary",
        (
            {
                "edata": {
                    "type": "session",
                    "mode": "play",
                    "starttime": 1,
                    "endtime": 2,
                    "timespent": 1.0,
                    "pageviews": 1,
                    "interactions": 2,
                    "envsummary": [{"env": "home", "timespent": 1.0, "visits": 1}],
                    "eventssummary": [{"id": "START", "count": 1}],
                    "pagesummary": [{"id": "p1", "type": "view", "env": "home", "timespent": 1.0, "visits": 1}],
                }
            },
        ),
    ),
    ("exdata", ({"type": "xapi", "statement": {"verb": "experienced"}},)),
    (
        "end",
        ({"contentId": "do_31", "type": "player", "duration": 12.5, "pageid": "p9", "summary": [{"progress": 100}]},),
    ),
]


def tracker() -> Tracker:
    return Tracker("http://127.0.0.1:9", "academy", Producer("academy.portal", "1.0", "web"), outbox=None, did="d-1")


def made(track: Tracker) -> list[tuple[bytes, Json]]:
    outbox = track._outbox
    assert isinstance(outbox, MemoryOutbox)
    batch = outbox.take(1000, 1 << 20)
    return [(waiting.event, json.loads(waiting.event)) for waiting in batch.events] if batch else []


@pytest.mark.parametrize(("method", "arguments"), DOCUMENTED, ids=[name for name, _ in DOCUMENTED])
def test_documented_arguments_make_events_that_every_pipeline_takes(method: str, arguments: tuple[Any, ...]) -> None:
    track = tracker()
    with track.context(actor="u-1", sid="s-1", env="home"):
        getattr(track, method)(*arguments)
    ((text, event),) = made(track)

    for profile in Profile:
        verdict = judge(text, profile)
        assert verdict.event is not None, verdict.findings
        assert not verdict.findings
    assert event["eid"] == method.upper()
    assert event["actor"] == {"id": "u-1", "type": "User"}


def test_all_seventeen_are_there() -> None:
    assert len({name for name, _ in DOCUMENTED}) == 17


def test_what_the_closed_shapes_have_no_room_for_is_kept_elsewhere() -> None:
    track = tracker()
    for method, arguments in DOCUMENTED:
        getattr(track, method)(*arguments)
    events = {event["eid"]: event for _, event in made(track)}

    assert events["START"]["object"] == {"id": "do_31", "type": "Content", "ver": "1.0"}
    assert events["START"]["edata"]["pageid"] == "stage-1"
    assert events["IMPRESSION"]["context"]["cdata"] == [
        {"type": "InteractionType", "id": "SWIPE"},
        {"type": "StageTo", "id": "p2"},
    ]
    assert events["RESPONSE"]["context"]["cdata"] == [{"type": "Question", "id": "q1"}]
    assert events["INTERRUPT"]["context"]["cdata"] == [{"type": "Event", "id": "e-9"}]
    assert events["FEEDBACK"]["object"]["id"] == "do_31"
    assert events["SHARE"]["edata"]["items"][0]["id"] == "do_31"
    assert events["METRICS"]["edata"]["metrics"] == [
        {"metric": "metric1", "value": 1},
        {"metric": "metric2", "value": 2},
    ]
    assert json.loads(events["EXDATA"]["edata"]["data"]) == {"statement": {"verb": "experienced"}}
    assert events["ASSESS"]["edata"]["score"] == 1


def test_keywords_say_the_same() -> None:
    track = tracker()
    track.impression({"type": "view", "pageid": "home"})
    track.impression(type="view", pageid="home")
    track.assess(item={"id": "q1"}, pass_="Yes")
    (_, one), (_, other), (_, assessed) = made(track)

    assert one["edata"] == other["edata"] == {"type": "view", "pageid": "home", "uri": "home"}
    assert assessed["edata"]["pass"] == "Yes"


def test_surroundings_never_stick() -> None:
    track = tracker()
    with track.context(actor="u-1", env="otp", cdata={"signup": "f-1"}, content=Content("do_1")):
        track.interact(type="click", id="submit-otp")
    track.end(type="signup")
    track.start({"env": "signin", "cdata": [{"type": "signin", "id": "f-2"}]}, data={"type": "signin"})
    track.end(type="signin")
    first, second, third, fourth = (event for _, event in made(track))

    assert (first["context"]["env"], first["actor"]["id"], first["object"]["id"]) == ("otp", "u-1", "do_1")
    assert (second["context"]["env"], second["actor"]["id"]) == ("academy.portal", "anonymous")
    assert "cdata" not in second["context"]
    assert "object" not in second
    assert (third["context"]["env"], fourth["context"]["env"]) == ("signin", "academy.portal")


def test_any_event_by_its_parts() -> None:
    track = tracker()
    track.track(
        "AUDIT",
        {"props": ["name"], "state": "Live"},
        {
            "actor": {"id": "admin", "type": "System"},
            "context": {"env": "studio", "cdata": [{"type": "request", "id": "r-1"}]},
            "object": {"id": "do_1", "type": "Content", "ver": "2"},
            "ets": 1795224242107,
            "mid": "AUDIT:1",
        },
    )
    track.track("LOG", {"type": object()})
    track.track("LOG", {}, {"actor": 3})
    ((text, event),) = made(track)

    assert judge(text, Profile.SUNBIRD).findings == ()
    assert (event["ets"], event["mid"], event["actor"]) == (1795224242107, "AUDIT:1", {"id": "admin", "type": "System"})
    assert event["context"]["cdata"] == [{"type": "request", "id": "r-1"}]
    assert event["object"] == {"id": "do_1", "type": "Content", "ver": "2"}
    assert track.statistics().invalid == 2
