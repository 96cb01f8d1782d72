"""What the tests say to the SDKs: calls are a method's name and its arguments."""

from typing import Any

Json = dict[str, Any]
Call = tuple[Any, ...]

PDATA = {"id": "school.portal", "ver": "5.1.0", "pid": "web"}

_QUESTION = {"id": "q-7", "maxscore": 1, "title": "Brüche, भिन्न", "desc": "1/2 + 1/4", "mc": ["fractions"]}
_TARGET = {"id": "q-7", "ver": "1.0", "type": "AssessmentItem", "parent": {"id": "unit-1", "type": "Unit"}}
_ITEM = {
    "id": "course-101",
    "type": "Course",
    "ver": "1.0",
    "params": [{"transfers": 1}],
    "origin": {"id": "device-1", "type": "Device"},
    "to": {"id": "device-2", "type": "Device"},
}

# Shapes that Sunbird's own pipeline takes.
PLAIN: dict[str, Json] = {
    "impression": {"type": "view", "subtype": "scroll", "pageid": "home", "uri": "/home", "duration": 0.2},
    "interact": {
        "type": "CLICK",
        "id": "play",
        "pageid": "home",
        "extra": {"pos": [{"x": 1, "y": 2}], "values": ["a"]},
    },
    "assess": {"item": _QUESTION, "pass": "Yes", "score": 1, "resvalues": [{"ans": "b"}], "duration": 12.5, "index": 3},
    "response": {"target": _TARGET, "type": "CHOOSE", "values": [{"lhs": "a"}, {"rhs": "ü"}]},
    "interrupt": {"type": "background", "pageid": "home"},
    "feedback": {"rating": 4, "commentid": "c-1", "commenttxt": "gut 👍"},
    "share": {"dir": "Out", "type": "Link", "items": [_ITEM, {"id": "unit-1", "type": "Unit", "ver": "1.0"}]},
    "audit": {"props": ["name"], "state": "Live", "prevstate": "Draft", "type": "update", "duration": 1},
    "error": {"err": "E1", "errtype": "CONTENT", "stacktrace": "at line 1\n\tat line 2", "pageid": "home"},
    "heartbeat": {"beat": 1, "nested": {"free": [True, None]}},
    "log": {"type": "api_access", "level": "INFO", "message": "GET /", "pageid": "home", "params": [{"status": 200}]},
    "search": {
        "type": "content",
        "query": "भिन्न",
        "filters": {},
        "sort": {},
        "size": 333,
        "topn": [{"id": "course-101"}],
    },
    "metrics": {"system": "api", "subsystem": "read", "metrics": [{"metric": "p99", "value": 12.5}]},
    "summary": {
        "type": "session",
        "mode": "play",
        "starttime": 1795224242107,
        "endtime": 1795224302107,
        "timespent": 60,
        "pageviews": 3,
        "interactions": 7,
        "extra": [{"id": "progress", "value": "50"}],
    },
    "exdata": {"type": "partnerdata", "data": "c2VyaWFsaXNlZA=="},
}

# The arguments as the public documentation of the API has them; Sunbird's pipeline refuses many of these.
DOCUMENTED: dict[str, Json] = {
    "impression": {"type": "list", "subtype": "Paginate", "pageid": "home", "itype": "SWIPE", "stageto": "s2"},
    "interact": {"type": "LISTEN", "subtype": "PAUSE", "id": "audio", "extra": {"values": [12.5], "tid": "drop"}},
    "assess": {"item": _QUESTION, "pass": "No", "score": 0.5, "resvalues": [{"ans": "7"}], "duration": 4.25},
    "response": {"target": _TARGET, "qid": "q-7", "type": "MATCH", "values": [{"lhs": "a"}]},
    "interrupt": {"type": "call", "pageid": "home", "eventid": "e-1"},
    "feedback": {"contentId": "course-101", "rating": 3, "comments": "good"},
    "share": {"dir": "In", "type": "File", "items": [{"obj": {"id": "o", "type": "Content", "ver": "1"}}]},
    "audit": {"edata": {"props": ["name"], "state": "Live", "prevstate": "Draft"}},
    "error": {"err": "E2", "errtype": "MOBILEAPP", "stacktrace": "", "traceid": "t-1"},
    "heartbeat": {"edata": {}},
    "log": {"type": "app_update", "level": "FATAL", "message": "m", "params": [{"from": "1"}]},
    "search": {
        "type": "asset",
        "query": "tree",
        "filters": {},
        "sort": {},
        "correlationid": "",
        "size": 0,
        "topn": [{}],
    },
    "metrics": {"metric1": 1, "metric2": 2},
    "summary": {
        "type": "session",
        "starttime": 0,
        "endtime": 1,
        "timespent": "1",
        "pageviews": 0,
        "interactions": 0,
        "envsummary": [{"env": "content", "timespent": 9.5, "visits": 2}],
        "eventssummary": [{"id": "START", "count": 1}],
        "pagesummary": [{"id": "p", "type": "view", "env": "content", "timespent": 1.5, "visits": 1}],
    },
    "exdata": {"type": "xapi", "verb": "completed"},
}

EIDS = ["START", *(method.upper() for method in PLAIN), "END"]


def session(middle: dict[str, Json], start: Json | None = None, end: Json | None = None) -> list[Call]:
    """START, one call of every other method, END; on END both SDKs send what they hold."""
    return [
        ("start", {}, "course-101", "1.0", start or {"type": "session", "mode": "play", "pageid": "home"}),
        *middle.items(),
        ("end", end or {"type": "session", "mode": "play", "pageid": "home", "summary": [{"progress": 50}]}),
    ]
