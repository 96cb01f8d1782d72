"""Events to judge: the least and the most that each of the 17 can say, and what the public documentation shows."""

import json
from typing import Any

from footfall.schema.examples import example
from footfall.schema.schemas import EIDS

Json = dict[str, Any]

MINIMAL: dict[str, Json] = {
    "START": {"type": "app"},
    "IMPRESSION": {"type": "list", "pageid": "home", "uri": "/"},
    "INTERACT": {"type": "TOUCH", "id": "next"},
    "ASSESS": {"item": {"id": "q1"}, "pass": "No", "score": 0, "resvalues": [], "duration": 0},
    "RESPONSE": {"target": {"id": "q1", "ver": "1", "type": "Question"}, "type": "MATCH", "values": []},
    "INTERRUPT": {"type": "m:background"},
    "FEEDBACK": {},
    "SHARE": {"items": []},
    "AUDIT": {},
    "ERROR": {"err": "E1", "errtype": "CONTENT", "stacktrace": ""},
    "HEARTBEAT": {},
    "LOG": {"type": "job", "level": "trace", "message": ""},
    "SEARCH": {"query": "", "size": 0, "topn": []},
    "METRICS": {"system": "api", "subsystem": "read"},
    "SUMMARY": {
        "type": "session",
        "starttime": 0,
        "endtime": 1,
        "timespent": 0.5,
        "pageviews": 0,
        "interactions": 0,
    },
    "EXDATA": {},
    "END": {"type": "app"},
}

_PARENT = {"id": "u", "type": "Unit", "further": [1]}
_TARGET = {"id": "t", "ver": "1", "type": "Button", "parent": _PARENT}
_PLUGIN = {"id": "p", "ver": "1", "category": "quiz"}

FULL: dict[str, Json] = {
    "START": {
        "type": "session",
        "dspec": {
            "os": "Android 14",
            "make": "Maker Model",
            "id": "d1",
            "mem": -1,
            "idisk": 8.32,
            "edisk": -1.0,
            "scrn": 4.5,
            "camera": "13,1.3",
            "cpu": "ARM",
            "sims": 0,
            "cap": ["GPS", "NFC"],
            "further": None,
        },
        "uaspec": {"agent": "A", "ver": "1", "system": "S", "platform": "P", "raw": "R", "further": {}},
        "loc": "12.9,77.6",
        "mode": "play",
        "duration": 3,
        "pageid": "p1",
    },
    "IMPRESSION": {
        "type": "view",
        "pageid": "p1",
        "uri": "",
        "subtype": "Scroll",
        "duration": 1.5,
        "visits": [{"objid": "o", "objtype": "Course", "objver": "1", "section": "s", "index": 0}],
    },
    "INTERACT": {
        "type": "DRAG",
        "id": "piece",
        "subtype": "DROP",
        "pageid": "p1",
        "target": _TARGET,
        "plugin": _PLUGIN,
        "extra": {
            "pos": [{"x": 1, "y": 2, "z": 3}],
            "values": "one string",
            "tid": "t",
            "uri": "u",
            "deep": {"a": [None]},
        },
        "duration": 0.25,
    },
    "ASSESS": {
        "item": {
            "id": "q1",
            "maxscore": 2,
            "exlength": 1.5,
            "params": [{"a": 1}, {}],
            "uri": "u",
            "desc": "d",
            "title": "t",
            "mmc": ["m"],
            "mc": [],
            "type": "mcq",
        },
        "pass": "YES",
        "score": 7.5,
        "resvalues": [{"a": "b"}],
        "duration": 2.5,
        "index": 1,
    },
    "RESPONSE": {"target": _TARGET, "type": "CHOOSE", "values": [{"lhs": "1"}, {"rhs": [2]}]},
    "INTERRUPT": {"type": "background", "pageid": "p1"},
    "FEEDBACK": {"rating": -1, "comments": "c", "commentid": "i", "commenttxt": "t"},
    "SHARE": {
        "items": [
            {
                "id": "o",
                "type": "Content",
                "ver": "1",
                "params": [{"transfers": 0, "size": ""}],
                "origin": {"id": "a", "type": "Device", "further": 1},
                "to": {"id": "b", "type": "Device", "further": 1},
            },
            {},
        ],
        "dir": "In",
        "type": "Link",
    },
    "AUDIT": {"props": ["a", ""], "state": "Live", "prevstate": "", "type": "t", "duration": 1},
    "ERROR": {
        "err": "404",
        "errtype": "SYSTEM",
        "stacktrace": "s",
        "pageid": "p1",
        "object": {
            "id": "o",
            "type": "Content",
            "ver": "1",
            "subtype": "s",
            "name": "n",
            "code": "c",
            "parent": _PARENT,
        },
        "plugin": _PLUGIN,
    },
    "HEARTBEAT": {"any": [{"thing": None}]},
    "LOG": {"type": "api_call", "level": "SUCCESS", "message": "m", "pageid": "p1", "params": [{"a": 1}, {"b": None}]},
    "SEARCH": {
        "query": "q",
        "size": 333,
        "topn": [{}],
        "type": "content",
        "filters": {"a": {"b": []}},
        "sort": {"a": "asc"},
        "correlationid": "c",
    },
    "METRICS": {
        "system": "s",
        "subsystem": "t",
        "metrics": [{"metric": "m", "value": 1.5}, {}, {"metric": "n", "value": 2, "unit": "ms"}],
    },
    "SUMMARY": {
        "type": "app",
        "starttime": 1795224242107,
        "endtime": 1.795225242107e12,
        "timespent": 100.5,
        "pageviews": 3,
        "interactions": 7,
        "mode": "play",
        "extra": [{"id": "a", "value": "1"}, {}, {"id": "b", "value": "2", "unit": "s"}],
    },
    "EXDATA": {"type": "xapi", "data": "{}"},
    "END": {"type": "player", "mode": "edit", "duration": 1.5, "pageid": "p1", "summary": [{"progress": 1}, {}]},
}


def event(eid: str, edata: Any = None, **parts: Any) -> Json:
    """An event with the least envelope there is; `edata` defaults to the least one, `parts` replace or add keys."""
    return {
        "eid": eid,
        "ets": 1795224242107,
        "ver": "3.0",
        "mid": "m1",
        "actor": {"id": "", "type": ""},
        "context": {"channel": "c", "env": "", "pdata": {"id": ""}},
        "edata": MINIMAL[eid] if edata is None else edata,
    } | parts


def full_event(eid: str) -> Json:
    """An event that uses every field there is, and further keys where they are allowed."""
    return event(
        eid,
        FULL[eid],
        actor={"id": "a", "type": "User", "further": 1},
        context={
            "channel": "c",
            "env": "e",
            "pdata": {"id": "p", "pid": "q", "ver": "1", "platform": "Android", "further": 1},
            "sid": "s",
            "did": "d",
            "cdata": [{"type": "t", "id": "i"}],
            "rollup": {"l1": "a", "l5": 5},
            "further": [1],
        },
        object={
            "id": "o",
            "type": "Content",
            "ver": "1",
            "rollup": {"l1": "1", "l2": "2", "l3": "3", "l4": "4", "l5": 5},
            "parent": {"id": "p"},
            "subtype": 7,
        },
        tags=["a", ""],
        syncts=1,
        **{"@timestamp": "2026-11-21T00:00:00.000Z", "flags": {"pp_validation_processed": True}},
    )


def text(value: Any) -> bytes:
    """The value as compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


GOOD: list[Json] = [make(eid) for eid in EIDS for make in (event, full_event, example)]
