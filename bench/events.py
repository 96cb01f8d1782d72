"""Realistic V3 events of 893 to 1,000 bytes, in the mix that a learning portal sends."""

import json
import random
import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

SMALLEST, LARGEST = 893, 1000
CHANNEL = "b00bc992ef25f1a9a8d63291e20efc8d"
COUNTER = "#" * 16  # where a sender writes the number that makes a mid unique
TIME = 1_795_224_242_107

_WORDS: list[str] = re.findall(
    r"\w+",
    "fractions decimals reading geometry history biology chemistry algebra grammar poetry music drawing civics "
    "climate energy numbers letters stories maps plants animals water light sound motion forces matter",
)
_PAGES = ("home", "signup", "course-toc", "player", "search", "profile", "library", "quiz")


def _word(chance: random.Random) -> str:
    return chance.choice(_WORDS)


def _id(chance: random.Random, digits: int = 32) -> str:
    return f"{chance.getrandbits(4 * digits):0{digits}x}"


def _start(chance: random.Random) -> Json:
    return {
        "type": chance.choice(("session", "player", "app")),
        "mode": "play",
        "pageid": chance.choice(_PAGES),
        "duration": round(chance.uniform(0.2, 4), 2),
        "uaspec": {
            "agent": "Chrome",
            "ver": f"{chance.randrange(120, 145)}.0",
            "system": "Windows",
            "platform": "Blink",
        },
    }


def _end(chance: random.Random) -> Json:
    return {
        "type": chance.choice(("session", "player", "app")),
        "mode": "play",
        "pageid": chance.choice(_PAGES),
        "duration": round(chance.uniform(5, 3000), 1),
        "summary": [{"progress": chance.randrange(101)}, {"lessons": chance.randrange(9)}],
    }


def _impression(chance: random.Random) -> Json:
    page = chance.choice(_PAGES)
    return {
        "type": chance.choice(("view", "list", "detail")),
        "subtype": "Scroll",
        "pageid": page,
        "uri": f"/learn/{page}/{_word(chance)}?page={chance.randrange(40)}",
        "duration": round(chance.uniform(0.1, 3), 3),
        "visits": [
            {
                "objid": f"do_{chance.randrange(10**14)}",
                "objtype": "Course",
                "objver": "1",
                "section": "popular",
                "index": i,
            }
            for i in range(2)
        ],
    }


def _interact(chance: random.Random) -> Json:
    return {
        "id": f"open-{_word(chance)}",
        "type": chance.choice(("CLICK", "TOUCH")),
        "subtype": "tap",
        "pageid": chance.choice(_PAGES),
        "extra": {
            "pos": [{"x": round(chance.uniform(0, 1900), 2), "y": round(chance.uniform(0, 1000), 2), "z": 0}],
            "values": [_word(chance), _word(chance)],
        },
        "target": {"id": f"btn-{chance.randrange(90)}", "ver": "1.0", "type": "button"},
        "plugin": {"id": "org.ekstep.navigation", "ver": "1.0", "category": "core"},
    }


def _assess(chance: random.Random) -> Json:
    return {
        "item": {
            "id": f"do_{chance.randrange(10**14)}",
            "maxscore": 1,
            "type": "mcq",
            "title": f"{_word(chance).title()} and {_word(chance)}",
            "desc": "Which of these is right?",
            "mc": [_word(chance)],
        },
        "index": chance.randrange(1, 20),
        "pass": chance.choice(("Yes", "No")),
        "score": chance.randrange(2),
        "resvalues": [{"answer": chance.choice("abcd")}],
        "duration": round(chance.uniform(1, 90), 1),
    }


def _response(chance: random.Random) -> Json:
    return {
        "target": {"id": f"do_{chance.randrange(10**14)}", "ver": "1.0", "type": "AssessmentItem"},
        "type": "CHOOSE",
        "values": [{"option": chance.choice("abcd")}, {"label": _word(chance)}],
    }


def _log(chance: random.Random) -> Json:
    return {
        "type": "api_call",
        "level": "INFO",
        "message": f"content {_word(chance)} read",
        "pageid": chance.choice(_PAGES),
        "params": [{"url": f"/api/content/v1/read/do_{chance.randrange(10**14)}"}, {"status": 200}, {"method": "GET"}],
    }


def _search(chance: random.Random) -> Json:
    return {
        "type": "content",
        "query": f"{_word(chance)} {_word(chance)}",
        "filters": {"grade": [str(chance.randrange(1, 13))], "medium": ["English"]},
        "sort": {"updated": "desc"},
        "size": chance.randrange(400),
        "topn": [{"id": f"do_{chance.randrange(10**14)}", "score": round(chance.random(), 3)} for _ in range(2)],
    }


def _error(chance: random.Random) -> Json:
    return {
        "err": chance.choice(("404", "500", "503")),
        "errtype": "SYSTEM",
        "stacktrace": f"{_word(chance).title()}Unavailable: the content could not be loaded in time",
        "pageid": chance.choice(_PAGES),
    }


_KINDS: dict[str, tuple[int, Callable[[random.Random], Json]]] = {
    "INTERACT": (40, _interact),
    "IMPRESSION": (26, _impression),
    "ASSESS": (8, _assess),
    "RESPONSE": (8, _response),
    "LOG": (6, _log),
    "START": (4, _start),
    "END": (4, _end),
    "SEARCH": (3, _search),
    "ERROR": (1, _error),
}
EIDS = tuple(_KINDS)


def event(chance: random.Random, run: str, *, channel: str = CHANNEL) -> bytes:
    """One event as JSON; its mid ends in `run` (16 hex digits) and COUNTER, its ets is 13 digits long."""
    (eid,) = chance.choices(EIDS, weights=[weight for weight, _ in _KINDS.values()])
    value = _envelope(chance, eid, run, channel) | {"edata": _KINDS[eid][1](chance)}
    return _fitted(value, round(chance.triangular(SMALLEST, LARGEST, SMALLEST)), chance)


def _envelope(chance: random.Random, eid: str, run: str, channel: str) -> Json:
    course = f"do_{chance.randrange(10**20)}"
    session = _id(chance)
    return {
        "eid": eid,
        "ets": TIME,
        "ver": "3.0",
        "mid": f"{eid}:{run}{COUNTER}",
        "actor": {"id": _id(chance), "type": "User"},
        "context": {
            "channel": channel,
            "pdata": {"id": "prod.sunbird.portal", "ver": "5.1.0", "pid": "sunbird-portal"},
            "env": chance.choice(("course", "home", "contentplayer", "signup")),
            "sid": session,
            "did": _id(chance),
            "cdata": [{"type": "course", "id": course}, {"type": "UserSession", "id": session[:12]}],
            "rollup": {"l1": "0123166367624478721"},
        },
        "object": {"id": course, "type": "Content", "ver": "1"},
    }


def _fitted(value: Json, size: int, chance: random.Random) -> bytes:
    """The event with tags that bring it to a size in bytes, the last one cut to fit."""
    tags: list[str] = []
    value["tags"] = tags
    while (missing := size - len(text(value))) > 0:
        tags.append(f"{_word(chance)}-{_word(chance)}-{_word(chance)}"[: max(1, missing - 3)])
    return text(value)


def text(value: Any) -> bytes:
    """A value as compact JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def finished(template: bytes, number: int, ets: int = TIME) -> bytes:
    """The event with its number and time written in."""
    return template.replace(COUNTER.encode(), b"%016d" % number).replace(b'"ets":%d' % TIME, b'"ets":%d' % ets, 1)
