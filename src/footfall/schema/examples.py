"""One realistic event of each kind; the documentation shows them, and both profiles accept them without a remark."""

from copy import deepcopy
from typing import Any

from footfall.schema.schemas import EIDS

Json = dict[str, Any]

_EDATA: dict[str, Json] = {
    "START": {
        "type": "session",
        "mode": "play",
        "pageid": "home",
        "duration": 0.8,
        "uaspec": {"agent": "Firefox", "ver": "140", "system": "Linux", "platform": "Gecko"},
    },
    "IMPRESSION": {
        "type": "view",
        "pageid": "signup",
        "uri": "/signup",
        "visits": [{"objid": "course-101", "objtype": "Course", "objver": "1", "section": "popular", "index": 0}],
    },
    "INTERACT": {
        "type": "CLICK",
        "id": "submit-signup",
        "pageid": "signup",
        "extra": {"pos": [{"x": 12, "y": 480}], "values": ["email"]},
    },
    "ASSESS": {
        "item": {"id": "q-7", "maxscore": 1, "title": "Fractions", "mc": ["fractions"]},
        "pass": "Yes",
        "score": 1,
        "resvalues": [{"answer": "b"}],
        "duration": 12.5,
        "index": 3,
    },
    "RESPONSE": {
        "target": {"id": "q-7", "ver": "1.0", "type": "AssessmentItem"},
        "type": "CHOOSE",
        "values": [{"option": "b"}],
    },
    "INTERRUPT": {"type": "background", "pageid": "lesson-2"},
    "FEEDBACK": {"rating": 4, "comments": "Clear, but too fast."},
    "SHARE": {
        "dir": "Out",
        "type": "File",
        "items": [
            {
                "id": "course-101",
                "type": "Course",
                "ver": "1",
                "params": [{"transfers": 0, "size": 2048}],
                "origin": {"id": "dev-1", "type": "Device"},
                "to": {"id": "dev-2", "type": "Device"},
            }
        ],
    },
    "AUDIT": {"props": ["status"], "state": "Live", "prevstate": "Draft"},
    "ERROR": {
        "err": "503",
        "errtype": "SYSTEM",
        "stacktrace": "ServiceUnavailable: the course could not be loaded",
        "pageid": "lesson-2",
    },
    "HEARTBEAT": {"uptime": 3600},
    "LOG": {
        "type": "api_access",
        "level": "INFO",
        "message": "course read",
        "params": [{"url": "/v1/course/101"}, {"status": 200}],
    },
    "SEARCH": {
        "type": "content",
        "query": "fractions",
        "filters": {"grade": ["5"]},
        "sort": {"updated": "desc"},
        "size": 2,
        "topn": [{"id": "course-101", "score": 0.91}, {"id": "course-204", "score": 0.44}],
    },
    "METRICS": {"system": "search", "subsystem": "index", "metrics": [{"metric": "documents", "value": 120000}]},
    "SUMMARY": {
        "type": "session",
        "starttime": 1795224242107,
        "endtime": 1795225142107,
        "timespent": 612.4,
        "pageviews": 14,
        "interactions": 37,
        "extra": [{"id": "lessons", "value": "2"}],
    },
    "EXDATA": {"type": "xapi", "data": '{"verb":"completed"}'},
    "END": {"type": "session", "mode": "play", "duration": 900.2, "pageid": "home", "summary": [{"progress": 80}]},
}


def example(eid: str) -> Json:
    """A new copy of the event that stands for its kind; raises KeyError for an eid that is not one of the 17."""
    return {
        "eid": eid,
        "ets": 1795224242107 + EIDS.index(eid) * 1000,
        "ver": "3.0",
        "mid": f"{eid}:52b1fae7c1d94b0e",
        "actor": {"id": "8f9c1c4e", "type": "User"},
        "context": {
            "channel": "dev",
            "env": "course",
            "pdata": {"id": "example.portal", "ver": "1.13.0", "pid": "web"},
            "sid": "b3c7e1",
            "did": "dev-1",
            "cdata": [{"type": "course", "id": "course-101"}],
        },
        "object": {"id": "course-101", "type": "Course", "ver": "1"},
        "edata": deepcopy(_EDATA[eid]),
    }
